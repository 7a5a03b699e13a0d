//! The application under test, as its author would write it: accounts, lists that grow, and work that is left for
//! later. It is a process of its own, `chaos serve`.

mod accounts;
mod journals;
mod models;
mod operators;
mod reminders;
mod ticks;

use mainstay::prelude::*;

use models::{Account, Deed, Echo, Journal, Reminder};

/// The command line of the application.
pub(crate) fn run() -> std::process::ExitCode {
    let app = App::new("chaos")
        .model::<Account>()
        .model::<Deed>()
        .model::<Echo>()
        .model::<Journal>()
        .model::<Reminder>()
        .operation(accounts::open_accounts)
        .operation(accounts::transfer)
        .operation(journals::append)
        .operation(operators::backlog)
        .operation(operators::shift_clock)
        .operation(reminders::remind)
        .operation(reminders::cancel)
        .worker(journals::echo)
        .worker(journals::note)
        .worker(reminders::ring)
        .cron(ticks::tick);
    mainstay::runtime::run(app.run())
}
