//! The checker's own test: the application with a bug, which must be found.

use std::fmt;

use anyhow::{Result, bail};
use mainstay_kernel::SeededBug;

use crate::check::Invariant;
use crate::deployment::Deployment;
use crate::fault::{BrokerFault, Fault};
use crate::trial::{Plan, Trial};
use crate::world::Disk;

/// A promise that is broken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bug {
    /// By the application.
    Seeded(SeededBug),
    /// By the disk, as after `synchronous=OFF`: it does not keep the last commits.
    LostCommits,
}

impl Bug {
    /// What the application is told to do wrong.
    pub(crate) fn seeded(self) -> Option<SeededBug> {
        match self {
            Self::Seeded(bug) => Some(bug),
            Self::LostCommits => None,
        }
    }
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seeded(bug) => f.write_str(bug.name()),
            Self::LostCommits => f.write_str("lost-commits"),
        }
    }
}

/// A bug, where it shows, and what it violates.
struct Case {
    bug: Bug,
    on: Deployment,
    faults: &'static [Fault],
    violates: Invariant,
}

const fn case(bug: SeededBug, on: Deployment, faults: &'static [Fault], violates: Invariant) -> Case {
    Case { bug: Bug::Seeded(bug), on, faults, violates }
}

/// One for each bug, and one for what is asked over NATS.
const CASES: [Case; 10] = [
    case(SeededBug::NoFence, Deployment::PostgresTwice, &[Fault::HalfOpen, Fault::Stop], Invariant::I3),
    case(SeededBug::DeletedAtBegin, Deployment::Sqlite, &[Fault::KillLoop], Invariant::I3),
    case(SeededBug::NotKept, Deployment::Sqlite, &[], Invariant::I8),
    case(SeededBug::NotKept, Deployment::PostgresNats, &[Fault::Broker(BrokerFault::AckLost)], Invariant::I8),
    case(SeededBug::CancelledRuns, Deployment::Sqlite, &[], Invariant::I7),
    case(SeededBug::TickTwice, Deployment::PostgresTwice, &[], Invariant::I6),
    case(SeededBug::TasksOutliveRollback, Deployment::Sqlite, &[], Invariant::I4),
    case(SeededBug::WeakIsolation, Deployment::Postgres, &[], Invariant::I11),
    case(SeededBug::KeyDisorder, Deployment::Sqlite, &[Fault::KillLoop], Invariant::I5),
    Case {
        bug: Bug::LostCommits,
        on: Deployment::Sqlite,
        faults: &[Fault::PowerCut],
        violates: Invariant::I1,
    },
];

/// How often a bug is given the chance to show.
const CHANCES: u64 = 5;

/// Tries each bug; the error names those that were not found.
pub(crate) fn run(seed: u64) -> Result<()> {
    let mut missed = Vec::new();
    for case in &CASES {
        println!("bug {} on {}", case.bug, case.on.title());
        let chance = |chance: &u64| -> Result<bool> {
            let report = case.trial(seed + chance).run()?;
            report.show();
            Ok(report.violations.iter().any(|it| it.of == case.violates))
        };
        let found = (0..CHANCES).map(|it| chance(&it)).find(|it| !matches!(it, Ok(false)));
        match found {
            Some(Ok(_)) => println!("  found, by {:?}\n", case.violates),
            Some(Err(error)) => return Err(error),
            None => missed.push(case.bug.to_string()),
        }
    }
    if missed.is_empty() { Ok(()) } else { bail!("the checker missed: {}", missed.join(", ")) }
}

impl Case {
    fn trial(&self, seed: u64) -> Trial {
        let plan = Plan::Each(self.faults.to_vec());
        Trial { deployment: self.on, disk: Disk::Usual, seed, bug: Some(self.bug), plan }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bug_has_its_case() {
        for bug in SeededBug::ALL {
            assert!(CASES.iter().any(|it| it.bug.to_string() == bug.name()), "{}", bug.name());
        }
    }
}
