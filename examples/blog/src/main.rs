//! blog
fn main() {}
