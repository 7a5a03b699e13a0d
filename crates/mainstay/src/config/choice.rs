use std::path::Path;

use super::nearest::nearest;
use super::shape::{Shape, Wrong};

/// Where the process runs (`MAINSTAY_ENV`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// On its author's machine: convenient.
    Development,
    /// Before the world: strict.
    Production,
    /// In tests: as in development.
    Test,
}

/// How log lines are written (`LOG_FORMAT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people, in colour on a terminal.
    Pretty,
    /// One JSON object per line.
    Json,
}

/// What a process does for the application (`ROLES`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Answers requests.
    Web,
    /// Runs tasks.
    Worker,
    /// Hands on what was committed: makes ready what is due, sends messages, and makes tasks of those that come in. So
    /// does a worker.
    Relay,
    /// Starts what is due.
    Cron,
}

/// One of a few words, whatever their case.
pub(super) struct Choice<T: 'static>(pub(super) &'static [(&'static str, T)]);

pub(super) const MODES: Choice<Mode> =
    Choice(&[("development", Mode::Development), ("production", Mode::Production), ("test", Mode::Test)]);

pub(super) const LOG_FORMATS: Choice<LogFormat> =
    Choice(&[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)]);

pub(super) const ROLES: Choice<Role> =
    Choice(&[("web", Role::Web), ("worker", Role::Worker), ("relay", Role::Relay), ("cron", Role::Cron)]);

pub(super) const SWITCH: Choice<bool> = Choice(&[
    ("true", true),
    ("false", false),
    ("1", true),
    ("0", false),
    ("yes", true),
    ("no", false),
    ("on", true),
    ("off", false),
]);

impl<T: Copy> Shape for Choice<T> {
    type Out = T;

    fn expected(&self) -> String {
        let words: Vec<String> = self.0.iter().map(|(word, _)| format!("`{word}`")).collect();
        match words.split_last() {
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => String::new(),
        }
    }

    fn read(&self, text: &str, _: &Path) -> Result<T, Wrong> {
        let chosen = self.0.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        chosen.map(|(_, value)| *value).ok_or_else(|| {
            match nearest(text, self.0.iter().map(|(word, _)| *word)) {
                Some(word) => Wrong::fix(format!("did you mean `{word}`?")),
                None => Wrong::Shape,
            }
        })
    }
}
