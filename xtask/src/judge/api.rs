//! The blog's answers against its document: `openapi-spec-validator` reads the document, `schemathesis` asks whatever it
//! admits as a person and as a stranger, and a TypeScript client is compiled from it by `openapi-typescript` and run.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::server::Server;
use super::store::Store;
use super::tools::{Node, Python};
use crate::process;

const PYTHON: [&str; 3] = ["schemathesis==4.32.5", "openapi-spec-validator==0.9.0", Store::DRIVER];
const CLIENT: [&str; 3] = ["package.json", "tsconfig.json", "main.ts"];

/// The fewest requests that a person's run makes on each store.
const LEAST_CASES: u64 = 2000;

/// On every store.
pub(super) fn run(folder: &Path) -> Result<()> {
    let python = Python::install(folder, &PYTHON)?;
    let source = process::root().join("xtask/src/judge/client");
    let client = Node::install(folder.join("client"), &source, &CLIENT)?;
    process::run(process::cargo().args(["build", "--quiet", "--package", "blog"]))?;
    for store in Store::all(&python)? {
        let blog = Server::start("blog", &store, folder, &[])?;
        judge(&python, &client, &blog, &folder.join(store.name()))
            .with_context(|| format!("on {}", store.name()))?;
    }
    Ok(())
}

fn judge(python: &Python, node: &Node, blog: &Server, folder: &Path) -> Result<()> {
    let document = folder.join("openapi.json");
    fs::write(&document, blog.document()?)?;
    process::run(python.program("openapi-spec-validator").arg(&document))?;
    client(node, blog, &document)?;
    let token = blog.token()?;
    let cases = attack(python, blog, folder, &["--header", &format!("Authorization: Bearer {token}")])?;
    ensure!(
        cases >= LEAST_CASES,
        "schemathesis made {cases} requests as a person, expected {LEAST_CASES} or more"
    );
    // What each operation refuses a stranger is soon known: the phase that tries every bound tells nothing more.
    attack(python, blog, folder, &["--phases", "examples,fuzzing"])?;
    Ok(())
}

/// Types from the document, a program on them, and what it prints.
fn client(node: &Node, blog: &Server, document: &Path) -> Result<()> {
    process::output(node.packaged("openapi-typescript").arg(document).args(["--output", "api.ts"]))?;
    process::run(node.packaged("tsc").args(["--project", "."]))?;
    let mut program = node.program("node");
    let told = process::output(program.arg("out/main.js").arg(blog.address()).arg(blog.token()?))?;
    let expected = "ok the row as it is stored";
    ensure!(told.starts_with(expected) && told.ends_with("ok its end\n"), "the client printed:\n{told}");
    println!("client: {} expectations hold", told.lines().count());
    Ok(())
}

/// Holds the answers to generated requests against the document; how many there were.
fn attack(python: &Python, blog: &Server, folder: &Path, more: &[&str]) -> Result<u64> {
    let report = folder.join("schemathesis.log");
    let mut schemathesis = python.program("schemathesis");
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
