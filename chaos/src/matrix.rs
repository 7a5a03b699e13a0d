//! Which fault struck which deployment, how often, and whether everything held.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::deployment::Deployment;
use crate::fault::{Fault, Struck};
use crate::trial::Report;

/// What a fault came to on a deployment.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    struck: u32,
    violated: u32,
    skipped: Option<&'static str>,
}

/// A row for each fault, a column for each deployment.
#[derive(Default)]
pub(crate) struct Matrix {
    cells: BTreeMap<(&'static str, Deployment), Cell>,
    recovery: Duration,
    requests: usize,
}

impl Matrix {
    /// Adds what came of a trial. A violation counts for every fault of its trial: nobody knows whose it is.
    pub(crate) fn add(&mut self, report: &Report) {
        for (fault, struck) in &report.struck {
            let cell = self.cells.entry((fault.name(), report.deployment)).or_default();
            match struck {
                Struck::Yes if report.violations.is_empty() => cell.struck += 1,
                Struck::Yes => {
                    cell.struck += 1;
                    cell.violated += 1;
                }
                Struck::Skipped(why) => cell.skipped = Some(why),
                Struck::No => {}
            }
        }
        self.requests += report.requests;
        self.recovery = report.recoveries.iter().copied().fold(self.recovery, Duration::max);
    }

    /// The cells in which nothing struck though it could.
    pub(crate) fn empty(&self, deployments: &[Deployment]) -> Vec<String> {
        let mut empty = Vec::new();
        for fault in Fault::all() {
            for deployment in deployments.iter().filter(|it| fault.does_not_apply(**it).is_none()) {
                let cell = self.cell(fault, *deployment);
                if cell.struck == 0 && cell.skipped.is_none() {
                    empty.push(format!("{} on {}", fault.name(), deployment.title()));
                }
            }
        }
        empty
    }

    /// How long it took at most until others had done a killed process' tasks; nothing, where none was killed.
    pub(crate) fn slowest_recovery(&self) -> Option<Duration> {
        (!self.recovery.is_zero()).then_some(self.recovery)
    }

    /// How many requests were made.
    pub(crate) fn requests(&self) -> usize {
        self.requests
    }

    /// As a table in Markdown.
    pub(crate) fn table(&self) -> String {
        let titles = Deployment::ALL.map(Deployment::title).join(" | ");
        let mut table = format!("| fault | {titles} |\n{}|\n", "|---".repeat(Deployment::ALL.len() + 1));
        for fault in Fault::all() {
            let cells = Deployment::ALL.map(|deployment| self.words(fault, deployment)).join(" | ");
            table.push_str(&format!("| {} | {cells} |\n", fault.title()));
        }
        table
    }

    fn words(&self, fault: Fault, deployment: Deployment) -> String {
        if let Some(why) = fault.does_not_apply(deployment) {
            return format!("– ({why})");
        }
        match self.cell(fault, deployment) {
            Cell { struck: 0, skipped: Some(why), .. } => format!("skipped ({why})"),
            Cell { struck: 0, .. } => String::new(),
            Cell { struck, violated: 0, .. } => format!("{struck} ×, all held"),
            Cell { struck, violated, .. } => format!("{struck} ×, **violated in {violated}**"),
        }
    }

    fn cell(&self, fault: Fault, deployment: Deployment) -> Cell {
        self.cells.get(&(fault.name(), deployment)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(struck: Struck) -> Report {
        Report {
            deployment: Deployment::Sqlite,
            struck: vec![(Fault::Kill, struck)],
            violations: Vec::new(),
            requests: 1,
            answers: BTreeMap::new(),
            recoveries: Vec::new(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn a_cell_in_which_nothing_struck_is_empty() {
        let mut matrix = Matrix::default();
        let all = matrix.empty(&[Deployment::Sqlite]).len();
        matrix.add(&report(Struck::No));
        assert_eq!(matrix.empty(&[Deployment::Sqlite]).len(), all);
        matrix.add(&report(Struck::Yes));
        assert_eq!(matrix.empty(&[Deployment::Sqlite]).len(), all - 1);
        assert!(matrix.table().contains("| `kill -9` | 1 ×, all held |  |  |  |"), "{}", matrix.table());
    }

    #[test]
    fn what_cannot_happen_somewhere_is_no_empty_cell() {
        let empty = Matrix::default().empty(&[Deployment::Sqlite]);
        assert!(!empty.iter().any(|it| it.contains("server-crash")), "{empty:?}");
        assert!(empty.iter().any(|it| it.contains("disk-full")), "{empty:?}");
        assert!(!empty.iter().any(|it| it.contains("nats-")), "{empty:?}");
        let empty = Matrix::default().empty(&[Deployment::PostgresNats]);
        assert!(empty.iter().any(|it| it.contains("nats-lost")), "{empty:?}");
    }
}
