//! What is around operations: middleware, rates, answers that are given again, and where they are listed.

mod answers;
mod app;
mod listed;
mod middleware;
mod rates;
mod versions;
