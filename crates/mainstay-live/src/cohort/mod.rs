//! All who see the same: what they see is kept once.

mod all;
mod list;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use mainstay_kernel::changes::Token;
use mainstay_kernel::{Reader, Result};
use mainstay_model::{Schema, Standing, Total};

pub(crate) use self::all::{CohortId, Cohorts};
use self::list::List;
pub(crate) use self::list::Read;
use crate::diff::Shown;
use crate::feed::Change;
use crate::session::{SessionId, SubId};

/// Rows as they were shown at some time.
pub(crate) type Rows = Arc<[Shown]>;

/// A query, what it shows, and who follows it.
pub(crate) struct Cohort {
    key: Arc<str>,
    standing: Arc<Standing>,
    elsewhere: BTreeMap<&'static str, &'static Schema>,
    state: State,
    pub(crate) followers: HashSet<Follower>,
    /// How often in a row it could not be brought up to date.
    pub(crate) failures: u32,
}

/// Who sees it, under the number that it gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Follower {
    pub(crate) session: SessionId,
    pub(crate) sub: SubId,
}

enum State {
    /// Its first rows are being read, or have been, as of a token. What is committed meanwhile is kept: they may not show it.
    Beginning { read: Option<(Token, Read)>, meanwhile: Vec<Arc<Change>>, start_again: bool },
    /// They are kept.
    Kept(Box<Kept>),
}

struct Kept {
    list: List,
    /// What those who follow it have been told.
    told: Option<View>,
    /// What they are to be told, with whatever else the turn brings.
    next: Option<View>,
}

/// What is shown.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) rows: Rows,
    pub(crate) total: Option<Total>,
}

/// What became of a cohort in a turn.
pub(crate) enum Turned {
    /// Nothing that is shown.
    Same,
    /// It shows its first rows.
    Begun,
    /// It showed this before.
    Changed(View),
}

impl Cohort {
    fn new(key: Arc<str>, standing: Arc<Standing>) -> Self {
        let elsewhere = standing.elsewhere();
        let state = State::Beginning { read: None, meanwhile: Vec::new(), start_again: false };
        Self { key, standing, elsewhere, state, followers: HashSet::new(), failures: 0 }
    }

    /// Tells what it shows from all else.
    fn key(&self) -> &str {
        &self.key
    }

    /// Whether what happens to rows of this model may be seen here.
    fn looks_at(&self, model: &str) -> bool {
        self.standing.model.schema.name == model || self.elsewhere.contains_key(model)
    }

    /// Whether its first rows are still being read.
    pub(crate) fn is_beginning(&self) -> bool {
        matches!(self.state, State::Beginning { .. })
    }

    /// What those who follow it have been told, once that is known.
    pub(crate) fn view(&self) -> Option<&View> {
        match &self.state {
            State::Kept(kept) => kept.told.as_ref(),
            State::Beginning { .. } => None,
        }
    }

    /// Its first rows were read.
    pub(crate) fn arrive(&mut self, token: Token, first: Read) {
        if let State::Beginning { read, .. } = &mut self.state {
            *read = Some((token, first));
        }
    }

    /// This was committed.
    fn note(&mut self, change: &Arc<Change>) {
        match &mut self.state {
            State::Beginning { meanwhile, .. } => meanwhile.push(Arc::clone(change)),
            State::Kept(kept) => kept.list.note(&self.standing, change),
        }
    }

    /// More was committed than can be told.
    fn start_again(&mut self) {
        match &mut self.state {
            State::Beginning { start_again, .. } => *start_again = true,
            State::Kept(kept) => kept.list.start_again(),
        }
    }

    /// Brings what it shows up to what the reader sees, to which all that was noted leads.
    pub(crate) async fn turn(&mut self, reader: &Reader) -> Result<()> {
        self.begin();
        match &mut self.state {
            State::Beginning { .. } => Ok(()),
            State::Kept(kept) => kept.turn(&self.standing, reader).await,
        }
    }

    /// What it shows now is told: how that differs from what was.
    pub(crate) fn tell(&mut self) -> Turned {
        match &mut self.state {
            State::Beginning { .. } => Turned::Same,
            State::Kept(kept) => kept.tell(),
        }
    }

    /// What it showed before these changes, of which the last are what it shows now; none where that is not known.
    pub(crate) fn before(&self, changes: &[Change]) -> Result<Option<View>> {
        match &self.state {
            State::Beginning { .. } => Ok(None),
            State::Kept(kept) => {
                let concerns = changes.iter().filter(|it| self.looks_at(it.model.name));
                kept.list.before(&self.standing, &concerns.collect::<Vec<_>>())
            }
        }
    }

    /// Keeps its first rows, where they have been read.
    fn begin(&mut self) {
        let State::Beginning { read, meanwhile, start_again } = &mut self.state else { return };
        let Some((token, read)) = read.take() else { return };
        let mut list = List::new(&self.standing, read);
        for change in meanwhile.iter().filter(|it| !token.saw(it.stamp)) {
            list.note(&self.standing, change);
        }
        if *start_again {
            list.start_again();
        }
        self.state = State::Kept(Box::new(Kept { list, told: None, next: None }));
    }
}

impl Kept {
    async fn turn(&mut self, standing: &Standing, reader: &Reader) -> Result<()> {
        if self.told.is_some() && !self.list.is_touched() {
            return Ok(());
        }
        self.list.settle(standing, reader).await?;
        self.next = Some(self.list.view(standing)?);
        Ok(())
    }

    fn tell(&mut self) -> Turned {
        let Some(now) = self.next.take() else { return Turned::Same };
        match self.told.replace(now.clone()) {
            None => Turned::Begun,
            Some(before) if before.total == now.total && same(&before.rows, &now.rows) => Turned::Same,
            Some(before) => Turned::Changed(before),
        }
    }
}

fn same(one: &[Shown], other: &[Shown]) -> bool {
    let is_same = |(one, other): (&Shown, &Shown)| one.id == other.id && one.body.get() == other.body.get();
    one.len() == other.len() && one.iter().zip(other).all(is_same)
}
