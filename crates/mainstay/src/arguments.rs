//! The words of a command line, and what is said of those that are wrong.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind as Wrong};
use mainstay_kernel::{Error, ErrorKind, Result};

use crate::command::Output;
use crate::config::nearest;

/// Reads the words that stand after `called`, such as `shop token`; `None` when they asked for help, which was given.
pub(crate) fn parse<T: clap::Args>(called: &str, args: &[String], output: &Output) -> Result<Option<T>> {
    let mut command = T::augment_args(Command::new("command").no_binary_name(true).bin_name(called));
    let matches = match command.try_get_matches_from_mut(args) {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => return Err(usage(&with_nearest(error, &command).to_string())),
        Err(help) => {
            output.line(help);
            return Ok(None);
        }
    };
    T::from_arg_matches(&matches).map(Some).map_err(|error| usage(&error.to_string()))
}

/// The error with the command that was meant, or all that there are, where clap finds none alike.
pub(crate) fn with_nearest(mut error: clap::Error, command: &Command) -> clap::Error {
    let has_tip = error.get(ContextKind::SuggestedSubcommand).is_some();
    let word = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) if error.kind() == Wrong::InvalidSubcommand && !has_tip => {
            word.clone()
        }
        Some(_) | None => return error,
    };
    let names: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
    let tip = match nearest(&word, names.iter().copied()) {
        Some(meant) => format!("did you mean '{meant}'?"),
        None => format!("expected one of '{}'", names.join("', '")),
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}

/// A command line that cannot be followed.
pub(crate) fn usage(text: &str) -> Error {
    let text = text.trim_end();
    Error::new(ErrorKind::BadRequest("bad_request", text.strip_prefix("error: ").unwrap_or(text).to_owned()))
}
