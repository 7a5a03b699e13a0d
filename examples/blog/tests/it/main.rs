//! The blog as its own process: killed, cut off, flooded, attacked, and what must still hold.

mod attacks;
mod commands;
mod cut_off;
mod description;
mod disk_full;
mod flood;
mod hang_up;
mod kill;
mod ledger;
mod malformed;
mod place;
mod refusals;
mod repeats;
mod sameness;
mod server;
mod starting;
mod stopping;
mod store;
mod waiting;
mod wire;

/// A test on each store: `kill::name::sqlite` and `kill::name::postgres`.
macro_rules! on_both_stores {
    ($($name:ident)*) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                crate::place::on(crate::place::Kept::Sqlite, super::$name);
            }

            #[test]
            fn postgres() {
                crate::place::on(crate::place::Kept::Postgres, super::$name);
            }
        }
    )*};
}
pub(crate) use on_both_stores;
