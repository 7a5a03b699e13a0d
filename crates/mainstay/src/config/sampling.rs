use std::path::Path;

use mainstay_kernel::{Sampler, Share};

use super::choice::Choice;
use super::shape::{Shape, Wrong};

/// How traces are picked (`OTEL_TRACES_SAMPLER`), by the names that OpenTelemetry gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    All,
    None,
    Share,
    CallersAndAll,
    CallersAndNone,
    CallersAndShare,
}

pub(super) const PICKS: Choice<Pick> = Choice(&[
    ("always_on", Pick::All),
    ("always_off", Pick::None),
    ("traceidratio", Pick::Share),
    ("parentbased_always_on", Pick::CallersAndAll),
    ("parentbased_always_off", Pick::CallersAndNone),
    ("parentbased_traceidratio", Pick::CallersAndShare),
]);

impl Pick {
    pub(super) const fn sampler(self, share: Share) -> Sampler {
        match self {
            Self::All => Sampler::Own(Share::ALL),
            Self::None => Sampler::Own(Share::NONE),
            Self::Share => Sampler::Own(share),
            Self::CallersAndAll => Sampler::Callers(Share::ALL),
            Self::CallersAndNone => Sampler::Callers(Share::NONE),
            Self::CallersAndShare => Sampler::Callers(share),
        }
    }
}

/// A part of one.
pub(super) struct Part;

impl Shape for Part {
    type Out = Share;

    fn expected(&self) -> String {
        "a number from 0 to 1".to_owned()
    }

    fn read(&self, text: &str, _: &Path) -> Result<Share, Wrong> {
        text.parse().ok().and_then(Share::of).ok_or(Wrong::Shape)
    }
}
