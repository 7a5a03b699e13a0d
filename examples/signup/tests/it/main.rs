//! The application as a user runs it: processes of their own, killed in the middle.

mod collector;
mod kill;
mod nodes;
mod process;
mod traces;
