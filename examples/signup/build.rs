//! Writes `src/discovered.rs` when files below `src` come and go.

fn main() {
    mainstay_build::discover("src")
}
