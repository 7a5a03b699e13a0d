//! What is to be tried, from the command line.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, iter};

use anyhow::{Context as _, Result, bail};

use crate::bugs;
use crate::deployment::{Choice, Deployment};
use crate::fault::Fault;
use crate::matrix::Matrix;
use crate::trial::{Plan, Trial};
use crate::world::{self, Disk};

/// How long a killed process' tasks may wait until others have done them.
const RECOVERY: Duration = Duration::from_secs(10);

/// The page with the table.
const PAGE: &str = "docs/reliability.md";

/// Breaks the application and checks what is left of it.
#[derive(Debug, clap::Parser)]
#[command(name = "cargo xtask chaos", bin_name = "cargo xtask chaos")]
pub(crate) struct Arguments {
    /// Each fault once on each deployment, always the same; an empty cell fails.
    #[arg(long, conflicts_with_all = ["seconds", "fault"])]
    ci: bool,
    /// The checker's own test: bugs that it must find.
    #[arg(long, conflicts_with_all = ["ci", "seconds", "fault", "store"])]
    bugs: bool,
    /// For how long faults strike at random, on each deployment.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where chance begins.
    #[arg(long)]
    seed: Option<u64>,
    /// Only on this store; `nats` is PostgreSQL with NATS before it.
    #[arg(long)]
    store: Option<Choice>,
    /// Only this fault.
    #[arg(long, value_parser = fault)]
    fault: Option<Fault>,
    /// Write the table into docs/reliability.md.
    #[arg(long)]
    write: bool,
}

impl Arguments {
    pub(crate) fn run(&self) -> Result<()> {
        if !cfg!(feature = "faults") {
            bail!("without the feature `faults` nothing dies where it is told to: use `cargo xtask chaos`");
        }
        let seed = match self.seed {
            Some(seed) => seed,
            None if self.ci || self.bugs => 1,
            None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        };
        println!("seed {seed}; again: {}\n", self.again(seed));
        if self.bugs { bugs::run(seed) } else { self.try_all(seed) }
    }

    /// The command that tries the same.
    fn again(&self, seed: u64) -> String {
        let mut words = vec!["cargo xtask chaos".to_owned()];
        let mut say = |word: Option<String>| words.extend(word);
        say(self.ci.then(|| "--ci".to_owned()));
        say(self.bugs.then(|| "--bugs".to_owned()));
        say((!self.ci && !self.bugs).then(|| format!("--seconds {}", self.seconds)));
        say(self.store.map(|it| format!("--store {}", format!("{it:?}").to_lowercase())));
        say(self.fault.map(|it| format!("--fault {}", it.name())));
        say(Some(format!("--seed {seed}")));
        words.join(" ")
    }

    fn try_all(&self, seed: u64) -> Result<()> {
        let mut matrix = Matrix::default();
        let mut is_violated = false;
        for trial in self.trials(seed) {
            println!(
                "{}{}",
                trial.deployment.title(),
                if trial.disk == Disk::Small { ", on a small disk" } else { "" }
            );
            let report = trial.run().with_context(|| format!("again: {}", self.again(seed)))?;
            report.show();
            println!();
            is_violated |= !report.violations.is_empty();
            matrix.add(&report);
        }
        println!("{}", matrix.table());
        if self.write {
            write(&matrix)?;
        }
        if is_violated {
            bail!("something does not hold; again: {}", self.again(seed));
        }
        self.judge(&matrix)
    }

    /// What a whole run must show beside that everything held.
    fn judge(&self, matrix: &Matrix) -> Result<()> {
        let empty = matrix.empty(&self.deployments());
        if self.ci && !empty.is_empty() {
            bail!("nothing struck where it should have: {}", empty.join("; "));
        }
        match matrix.slowest_recovery() {
            Some(slowest) if slowest > RECOVERY => {
                bail!(
                    "a killed process' tasks were done elsewhere after {slowest:?}, not within {RECOVERY:?}"
                )
            }
            Some(_) | None => Ok(()),
        }
    }

    fn deployments(&self) -> Vec<Deployment> {
        let wanted = |it: &Deployment| self.store.is_none_or(|store| it.choice() == store);
        Deployment::ALL.into_iter().filter(wanted).collect()
    }

    /// A disk can be filled only where it is small, which is a trial of its own.
    fn trials(&self, seed: u64) -> Vec<Trial> {
        let faults: Vec<Fault> =
            Fault::all().filter(|it| self.fault.is_none_or(|only| *it == only)).collect();
        let mut trials = Vec::new();
        for deployment in self.deployments() {
            let applies = |it: &&Fault| it.does_not_apply(deployment).is_none();
            let (full, others): (Vec<_>, Vec<_>) =
                faults.iter().filter(applies).copied().partition(|it| *it == Fault::DiskFull);
            let wanted = [(Disk::Usual, others), (Disk::Small, full)];
            for (disk, faults) in wanted.into_iter().filter(|(_, it)| !it.is_empty()) {
                let plan = self.plan(faults, disk);
                trials.push(Trial { deployment, disk, seed, bug: None, plan });
            }
        }
        trials
    }

    fn plan(&self, faults: Vec<Fault>, disk: Disk) -> Plan {
        let time = Duration::from_secs(self.seconds);
        match disk {
            _ if self.ci => Plan::Each(faults),
            Disk::Small => Plan::Each(iter::repeat_n(faults[0], 3).collect()),
            Disk::Usual => Plan::Random(faults, time),
        }
    }
}

fn fault(name: &str) -> Result<Fault, String> {
    Fault::all().find(|it| it.name() == name).ok_or_else(|| {
        let names: Vec<_> = Fault::all().map(Fault::name).collect();
        format!("no fault is called `{name}`: there are {}", names.join(", "))
    })
}

/// Puts the table between the marks of the page.
fn write(matrix: &Matrix) -> Result<()> {
    const BEGIN: &str = "<!-- matrix: generated -->\n";
    const END: &str = "<!-- end of matrix -->";
    let page: PathBuf = world::root().join(PAGE);
    let text = fs::read_to_string(&page)?;
    let (before, rest) = text.split_once(BEGIN).context("the page has no mark of the table's beginning")?;
    let (_, after) = rest.split_once(END).context("the page has no mark of the table's end")?;
    let recovery = matrix.slowest_recovery().map_or(String::new(), |it| {
        format!(" A killed process' tasks were done by others within {:.1} s.", it.as_secs_f64())
    });
    let told = format!("\n{} requests.{recovery}\n\n{}", matrix.requests(), matrix.table());
    fs::write(&page, format!("{before}{BEGIN}{told}{END}{after}"))?;
    Ok(())
}
