use std::sync::Arc;

use mainstay_kernel::Result;
use mainstay_kernel::changes::Token;
use mainstay_model::Standing;
use tokio::sync::oneshot;

use crate::cohort::{CohortId, Read};
use crate::outbox::Outbox;
use crate::session::{SessionId, SubId};

/// What is asked of the task that keeps live queries.
pub(super) enum Command {
    Open {
        session: SessionId,
        outbox: Arc<Outbox>,
    },
    Close {
        session: SessionId,
    },
    Follow {
        session: SessionId,
        sub: SubId,
        standing: Box<Standing>,
        /// What it has is the list as it was then.
        resume: Option<Token>,
    },
    Leave {
        session: SessionId,
        sub: SubId,
    },
    /// It has room again.
    Drained {
        session: SessionId,
    },
    /// The first rows of a cohort were read, as of the token.
    Arrived {
        cohort: CohortId,
        read: Result<(Token, Read)>,
    },
    CatchUp {
        done: oneshot::Sender<()>,
    },
}
