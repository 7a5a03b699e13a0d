//! One run of the application under faults, and what the checker says of it.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::bugs::Bug;
use crate::check::{self, Violation};
use crate::client::{CLIENTS, Client};
use crate::deployment::Deployment;
use crate::fault::{Fault, Struck};
use crate::fleet::Fleet;
use crate::history::{History, Op};
use crate::log;
use crate::world::{Disk, OPENING_BALANCE, World};

/// How many requests are answered before the first fault, and after each.
const BETWEEN: u64 = 40;

/// What is tried.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) deployment: Deployment,
    pub(crate) disk: Disk,
    pub(crate) seed: u64,
    /// What is wrong with it, and to be found.
    pub(crate) bug: Option<Bug>,
    pub(crate) plan: Plan,
}

/// Which faults strike.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// Each of these, in this order.
    Each(Vec<Fault>),
    /// Each of these in any order, again and again, for so long.
    Random(Vec<Fault>, Duration),
}

/// The faults, with what became of each.
pub(crate) type Strikes = Vec<(Fault, Struck)>;

/// What came of it.
pub(crate) struct Report {
    pub(crate) deployment: Deployment,
    pub(crate) struck: Strikes,
    pub(crate) violations: Vec<Violation>,
    pub(crate) requests: usize,
    /// How often each answer was given.
    pub(crate) answers: BTreeMap<String, usize>,
    pub(crate) recoveries: Vec<Duration>,
    pub(crate) took: Duration,
}

impl Trial {
    /// Runs it to its end.
    ///
    /// # Errors
    /// When the application does not bear it at all: it does not start, does not end, or answers nobody.
    pub(crate) fn run(&self) -> Result<Report> {
        let begun = Instant::now();
        let fleet = Fleet::default();
        let mut world =
            World::open(self.deployment, &fleet, self.seed, self.bug.and_then(Bug::seeded), self.disk)?;
        let ran = self.run_in(&mut world, &fleet, begun);
        match &ran {
            Ok(report) if report.violations.is_empty() || self.bug.is_some() => {}
            Ok(_) | Err(_) => println!("  kept in {}", world.keep().display()),
        }
        ran
    }

    fn run_in(&self, world: &mut World<'_>, fleet: &Fleet, begun: Instant) -> Result<Report> {
        let (struck, unanswered) = self.under_load(world, fleet)?;
        let calls = History::calls_of(log::read(&world.logs())?);
        // Whether anything is left the checker sees.
        let _nothing_is_left = world.drain();
        let state = world.close(&calls)?;
        let history = History { calls, state, opening_balance: OPENING_BALANCE, unanswered };
        Ok(Report {
            deployment: self.deployment,
            struck,
            violations: check::violations(&history),
            requests: history.calls.len(),
            answers: history.answers(),
            recoveries: world.recoveries.clone(),
            took: begun.elapsed(),
        })
    }

    /// Lets the faults strike while clients ask; and the requests that were never answered.
    fn under_load(&self, world: &mut World<'_>, fleet: &Fleet) -> Result<(Strikes, Vec<Op>)> {
        let folder = world.logs();
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let seed = self.seed.wrapping_mul(1000).wrapping_add(number as u64);
                    let client = Client::new(number, fleet, &folder, seed);
                    scope.spawn(move || client?.run())
                })
                .collect();
            let struck = self.strike(world);
            // Whatever came of it: clients wait for the end.
            let mended = world.start_all();
            fleet.end();
            let mut unanswered = Vec::new();
            for client in clients {
                unanswered.extend(client.join().ok().context("a client panicked")??);
            }
            mended?;
            Ok((struck?, unanswered))
        })
    }

    fn strike(&self, world: &mut World<'_>) -> Result<Strikes> {
        world.work(BETWEEN)?;
        let mut struck = Vec::new();
        let mut strike = |fault: Fault, world: &mut World<'_>| -> Result<()> {
            let begun = Instant::now();
            let what = fault.strike(world).with_context(|| format!("at the fault {}", fault.name()))?;
            let took = begun.elapsed().as_secs_f64();
            world.work(BETWEEN)?;
            let until = begun.elapsed().as_secs_f64();
            println!(
                "  {:>17} {what:?}, {took:.1} s; {BETWEEN} more answers until {until:.1} s",
                fault.name()
            );
            struck.push((fault, what));
            Ok(())
        };
        match &self.plan {
            Plan::Each(faults) => faults.iter().try_for_each(|fault| strike(*fault, world))?,
            Plan::Random(faults, time) => {
                let end = Instant::now() + *time;
                let mut deck = Vec::new();
                while Instant::now() < end {
                    if deck.is_empty() {
                        deck.clone_from(faults);
                        world.dice.shuffle(&mut deck);
                    }
                    deck.pop().map_or(Ok(()), |fault| strike(fault, world))?;
                }
            }
        }
        Ok(struck)
    }
}

impl Report {
    /// Says it in a few lines.
    pub(crate) fn show(&self) {
        let Self { deployment, struck, violations, requests, answers, recoveries, took } = self;
        let strikes = struck.iter().filter(|(_, it)| *it == Struck::Yes).count();
        let seconds = took.as_secs_f64();
        println!("{}: {requests} requests, {strikes} faults, {seconds:.1} s", deployment.title());
        let answers: Vec<String> = answers.iter().map(|(what, count)| format!("{count} × {what}")).collect();
        println!("  answers: {}", answers.join(", "));
        if let Some(slowest) = recoveries.iter().max() {
            println!("  a killed process' tasks were done elsewhere within {:.1} s", slowest.as_secs_f64());
        }
        let mut by_invariant: BTreeMap<_, Vec<&Violation>> = BTreeMap::new();
        for violation in violations {
            by_invariant.entry(violation.of).or_default().push(violation);
        }
        for violations in by_invariant.values() {
            violations.iter().take(5).for_each(|it| println!("  VIOLATED {it}"));
            if violations.len() > 5 {
                println!("  … and {} more of the same", violations.len() - 5);
            }
        }
    }
}
