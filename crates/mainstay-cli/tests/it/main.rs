//! The `mainstay` command, as a person calls it.

mod adding;
mod beginning;
mod desk;
mod refusals;
