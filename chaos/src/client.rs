//! A client: it asks, asks again under the same id, asks for something else under it, and writes all of it down.

use std::collections::VecDeque;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::fleet::Fleet;
use crate::history::{Answer, Line, Op, Wish};
use crate::log::Log;
use crate::wire::Sent;

/// How many clients there are.
pub(crate) const CLIENTS: usize = 6;

/// How many accounts there are.
pub(crate) const ACCOUNTS: usize = 8;

/// How many requests are made before other journals are used: what is read and written again each time stays short.
const CHAPTER: u64 = 400;

/// How long a client asks for what it was never answered, once nothing new is asked.
const LAST_WORDS: Duration = Duration::from_secs(60);

pub(crate) struct Client<'f> {
    number: usize,
    fleet: &'f Fleet,
    log: Log,
    dice: fastrand::Rng,
    asked: usize,
    /// What was answered lately.
    past: VecDeque<Wish>,
    /// What was not answered.
    open: Vec<Wish>,
    reminders: Vec<Op>,
}

impl<'f> Client<'f> {
    pub(crate) fn new(number: usize, fleet: &'f Fleet, folder: &Path, seed: u64) -> Result<Self> {
        Ok(Self {
            number,
            fleet,
            log: Log::begin(folder, number)?,
            dice: fastrand::Rng::with_seed(seed),
            asked: 0,
            past: VecDeque::new(),
            open: Vec::new(),
            reminders: Vec::new(),
        })
    }

    /// Asks until it is over, and then for what it was not answered. What it is still not answered is given back.
    pub(crate) fn run(mut self) -> Result<Vec<Op>> {
        while self.fleet.goes_on() {
            self.turn()?;
            thread::sleep(Duration::from_millis(self.dice.u64(0..10)));
        }
        let end = Instant::now() + LAST_WORDS;
        while Instant::now() < end
            && let Some(wish) = self.open.pop()
        {
            self.ask(wish)?;
        }
        Ok(self.open.iter().map(|it| it.op().clone()).collect())
    }

    fn turn(&mut self) -> Result<()> {
        if !self.open.is_empty() && self.dice.bool() {
            let at = self.dice.usize(..self.open.len());
            let wish = self.open.swap_remove(at);
            return self.ask(wish);
        }
        match self.dice.u8(..100) {
            0..10 => self.repeat(),
            10..15 => self.ask_otherwise(),
            _ => {
                let wish = self.wish();
                self.log.note(&Line::Asks(wish.clone()))?;
                if self.fleet.clients_leave() && self.dice.bool() { self.leave(wish) } else { self.ask(wish) }
            }
        }
    }

    fn ask(&mut self, wish: Wish) -> Result<()> {
        match self.send(&wish, wish.op()) {
            Some(answer) => {
                let is_final = answer.is_final();
                self.log.note(&Line::Heard(wish.op().clone(), answer))?;
                if is_final { self.remember(wish) } else { self.keep_open(wish) }
            }
            None => self.keep_open(wish),
        }
        Ok(())
    }

    /// Asks for what was answered before.
    fn repeat(&mut self) -> Result<()> {
        let Some(wish) = self.dice.choice(&self.past).cloned() else { return Ok(()) };
        if let Some(answer) = self.send(&wish, wish.op()) {
            self.log.note(&Line::Heard(wish.op().clone(), answer))?;
        }
        Ok(())
    }

    /// Asks for something else under an id that was used.
    fn ask_otherwise(&mut self) -> Result<()> {
        let Some(wish) = self.dice.choice(&self.past).cloned() else { return Ok(()) };
        if let Some(answer) = self.send(&wish.other(), wish.op()) {
            self.log.note(&Line::HeardOther(wish.op().clone(), answer))?;
        }
        Ok(())
    }

    fn leave(&mut self, wish: Wish) -> Result<()> {
        let sent = if self.dice.bool() { Sent::All } else { Sent::Part };
        if let Some(door) = self.fleet.any(&mut self.dice) {
            let _whatever_came_of_it = door.leave(&wish, sent);
        }
        self.keep_open(wish);
        Ok(())
    }

    fn send(&mut self, wish: &Wish, id: &str) -> Option<Answer> {
        let door = self.fleet.any(&mut self.dice);
        let answer = door.and_then(|it| it.ask(wish, id).ok());
        match &answer {
            Some(answer) if answer.status < 500 => self.fleet.hears(),
            // It is away for a while.
            Some(_) | None => thread::sleep(Duration::from_millis(30)),
        }
        answer
    }

    fn remember(&mut self, wish: Wish) {
        self.past.push_back(wish);
        if self.past.len() > 200 {
            self.past.pop_front();
        }
    }

    /// Some are never asked for again: whatever became of them has to be all or nothing.
    fn keep_open(&mut self, wish: Wish) {
        if self.fleet.goes_on() && self.dice.u8(..20) == 0 {
            return;
        }
        self.open.push(wish);
    }

    fn wish(&mut self) -> Wish {
        let op = format!("c{}-{}", self.number, self.asked);
        self.asked += 1;
        let chapter = self.fleet.asks() / CHAPTER;
        match self.dice.u8(..100) {
            0..45 => {
                let (reads, writes) = (self.dice.usize(0..3), self.dice.usize(1..3));
                let mut journals: Vec<String> = (0..4).map(|it| format!("j{it}-{chapter}")).collect();
                self.dice.shuffle(&mut journals);
                let write = journals.split_off(journals.len() - writes);
                journals.truncate(reads);
                Wish::Append { op, read: journals, write, refuse: self.dice.u8(..10) == 0 }
            }
            45..70 => {
                let from = self.dice.usize(..ACCOUNTS);
                let to = (from + self.dice.usize(1..ACCOUNTS)) % ACCOUNTS;
                let amount = self.dice.i64(1..40);
                Wish::Transfer { op, from: account(from), to: account(to), amount }
            }
            70..88 => {
                self.reminders.push(op.clone());
                let after = self.dice.u64(..1500);
                let (dies, stumbles) = (self.dice.u8(..10) == 0, u32::from(self.dice.u8(..5) == 0));
                Wish::Remind { op, after, dies, stumbles }
            }
            _ => match self.reminders.pop() {
                Some(target) => Wish::Cancel { op, target },
                None => {
                    Wish::Append { op, read: Vec::new(), write: vec![format!("j0-{chapter}")], refuse: false }
                }
            },
        }
    }
}

/// What an account is called.
pub(crate) fn account(number: usize) -> String {
    format!("a{number}")
}
