use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use mainstay_kernel::SeededBug;
use mainstay_model::Standing;

use super::Cohort;
use crate::feed::{Change, Delta, Resets, RowChange};
use crate::index::{Images, Index, Mask};

/// Tells one cohort from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CohortId(u64);

/// All cohorts, found by what they show and by what concerns them.
#[derive(Default)]
pub(crate) struct Cohorts {
    all: HashMap<CohortId, Cohort>,
    keys: HashMap<Arc<str>, CohortId>,
    index: Index<CohortId>,
    /// Those that look at rows of a model which is not their own.
    elsewhere: HashMap<&'static str, HashSet<CohortId>>,
    /// Those of which something was noted since they were last asked for.
    touched: HashSet<CohortId>,
    /// Those that have taken part in turns and not been told of.
    turned: HashSet<CohortId>,
    last: u64,
}

impl Cohorts {
    pub(crate) fn find(&self, key: &str) -> Option<CohortId> {
        self.keys.get(key).copied()
    }

    pub(crate) fn get(&self, id: CohortId) -> Option<&Cohort> {
        self.all.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: CohortId) -> Option<&mut Cohort> {
        self.all.get_mut(&id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether the first rows of one are not there yet.
    pub(crate) fn are_beginning(&self) -> bool {
        self.all.values().any(Cohort::is_beginning)
    }

    pub(crate) fn insert(&mut self, key: String, standing: Arc<Standing>) -> CohortId {
        self.last += 1;
        let (id, key): (_, Arc<str>) = (CohortId(self.last), key.into());
        let asked = if standing.counts() { &standing.matching } else { &standing.rows };
        let mask = Mask::of(standing.depends_on());
        self.index.insert(standing.model.schema, id, asked, mask);
        for model in standing.elsewhere().into_keys() {
            self.elsewhere.entry(model).or_default().insert(id);
        }
        self.keys.insert(Arc::clone(&key), id);
        self.all.insert(id, Cohort::new(key, standing));
        id
    }

    pub(crate) fn remove(&mut self, id: CohortId) -> Option<Cohort> {
        let gone = self.all.remove(&id)?;
        self.keys.remove(gone.key());
        self.index.remove(id);
        self.touched.remove(&id);
        self.elsewhere.retain(|_, ids| {
            ids.remove(&id);
            !ids.is_empty()
        });
        Some(gone)
    }

    /// This one is to take part in the next turn.
    pub(crate) fn touch(&mut self, id: CohortId) {
        self.touched.insert(id);
    }

    /// Those that are to take part in a turn, those that could not last time at the end.
    pub(crate) fn touched(&self) -> Vec<CohortId> {
        let mut touched: Vec<_> = self.touched.iter().copied().collect();
        touched.sort_by_key(|id| self.all.get(id).map_or(0, |it| it.failures));
        touched
    }

    /// This one has taken part.
    pub(crate) fn has_turned(&mut self, id: CohortId) {
        self.touched.remove(&id);
        self.turned.insert(id);
    }

    /// Those that are to be told of.
    pub(crate) fn take_turned(&mut self) -> HashSet<CohortId> {
        std::mem::take(&mut self.turned)
    }

    /// Says to each whom it may concern what was committed.
    pub(crate) fn note(&mut self, delta: Delta) {
        self.start_again(&delta.resets);
        for change in delta.changes.into_iter().map(Arc::new) {
            self.note_one(&change);
        }
    }

    fn note_one(&mut self, change: &Arc<Change>) {
        let images = match &change.row {
            RowChange::Updated { after, .. } if SeededBug::LiveForgetsBefore.is_on() => {
                Images::Inserted(&after.0)
            }
            RowChange::Created(row) => Images::Inserted(&row.0),
            RowChange::Updated { before, after } => Images::Updated { before: &before.0, after: &after.0 },
            RowChange::Deleted(row) => Images::Deleted(&row.0),
        };
        let elsewhere = self.elsewhere.get(change.model.name).into_iter().flatten().copied();
        for id in self.index.candidates(change.model.name, images).chain(elsewhere) {
            let skipped = SeededBug::LiveSkipsCandidate.is_on() && id.0.is_multiple_of(3);
            if let Some(cohort) = self.all.get_mut(&id).filter(|_| !skipped) {
                cohort.note(change);
                self.touched.insert(id);
            }
        }
    }

    fn start_again(&mut self, resets: &Resets) {
        for (id, cohort) in &mut self.all {
            let starts_again = match resets {
                Resets::Everything(_) => true,
                Resets::Models(models) => models.keys().any(|model| cohort.looks_at(model)),
            };
            if starts_again {
                cohort.start_again();
                self.touched.insert(*id);
            }
        }
    }
}
