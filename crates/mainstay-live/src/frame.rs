//! What is said to a client.

use std::sync::Arc;

use mainstay_kernel::changes::Token;
use mainstay_kernel::{Error, Result};
use mainstay_model::Total;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::cohort::View;
use crate::diff::diff;
use crate::session::SubId;

/// How what a query gives has changed: the same for all who follow it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct News {
    ops: Arc<RawValue>,
    #[serde(flatten)]
    total: Option<Count>,
}

/// What changed for one subscription.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) id: SubId,
    #[serde(flatten)]
    pub(crate) news: News,
}

impl News {
    /// The steps from what was shown before, and the total where it is another.
    pub(crate) fn since(before: &View, now: &View) -> Result<Self> {
        let ops = diff(&before.rows, &now.rows).and_then(|ops| to_raw_value(&ops));
        let ops = ops.map_err(|error| Error::internal("a row that is shown is no JSON").caused_by(error))?;
        let total = now.total.filter(|_| now.total != before.total);
        Ok(Self { ops: ops.into(), total: total.map(Count::from) })
    }
}

/// How many rows match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Count {
    total: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_capped: bool,
}

impl From<Total> for Count {
    fn from(Total { count, capped }: Total) -> Self {
        Self { total: count, total_capped: capped }
    }
}

#[derive(Serialize)]
#[serde(tag = "t", rename_all = "lowercase")]
enum Frame<'a> {
    Snap {
        id: SubId,
        rows: Vec<&'a RawValue>,
        #[serde(flatten)]
        total: Option<Count>,
        token: String,
    },
    Ops {
        token: String,
        subs: &'a [Told],
    },
    Resumed {
        id: SubId,
    },
    Reset {
        id: SubId,
        reason: &'a str,
    },
}

/// All rows of a subscription.
pub(crate) fn snap(id: SubId, view: &View, token: &Token) -> Arc<str> {
    let rows = view.rows.iter().map(|it| &*it.body).collect();
    write(&Frame::Snap { id, rows, total: view.total.map(Count::from), token: token.to_string() })
}

/// What changed, of all subscriptions for which something did.
pub(crate) fn ops(subs: &[Told], token: &Token) -> Arc<str> {
    write(&Frame::Ops { token: token.to_string(), subs })
}

/// A subscription goes on from what the client has.
pub(crate) fn resumed(id: SubId) -> Arc<str> {
    write(&Frame::Resumed { id })
}

/// A subscription is over: who wants it begins it anew.
pub(crate) fn reset(id: SubId, reason: &str) -> Arc<str> {
    write(&Frame::Reset { id, reason })
}

fn write(frame: &Frame<'_>) -> Arc<str> {
    // Texts, numbers and what was JSON already.
    serde_json::to_string(frame).unwrap_or_default().into()
}
