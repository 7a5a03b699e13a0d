//! What was asked, what was answered, and what is there in the end: all that the checker looks at.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an operation is called: nobody else's name.
pub(crate) type Op = String;

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Wish {
    /// To read journals, and to append the operation's name to journals.
    Append { op: Op, read: Vec<String>, write: Vec<String>, refuse: bool },
    /// To move money, which is written into the journal of the account that it leaves.
    Transfer { op: Op, from: String, to: String, amount: i64 },
    /// To be reminded later.
    Remind { op: Op, after: u64, dies: bool, stumbles: u32 },
    /// To take a reminder back.
    Cancel { op: Op, target: Op },
}

impl Wish {
    /// What it calls.
    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Self::Append { .. } => "journal.append",
            Self::Transfer { .. } => "account.transfer",
            Self::Remind { .. } => "reminder.set",
            Self::Cancel { .. } => "reminder.cancel",
        }
    }

    /// The queue of what it calls.
    pub(crate) fn queue(&self) -> &'static str {
        match self {
            Self::Append { .. } => "journals",
            Self::Transfer { .. } => "accounts",
            Self::Remind { .. } | Self::Cancel { .. } => "reminders",
        }
    }

    /// The operation.
    pub(crate) fn op(&self) -> &Op {
        match self {
            Self::Append { op, .. }
            | Self::Transfer { op, .. }
            | Self::Remind { op, .. }
            | Self::Cancel { op, .. } => op,
        }
    }

    /// The journals to which it appends.
    pub(crate) fn writes(&self) -> &[String] {
        match self {
            Self::Append { write, .. } => write,
            Self::Transfer { from, .. } => std::slice::from_ref(from),
            Self::Remind { .. } | Self::Cancel { .. } => &[],
        }
    }

    /// Another wish under the same request: it must be refused. Its name tells it apart, should it have an effect.
    pub(crate) fn other(&self) -> Self {
        let mut other = self.clone();
        match &mut other {
            Self::Append { op, .. }
            | Self::Transfer { op, .. }
            | Self::Remind { op, .. }
            | Self::Cancel { op, .. } => op.push_str("-other"),
        }
        other
    }

    /// The body of the request.
    pub(crate) fn body(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// An answer as the client had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// Whether it says what became of the request: the answer to any repeat is the same.
    pub(crate) fn is_final(&self) -> bool {
        match self.status {
            // Over NATS one that is still running is a conflict like others, of which the application has none.
            409 => {
                !["request_in_progress", "request_id_conflict", "conflict"].contains(&self.code().as_str())
            }
            200 | 404 => true,
            _ => false,
        }
    }

    /// The code of an error, which over NATS is in capitals.
    pub(crate) fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["error"].as_str().unwrap_or_default().to_ascii_lowercase()
    }
}

/// A line of a client's log, written before it sends and after it has an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Line {
    /// It is about to send this for the first time.
    Asks(Wish),
    /// It has an answer to this request.
    Heard(Op, Answer),
    /// It has an answer to another wish under this request.
    HeardOther(Op, Answer),
}

/// One request, with all that was heard of it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) wish: Wish,
    /// Answers to it and its repeats.
    pub(crate) answers: Vec<Answer>,
    /// Answers to other wishes under its id.
    pub(crate) others: Vec<Answer>,
}

impl Call {
    /// The first answer that says what became of it.
    pub(crate) fn answer(&self) -> Option<&Answer> {
        self.answers.iter().find(|it| it.is_final())
    }
}

/// An answer that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Something that was done.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) kind: String,
    pub(crate) op: Op,
    pub(crate) task: Option<String>,
}

/// What is there in the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// By operation.
    pub(crate) results: BTreeMap<Op, Kept>,
    /// How many results belong to no call.
    pub(crate) strange_results: usize,
    pub(crate) accounts: BTreeMap<String, i64>,
    pub(crate) journals: BTreeMap<String, Vec<Op>>,
    pub(crate) echoes: BTreeMap<String, Vec<Op>>,
    pub(crate) deeds: Vec<Deed>,
    /// The operations of the dead letters, with what was to be run.
    pub(crate) dead: Vec<(String, Op)>,
    /// The operations of tasks that wait or run, with what is to be run.
    pub(crate) waiting: Vec<(String, Op)>,
    /// The seconds at which the cron was due.
    pub(crate) ticks: Vec<i64>,
}

/// All of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) calls: BTreeMap<Op, Call>,
    pub(crate) state: State,
    /// What is in each account at first.
    pub(crate) opening_balance: i64,
    /// The requests that were asked again to the end, and never answered.
    pub(crate) unanswered: Vec<Op>,
}

impl History {
    /// The calls that these logs tell of.
    pub(crate) fn calls_of(lines: impl IntoIterator<Item = Line>) -> BTreeMap<Op, Call> {
        let mut calls: BTreeMap<Op, Call> = BTreeMap::new();
        for line in lines {
            match line {
                Line::Asks(wish) => {
                    let call = Call { wish: wish.clone(), answers: Vec::new(), others: Vec::new() };
                    calls.insert(wish.op().clone(), call);
                }
                Line::Heard(op, answer) => {
                    calls.entry(op).and_modify(|it| it.answers.push(answer));
                }
                Line::HeardOther(op, answer) => {
                    calls.entry(op).and_modify(|it| it.others.push(answer));
                }
            }
        }
        calls
    }

    /// Whether the operation committed.
    pub(crate) fn committed(&self, op: &str) -> bool {
        self.state.results.get(op).is_some_and(|it| it.status == 200)
    }

    /// The calls that committed, with what they were answered.
    pub(crate) fn committed_calls(&self) -> impl Iterator<Item = (&Op, &Call, &Value)> {
        self.calls.iter().filter_map(|(op, call)| {
            let kept = self.state.results.get(op).filter(|it| it.status == 200)?;
            Some((op, call, &kept.body))
        })
    }

    /// How often each answer was given: its status and, of an error, its code.
    pub(crate) fn answers(&self) -> BTreeMap<String, usize> {
        let mut answers = BTreeMap::new();
        for answer in self.calls.values().flat_map(|it| it.answers.iter().chain(&it.others)) {
            let what = format!("{} {}", answer.status, answer.code());
            *answers.entry(what.trim_end().to_owned()).or_insert(0) += 1;
        }
        answers
    }

    /// How often something of this kind was done, by operation.
    pub(crate) fn tally(&self, kind: &str) -> BTreeMap<&str, usize> {
        let mut tally = BTreeMap::new();
        for deed in self.state.deeds.iter().filter(|it| it.kind == kind) {
            *tally.entry(deed.op.as_str()).or_insert(0) += 1;
        }
        tally
    }
}
