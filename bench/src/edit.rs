//! How long it takes to edit one handler of `examples/blog` and run it again.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::rounds::median;
use crate::{Options, example, root, scratch, table};

const WORD: &str = "\"Hello, {name}!\"";

/// A source file that gets its text back when this is dropped.
struct Edited {
    path: PathBuf,
    text: String,
}

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = scratch()?;
    let handler = Edited::open(root().join("examples/blog/src/endpoints/hello.rs"))?;
    example::run(&mut example::cargo(&["build", "--quiet", "--package", "blog"]))?;
    let mut times = Vec::new();
    for round in 0..=options.rounds {
        handler.edit(round)?;
        let run = ["run", "--quiet", "--package", "blog"];
        let server = example::start(&mut example::cargo(&run), folder.path())?;
        let seconds = server.start.as_secs_f64();
        eprintln!("  round {round}: {seconds:.2} s");
        if round > 0 {
            times.push(seconds);
        }
    }
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    let most = times.iter().copied().fold(0.0, f64::max);
    let middle = median(times.into_iter());
    let row = vec![format!("{middle:.2} s ({least:.2}–{most:.2})"), "≤ 4 s".to_owned()];
    let heads = ["edit, `cargo run`, ready line", "target"];
    table::print("Editing a handler of `examples/blog` and running it again", &heads, &[row]);
    Ok(())
}

impl Edited {
    fn open(path: PathBuf) -> Result<Self> {
        let text = fs::read_to_string(&path)?;
        if !text.contains(WORD) {
            bail!("{} has no {WORD} to edit", path.display());
        }
        Ok(Self { path, text })
    }

    fn edit(&self, round: usize) -> Result<()> {
        let word = WORD.replace("Hello", &format!("Hello {round}"));
        Ok(fs::write(&self.path, self.text.replace(WORD, &word))?)
    }
}

impl Drop for Edited {
    fn drop(&mut self) {
        if let Err(error) = fs::write(&self.path, &self.text) {
            eprintln!("{} could not be put back: {error}", self.path.display());
        }
    }
}
