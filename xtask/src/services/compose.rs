//! Services by `docker compose`, from the `compose.yaml` of the workspace.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result};

use super::{Service, private, probe};
use crate::process;

/// Whether there is a Docker engine to talk to.
pub(crate) fn is_possible() -> bool {
    process::succeeds(Command::new("docker").arg("info"))
        && process::succeeds(Command::new("docker").args(["compose", "version"]))
}

/// Starts the service, waits until it is healthy, and returns its URL.
pub(crate) fn start(service: Service) -> Result<String> {
    let name = service.name();
    process::run(compose().args(["up", "--detach", "--wait", name]))?;
    fs::create_dir_all(private::folder())?;
    fs::write(marker(service), "")?;
    private::wait_until(Duration::from_secs(30), || {
        probe::first_that_answers(service, &service.local_urls(service.standard_port()))
    })
    .with_context(|| format!("docker compose started {name}, but it does not answer"))
}

/// Stops the service if `start` started it; whether it did.
pub(crate) fn stop(service: Service) -> Result<bool> {
    if !marker(service).exists() {
        return Ok(false);
    }
    process::run(compose().args(["stop", service.name()]))?;
    fs::remove_file(marker(service))?;
    Ok(true)
}

fn compose() -> Command {
    let mut docker = Command::new("docker");
    docker.current_dir(process::root()).arg("compose");
    docker
}

fn marker(service: Service) -> PathBuf {
    private::folder().join(format!("{}.compose", service.name()))
}
