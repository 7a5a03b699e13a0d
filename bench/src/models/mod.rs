//! What models cost the compiler: an application of fifty of them, beside the same one without.

mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::rounds::median;
use crate::{Options, example, folder, root, scratch, table};

/// How many models the application has.
const MODELS: usize = 50;

/// One of the two applications.
struct Application {
    folder: PathBuf,
    models: usize,
}

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let place = scratch()?;
    let [with, without] = [MODELS, 0].map(|models| Application::write(place.path(), models));
    let (with, without) = (with?, without?);
    let mut times: [[Vec<f64>; 2]; 2] = Default::default();
    for round in 0..=options.rounds {
        for (application, [clean, again]) in [&with, &without].into_iter().zip(&mut times) {
            let built = application.build_clean()?;
            let edited = application.build_edited(round)?;
            eprintln!(
                "  round {round}: {} models: clean {built:.2} s, edited {edited:.2} s",
                application.models
            );
            if round > 0 {
                clean.push(built);
                again.push(edited);
            }
        }
    }
    let [[with_clean, with_edited], [without_clean, without_edited]] = times;
    let rows = [
        row("clean build of the application", &with_clean, &without_clean, "≤ 15 s"),
        row("build after an edit", &with_edited, &without_edited, "≤ 1 s"),
    ];
    let heads = ["debug", "50 models", "none", "the models add", "target"];
    table::print("What 50 models add to a build", &heads, &rows);
    table::note("An edit is of one model, or of the application's one handler.");
    Ok(())
}

fn row(what: &str, with: &[f64], without: &[f64], target: &str) -> Vec<String> {
    let added: Vec<f64> = with.iter().zip(without).map(|(with, without)| with - without).collect();
    vec![what.to_owned(), seconds(with), seconds(without), seconds(&added), target.to_owned()]
}

fn seconds(times: &[f64]) -> String {
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    let most = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{:.2} s ({least:.2}–{most:.2})", median(times.iter().copied()))
}

impl Application {
    fn write(place: &Path, models: usize) -> Result<Self> {
        let folder = place.join(format!("of-{models}"));
        fs::create_dir_all(folder.join("src/models"))?;
        fs::write(folder.join("Cargo.toml"), source::manifest(models, &root()))?;
        // Built with the dependencies that the workspace has.
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        fs::write(folder.join("src/main.rs"), source::main(models, 0))?;
        fs::write(folder.join("src/models/mod.rs"), source::modules(models))?;
        for number in 0..models {
            fs::write(folder.join(format!("src/models/m{number}.rs")), source::model(number, 0))?;
        }
        Ok(Self { folder, models })
    }

    /// Seconds that the application itself takes to build: its dependencies are there.
    fn build_clean(&self) -> Result<f64> {
        example::run(&mut self.cargo(&["build", "--quiet"])?)?;
        example::run(&mut self.cargo(&["clean", "--quiet", "--package", &source::name(self.models)])?)?;
        self.build()
    }

    /// Seconds after an edit of one model, or of the handler where there are none.
    fn build_edited(&self, edit: usize) -> Result<f64> {
        match self.models {
            0 => fs::write(self.folder.join("src/main.rs"), source::main(0, edit + 1))?,
            many => {
                let number = many / 2;
                let path = self.folder.join(format!("src/models/m{number}.rs"));
                fs::write(path, source::model(number, edit + 1))?;
            }
        }
        self.build()
    }

    fn build(&self) -> Result<f64> {
        let start = Instant::now();
        example::run(&mut self.cargo(&["build", "--quiet"])?)?;
        Ok(start.elapsed().as_secs_f64())
    }

    fn cargo(&self, words: &[&str]) -> Result<Command> {
        let mut cargo = Command::new("cargo");
        cargo.args(words).arg("--offline").current_dir(&self.folder);
        // Kept, so that the dependencies are built once.
        cargo.env("CARGO_TARGET_DIR", folder()?.join("models"));
        Ok(cargo)
    }
}
