use serde::Serialize;

use super::change::{Effect, In, Need, Refusal};

/// What a difference means for those who have the version before: clients, tasks that wait, and processes that still run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nobody notices.
    Safe,
    /// It depends on what they do.
    MayBreak,
    /// What worked is refused, or missed.
    Breaking,
}

/// A verdict and its reason.
pub(super) type Judgement = (Verdict, &'static str);

/// Who reads an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// Callers write it; tasks of it may wait, too.
    Operation,
    /// Tasks alone.
    Worker,
}

/// What became of the version of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Versions {
    Same,
    /// It is a later one, and nothing brings inputs up.
    Raised,
    /// It is a later one, with what brings inputs up.
    Upgraded,
}

/// What the change of an input means.
pub(super) fn of_input(effect: Effect, reader: Reader, versions: Versions) -> Judgement {
    match (effect.refuses_earlier(), versions) {
        (true, Versions::Same) => (
            Verdict::Breaking,
            "inputs of before are refused, those of waiting tasks too: raise `version`, and say `upgrade`",
        ),
        (true, Versions::Raised) => (
            Verdict::Breaking,
            "nothing brings inputs of the version before up, so that they are refused: say `upgrade`",
        ),
        (true, Versions::Upgraded) => match reader {
            Reader::Worker => (Verdict::Safe, "`upgrade` brings tasks of the version before up"),
            Reader::Operation => {
                (Verdict::MayBreak, "inputs are brought up of those callers that say their `Input-Version`")
            }
        },
        (false, Versions::Same) => of_input_that_earlier_processes_take(effect.refused_earlier(), reader),
        (false, Versions::Raised | Versions::Upgraded) => (Verdict::Safe, "inputs of before fit"),
    }
}

/// While both versions run, a process of the one before takes tasks that this one left.
fn of_input_that_earlier_processes_take(refusal: Refusal, reader: Reader) -> Judgement {
    match (refusal, reader) {
        (Refusal::Never, _) => (Verdict::Safe, "inputs of before fit, and those of now fitted before"),
        (Refusal::Possible | Refusal::Certain, Reader::Operation) => (
            Verdict::Safe,
            "inputs of before fit; where tasks of it are left behind, raise `version` all the same",
        ),
        (Refusal::Possible, Reader::Worker) => (
            Verdict::MayBreak,
            "a process of the version before refuses a task that has it: raise `version`, and it leaves it alone",
        ),
        (Refusal::Certain, Reader::Worker) => (
            Verdict::Breaking,
            "a process of the version before refuses the tasks of this one: raise `version`, and it leaves them alone",
        ),
    }
}

/// What the change of an output means: for readers who let pass what they do not know.
pub(super) fn of_output(effect: Effect) -> Judgement {
    match effect {
        Effect::FieldAdded { .. } => (Verdict::Safe, "readers let pass what they do not know"),
        Effect::FieldRemoved { need: Need::Required, .. } => (Verdict::Breaking, "readers miss it"),
        Effect::FieldRemoved { need: Need::Optional, .. } => {
            (Verdict::MayBreak, "readers had to do without it before, but not always")
        }
        Effect::NowOptional => (Verdict::Breaking, "readers count on it"),
        Effect::Wider(In::Types) | Effect::Other => {
            (Verdict::Breaking, "readers are given what they do not expect")
        }
        Effect::Wider(In::Values) => {
            (Verdict::MayBreak, "a reader that tells all of them apart meets another one")
        }
        Effect::Wider(In::Bounds) => (Verdict::MayBreak, "a reader may count on the bound"),
        Effect::NowRequired | Effect::Narrower(_) => {
            (Verdict::Safe, "it is something that readers expected before")
        }
        Effect::Closed | Effect::Opened => (Verdict::Safe, "readers let pass what they do not know"),
    }
}
