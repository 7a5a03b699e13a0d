//! Outside judges of the API's description: the blog runs on each store, and programs that know nothing of us hold its
//! answers against its document.
//!
//! `openapi-spec-validator` reads the document, `schemathesis` asks whatever it admits as a person and as a stranger, and
//! a TypeScript client is compiled from it by `openapi-typescript` and run.

mod blog;
mod tools;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use self::blog::{Blog, Store};
use self::tools::Tools;
use crate::process;

/// The fewest requests that a person's run makes on each store.
const LEAST_CASES: u64 = 2000;

/// Every judge, on every store.
pub(crate) fn run() -> Result<()> {
    let folder = process::target().join("judge");
    fs::create_dir_all(&folder)?;
    let tools = Tools::install(&folder)?;
    process::run(process::cargo().args(["build", "--quiet", "--package", "blog"]))?;
    for store in Store::all(&tools)? {
        let blog = Blog::start(&store, &folder)?;
        judge(&tools, &blog, &folder.join(store.name())).with_context(|| format!("on {}", store.name()))?;
    }
    Ok(())
}

fn judge(tools: &Tools, blog: &Blog, folder: &Path) -> Result<()> {
    let document = folder.join("openapi.json");
    fs::write(&document, blog.document()?)?;
    process::run(tools.python("openapi-spec-validator").arg(&document))?;
    client(tools, blog, &document)?;
    let token = blog.token()?;
    let cases = attack(tools, blog, folder, &["--header", &format!("Authorization: Bearer {token}")])?;
    ensure!(
        cases >= LEAST_CASES,
        "schemathesis made {cases} requests as a person, expected {LEAST_CASES} or more"
    );
    // What each operation refuses a stranger is soon known: the phase that tries every bound tells nothing more.
    attack(tools, blog, folder, &["--phases", "examples,fuzzing"])?;
    Ok(())
}

/// Types from the document, a program on them, and what it prints.
fn client(tools: &Tools, blog: &Blog, document: &Path) -> Result<()> {
    process::output(tools.node("openapi-typescript").arg(document).args(["--output", "api.ts"]))?;
    process::run(tools.node("tsc").args(["--project", "."]))?;
    let mut program = tools.program("node");
    let told = process::output(program.arg("out/main.js").arg(blog.address()).arg(blog.token()?))?;
    let expected = "ok the row as it is stored";
    ensure!(told.starts_with(expected) && told.ends_with("ok its end\n"), "the client printed:\n{told}");
    println!("client: {} expectations hold", told.lines().count());
    Ok(())
}

/// Holds the answers to generated requests against the document; how many there were.
fn attack(tools: &Tools, blog: &Blog, folder: &Path, more: &[&str]) -> Result<u64> {
    let report = folder.join("schemathesis.log");
    let mut schemathesis = tools.python("schemathesis");
    schemathesis.current_dir(folder).arg("run").arg(format!("{}/openapi.json", blog.address())).args(more);
    schemathesis.args(["--seed", "1", "--max-examples", "20", "--continue-on-failure", "--no-color"]);
    // A schema cannot say that a cursor is one of ours, that a version is the latest or that a path leads somewhere.
    schemathesis.args(["--exclude-checks", "positive_data_acceptance"]);
    let succeeded = logged(&mut schemathesis, &report)?;
    let told = fs::read_to_string(&report)?;
    let summary = told.find("\nTest cases:").map_or("", |at| &told[at..]);
    if !succeeded {
        bail!("schemathesis found what the document does not say:\n{told}");
    }
    let cases = summary.split_whitespace().find_map(|word| word.parse().ok());
    let cases = cases.with_context(|| format!("schemathesis did not say how much it asked:\n{told}"))?;
    println!("schemathesis: {cases} requests, nothing undocumented ({})", blog.store());
    Ok(cases)
}

fn logged(command: &mut Command, report: &Path) -> Result<bool> {
    let log = File::create(report)?;
    let line = process::line(command);
    let status = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).status();
    Ok(status.with_context(|| format!("`{line}` could not be started"))?.success())
}
