//! Mistakes that newcomers make: what each of them is told, word by word, and the fix that this names. The lists are
//! `configuration`, `application`, `database`, `sources`, `commands` and `code`; `docs/mistakes.md` is written from them.

mod application;
mod code;
mod commands;
mod configuration;
mod database;
mod golden;
mod page;
mod parts;
mod place;
mod sources;
mod steps;

use std::pin::Pin;

use mainstay::prelude::*;

use place::Place;

/// One mistake.
pub(crate) struct Mistake {
    /// What somebody did, in words.
    pub(crate) name: &'static str,
    /// How it is made here.
    pub(crate) made: Made,
    /// Everything that is said of it, but for paths and numbers that differ from run to run.
    pub(crate) says: &'static str,
    /// The words in it that name the way out.
    pub(crate) fix: &'static str,
}

/// How a mistake is made.
pub(crate) enum Made {
    /// By variables of the process, `NAME=value`.
    Variables(&'static [&'static str]),
    /// By a text in `.env` or `mainstay.toml`.
    File(&'static str, &'static str),
    /// By what the application is made of.
    Parts(fn() -> App),
    /// By what is done before it starts; it gives what was said.
    Steps(for<'a> fn(&'a Place) -> Steps<'a>),
    /// By a command, or sources: what stands behind `$ ` in one of the files of refusals.
    Refused(&'static str, &'static str),
    /// By code that the compiler refuses: the file of what it says.
    Code(&'static str),
}

/// What is done before a start, and what was said.
pub(crate) type Steps<'a> = Pin<Box<dyn Future<Output = String> + Send + 'a>>;

/// The lists, each under the heading that it has in the book.
pub(crate) const LISTS: [(&str, &[Mistake]); 6] = [
    ("Configuration", configuration::MISTAKES),
    ("Parts of the application", application::MISTAKES),
    ("Database, migrations, ports", database::MISTAKES),
    ("Files and folders", sources::MISTAKES),
    ("Commands", commands::MISTAKES),
    ("Code", code::MISTAKES),
];

const fn mistake(name: &'static str, made: Made, says: &'static str, fix: &'static str) -> Mistake {
    Mistake { name, made, says, fix }
}

/// What was expected, and found, where these differ.
fn differing(mistake: &Mistake, said: &str) -> Option<String> {
    (said != mistake.says)
        .then(|| format!("== {}\nexpected:\n{}\nfound:\n{said}\n", mistake.name, mistake.says))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_cannot_start_says_why_and_what_to_do() {
    let mut wrong = Vec::new();
    for mistake in LISTS.iter().flat_map(|(_, list)| *list) {
        let place = Place::new();
        let said = match mistake.made {
            Made::Variables(all) => place.refused_with(all).await,
            Made::File(name, text) => place.refused_by_file(name, text).await,
            Made::Parts(app) => place.refused(app()).await,
            Made::Steps(steps) => place.redacted(&steps(&place).await),
            Made::Refused(..) | Made::Code(_) => continue,
        };
        wrong.extend(differing(mistake, &said));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_commands_builds_and_compilers_refuse_is_what_their_tests_saw() {
    let mut wrong = Vec::new();
    for mistake in LISTS.iter().flat_map(|(_, list)| *list) {
        match mistake.made {
            Made::Refused(file, made) => wrong.extend(differing(mistake, &golden::refusal(file, made))),
            Made::Code(file) => wrong.extend(golden::missing(mistake, file)),
            Made::Variables(_) | Made::File(..) | Made::Parts(_) | Made::Steps(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mistake_is_told_with_its_fix_and_is_listed_once() {
    let all: Vec<_> = LISTS.iter().flat_map(|(_, list)| *list).collect();
    assert!(all.len() >= 40, "{}", all.len());
    for (at, mistake) in all.iter().enumerate() {
        let is_code = matches!(mistake.made, Made::Code(_));
        assert!(!mistake.fix.is_empty(), "{}", mistake.name);
        assert!(is_code || mistake.says.contains(mistake.fix), "{}: {}", mistake.name, mistake.fix);
        assert!(all[..at].iter().all(|it| it.name != mistake.name), "{} is there twice", mistake.name);
    }
}
