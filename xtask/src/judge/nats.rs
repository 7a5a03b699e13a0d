//! The sign-up flow over NATS: published clients, `nats-py` and those of nats.io for JavaScript, drive every case of the
//! contract.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::server::Server;
use super::store::{self, Store};
use super::tools::{Node, Python};
use crate::process;
use crate::services::Service;

const PYTHON: [&str; 2] = ["nats-py==2.16.0", Store::DRIVER];
const DRIVERS: [&str; 7] =
    ["package.json", "call.py", "drive.py", "call.mjs", "drive.mjs", "cases.json", "sweep.py"];

/// The token by which a driver is a service.
const SERVICE: &str = "the-token-of-the-judges-service";

/// The fewest expectations that each driver has.
const LEAST: usize = 55;

/// Subjects and streams of a run's own, which end with this value.
struct Environment<'p> {
    broker: String,
    prefix: String,
    python: &'p Python,
    folder: &'p Path,
}

/// On every store.
pub(super) fn run(folder: &Path) -> Result<()> {
    let folder = folder.join("nats");
    let python = Python::install(&folder, &PYTHON)?;
    let source = process::root().join("xtask/src/judge/nats");
    let node = Node::install(folder.join("drivers"), &source, &DRIVERS)?;
    let broker = store::address(Service::Nats, "TEST_NATS_URL")?;
    process::run(process::cargo().args(["build", "--quiet", "--package", "signup"]))?;
    for store in Store::all(&python)? {
        let prefix = format!("judge-{}-{}", std::process::id(), store.name());
        let drivers = folder.join("drivers");
        let environment = Environment { broker: broker.clone(), prefix, python: &python, folder: &drivers };
        judge(&node, &environment, &store, &folder).with_context(|| format!("on {}", store.name()))?;
    }
    Ok(())
}

fn judge(node: &Node, environment: &Environment<'_>, store: &Store, folder: &Path) -> Result<()> {
    let service = format!("judge:{SERVICE}");
    let variables = [
        ("NATS_URL", environment.broker.as_str()),
        ("NATS_PREFIX", environment.prefix.as_str()),
        ("AUTH_SERVICE_TOKENS", service.as_str()),
    ];
    let signup = Server::start("signup", store, folder, &variables)?;
    let token = signup.token()?;
    let mut python = environment.python.program("python");
    python.current_dir(environment.folder).arg("drive.py");
    drive(&format!("nats-py on {}", store.name()), &mut python, environment, &token)?;
    drive(&format!("nats.js on {}", store.name()), node.program("node").arg("drive.mjs"), environment, &token)
}

fn drive(client: &str, driver: &mut Command, environment: &Environment<'_>, token: &str) -> Result<()> {
    let Environment { broker, prefix, .. } = environment;
    let told = process::output(driver.args([broker, prefix, token, SERVICE]))?;
    let held = told.lines().filter(|it| it.starts_with("ok ")).count();
    ensure!(held >= LEAST, "{client} had {held} expectations, expected {LEAST} or more:\n{told}");
    let thousand = told.lines().last().unwrap_or_default().trim();
    println!("{client}: {held} expectations hold; {thousand}");
    Ok(())
}

impl Drop for Environment<'_> {
    fn drop(&mut self) {
        let mut python = self.python.program("python");
        python.current_dir(self.folder).args(["sweep.py", &self.broker, &self.prefix]);
        if let Err(error) = process::output(&mut python) {
            eprintln!("judge: the streams of {} are left behind: {error:#}", self.prefix);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_guide_shows_the_clients_that_are_judged() {
        let guide = include_str!("../../../docs/nats.md");
        for client in [include_str!("nats/call.py"), include_str!("nats/call.mjs")] {
            assert!(guide.contains(client), "docs/nats.md does not show this as it is:\n{client}");
        }
    }
}
