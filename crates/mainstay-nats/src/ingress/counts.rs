use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What is counted of requests over the broker.
#[derive(Default)]
pub(super) struct Counts(Family<Labels, Counter>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    queue: String,
    outcome: &'static str,
}

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Became {
    /// It was performed.
    Performed,
    /// It was wrong, or not allowed.
    Refused,
    /// We failed.
    Failed,
    /// It came too late.
    Expired,
    /// Its time is to come.
    SetAside,
}

impl Became {
    pub(super) fn of(status: u16) -> Self {
        match status {
            ..400 => Self::Performed,
            400..500 => Self::Refused,
            500.. => Self::Failed,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Performed => "performed",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::SetAside => "set_aside",
        }
    }
}

impl Counts {
    pub(super) fn count(&self, queue: &str, became: Became) {
        self.0.get_or_create(&Labels { queue: queue.to_owned(), outcome: became.word() }).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "mainstay_nats_requests",
            "Requests over NATS, by what became of them",
            self.0.clone(),
        );
    }
}
