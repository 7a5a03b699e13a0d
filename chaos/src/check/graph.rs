//! Which transaction must stand before which, and whether that can be.

use std::collections::BTreeMap;
use std::fmt;

/// Why one transaction must stand before another (Adya).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    /// The other one wrote the next version.
    Ww,
    /// The other one read what it wrote.
    Wr,
    /// The other one wrote the version after the one that it read.
    Rw,
}

/// Transactions and what stands between them.
#[derive(Default)]
pub(super) struct Graph<'h> {
    names: Vec<&'h str>,
    numbers: BTreeMap<&'h str, usize>,
    after: Vec<BTreeMap<usize, (Edge, &'h str)>>,
}

/// A step of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step<'h> {
    pub(super) from: &'h str,
    pub(super) edge: Edge,
    /// On which list.
    pub(super) on: &'h str,
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -{}({})-> ", self.from, format!("{:?}", self.edge).to_lowercase(), self.on)
    }
}

impl<'h> Graph<'h> {
    /// `from` must stand before `to`.
    pub(super) fn put(&mut self, from: &'h str, edge: Edge, on: &'h str, to: &'h str) {
        if from != to {
            let (from, to) = (self.number(from), self.number(to));
            // Of several reasons the strongest.
            let kept = self.after[from].entry(to).or_insert((edge, on));
            if edge < kept.0 {
                *kept = (edge, on);
            }
        }
    }

    fn number(&mut self, name: &'h str) -> usize {
        let Self { names, numbers, after } = self;
        *numbers.entry(name).or_insert_with(|| {
            names.push(name);
            after.push(BTreeMap::new());
            names.len() - 1
        })
    }

    /// A cycle that has no edge beyond `weakest`.
    pub(super) fn cycle(&self, weakest: Edge) -> Option<Vec<Step<'h>>> {
        let cyclic = self.cyclic(weakest);
        let mut path = vec![cyclic.iter().position(|it| *it)?];
        // Each that remains has one before it that does, so that going back must come around.
        loop {
            let before = self.before_in(weakest, *path.last()?, &cyclic)?;
            if let Some(at) = path.iter().position(|it| *it == before) {
                let mut around = path.split_off(at);
                around.reverse();
                return Some(self.steps(&around));
            }
            path.push(before);
        }
    }

    fn steps(&self, around: &[usize]) -> Vec<Step<'h>> {
        let next = around.iter().cycle().skip(1);
        let steps = around.iter().zip(next).map(|(from, to)| {
            let (edge, on) = self.after[*from][to];
            Step { from: self.names[*from], edge, on }
        });
        steps.collect()
    }

    /// Those that remain when whoever has nobody before it is taken away, again and again (Kahn).
    fn cyclic(&self, weakest: Edge) -> Vec<bool> {
        let mut before = vec![0_usize; self.names.len()];
        let edges = |from: usize| self.after[from].iter().filter(move |(_, (edge, _))| *edge <= weakest);
        for from in 0..self.names.len() {
            edges(from).for_each(|(to, _)| before[*to] += 1);
        }
        let mut free: Vec<usize> = (0..before.len()).filter(|it| before[*it] == 0).collect();
        let mut remains = vec![true; self.names.len()];
        while let Some(first) = free.pop() {
            remains[first] = false;
            for (to, _) in edges(first) {
                before[*to] -= 1;
                if before[*to] == 0 {
                    free.push(*to);
                }
            }
        }
        remains
    }

    fn before_in(&self, weakest: Edge, to: usize, within: &[bool]) -> Option<usize> {
        let leads = |from: &usize| self.after[*from].get(&to).is_some_and(|(edge, _)| *edge <= weakest);
        (0..self.names.len()).find(|from| within[*from] && leads(from))
    }
}
