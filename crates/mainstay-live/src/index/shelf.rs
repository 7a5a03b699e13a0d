use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use mainstay_kernel::Value;
use mainstay_model::evaluate;
use serde_json::Value as Json;

use super::Access;
use super::candidates::Found;
use super::fingerprint::Fingerprint;
use super::postings::Postings;
use super::ranges::Ranges;
use super::slots::Slots;

/// What is judged row by row, and what that took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Residue {
    /// Subscriptions for which no access was found.
    pub subscriptions: usize,
    /// How many times a row was judged for one.
    pub judged: u64,
    /// How long that took.
    pub time: Duration,
}

/// The subscriptions to one model, by what concerns them.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// By the column's position.
    columns: BTreeMap<usize, Column>,
    residual: BTreeSet<u32>,
    residue: Residue,
}

/// The subscriptions by what they ask of one column.
#[derive(Debug, Default)]
struct Column {
    equal: Postings,
    missing: BTreeSet<u32>,
    elements: Postings,
    ranges: Ranges,
}

impl Shelf {
    /// Has the subscription found by this.
    pub(super) fn put(&mut self, fingerprint: &Fingerprint, access: &Access, slot: u32) {
        match access.column() {
            Some(column) => self.columns.entry(column).or_default().put(fingerprint, access, slot),
            None => {
                self.residual.insert(slot);
            }
        }
    }

    /// Undoes a [`put`](Self::put).
    pub(super) fn take(&mut self, fingerprint: &Fingerprint, access: &Access, slot: u32) {
        let Some(column) = access.column() else {
            self.residual.remove(&slot);
            return;
        };
        let Some(of) = self.columns.get_mut(&column) else { return };
        of.take(fingerprint, access, slot);
        if of.is_empty() {
            self.columns.remove(&column);
        }
    }

    /// Finds those that a row may concern.
    pub(super) fn probe<K>(
        &mut self,
        fingerprint: &Fingerprint,
        row: &[Value],
        slots: &Slots<K>,
        found: &mut Found,
    ) {
        self.look(fingerprint, row, slots, found, |_, _| true);
        self.judge(row, slots, found);
    }

    /// Finds those that a row may concern, but for those that it concerned before an update too: of a column
    /// that did not change there is nothing new to be found.
    pub(super) fn probe_again<K>(
        &mut self,
        fingerprint: &Fingerprint,
        row: &[Value],
        slots: &Slots<K>,
        found: &mut Found,
    ) {
        self.look(fingerprint, row, slots, found, Found::is_changed);
        self.judge(row, slots, found);
    }

    fn look<K>(
        &self,
        fingerprint: &Fingerprint,
        row: &[Value],
        slots: &Slots<K>,
        found: &mut Found,
        at: impl Fn(&Found, usize) -> bool,
    ) {
        for (column, of) in &self.columns {
            if at(found, *column) {
                let value = row.get(*column).unwrap_or(&Value::Null);
                of.probe(fingerprint, value, &mut |slot| found.add(slot, slots));
            }
        }
    }

    fn judge<K>(&mut self, row: &[Value], slots: &Slots<K>, found: &mut Found) {
        if self.residual.is_empty() {
            return;
        }
        let begin = Instant::now();
        for &slot in &self.residual {
            if found.may_add(slot, slots) {
                self.residue.judged += 1;
                let predicate = slots.get(slot).and_then(|it| it.judged.as_ref());
                if predicate.is_none_or(|it| evaluate(it, row) == Some(true)) {
                    found.add(slot, slots);
                }
            }
        }
        self.residue.time += begin.elapsed();
    }

    pub(super) fn residue(&self) -> Residue {
        Residue { subscriptions: self.residual.len(), ..self.residue }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.residual.is_empty()
    }
}

impl Column {
    fn put(&mut self, fingerprint: &Fingerprint, access: &Access, slot: u32) {
        match access {
            Access::Equal { value, .. } => self.equal.insert(fingerprint.value(value), slot),
            Access::Missing { .. } => {
                self.missing.insert(slot);
            }
            Access::Range { interval, .. } => self.ranges.insert(interval, slot),
            Access::Element { path, value, .. } => {
                self.elements.insert(fingerprint.element(path, value), slot);
            }
            Access::Residual => {}
        }
    }

    fn take(&mut self, fingerprint: &Fingerprint, access: &Access, slot: u32) {
        match access {
            Access::Equal { value, .. } => self.equal.remove(fingerprint.value(value), slot),
            Access::Missing { .. } => {
                self.missing.remove(&slot);
            }
            Access::Range { interval, .. } => self.ranges.remove(interval, slot),
            Access::Element { path, value, .. } => {
                self.elements.remove(fingerprint.element(path, value), slot);
            }
            Access::Residual => {}
        }
    }

    fn probe(&self, fingerprint: &Fingerprint, value: &Value, find: &mut impl FnMut(u32)) {
        if matches!(value, Value::Null | Value::Json(Json::Null)) {
            self.missing.iter().copied().for_each(&mut *find);
        }
        if value.is_null() {
            return;
        }
        if !self.equal.is_empty() {
            self.equal.each(fingerprint.value(value), find);
        }
        if let (Value::Json(json), false) = (value, self.elements.is_empty()) {
            fingerprint.each_element(json, &mut |element| self.elements.each(element, find));
        }
        self.ranges.stab(value, find);
    }

    fn is_empty(&self) -> bool {
        self.equal.is_empty() && self.missing.is_empty() && self.elements.is_empty() && self.ranges.is_empty()
    }
}
