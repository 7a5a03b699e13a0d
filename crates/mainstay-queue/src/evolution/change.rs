/// What became of a shape, at one place of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Where, such as `.address.city`.
    pub(super) path: String,
    /// What, in words.
    pub(super) what: String,
    pub(super) effect: Effect,
}

/// What a change means for values of the shape before, and for those of the one after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    FieldAdded {
        need: Need,
        before: Unknown,
    },
    FieldRemoved {
        need: Need,
        now: Unknown,
    },
    NowRequired,
    NowOptional,
    /// Fields that nobody knows are refused now.
    Closed,
    /// They are let pass now.
    Opened,
    /// More fits.
    Wider(In),
    /// Less fits.
    Narrower(In),
    /// It is something else.
    Other,
}

/// Whether a field has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

/// What becomes of fields that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    Refused,
    LetPass,
}

/// In what more or less fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum In {
    Types,
    /// Values of an enum, or its variants.
    Values,
    /// Lengths, sizes, patterns.
    Bounds,
}

/// Whether what is written one way is refused the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Never,
    /// Of some values.
    Possible,
    /// Of every value.
    Certain,
}

impl Effect {
    /// Whether a value of before is refused now.
    pub(super) fn refuses_earlier(self) -> bool {
        match self {
            Self::FieldAdded { need, .. } => need == Need::Required,
            Self::FieldRemoved { now, .. } => now == Unknown::Refused,
            Self::NowRequired | Self::Closed | Self::Narrower(_) | Self::Other => true,
            Self::NowOptional | Self::Opened | Self::Wider(_) => false,
        }
    }

    /// Whether a value of now was refused before.
    pub(super) fn refused_earlier(self) -> Refusal {
        match self {
            Self::FieldAdded { before: Unknown::Refused, .. }
            | Self::FieldRemoved { need: Need::Required, .. }
            | Self::Other => Refusal::Certain,
            Self::NowOptional | Self::Wider(_) => Refusal::Possible,
            Self::FieldAdded { before: Unknown::LetPass, .. }
            | Self::FieldRemoved { need: Need::Optional, .. }
            | Self::NowRequired
            | Self::Closed
            | Self::Opened
            | Self::Narrower(_) => Refusal::Never,
        }
    }
}
