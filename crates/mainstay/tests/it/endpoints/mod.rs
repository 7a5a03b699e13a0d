//! Endpoints through the HTTP door: what they take, answer, commit and refuse.

mod answers;
mod app;
mod arguments;
mod around;
mod described;
mod replays;
mod transactions;

use app::app;
