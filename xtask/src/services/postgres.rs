//! A private PostgreSQL. It refuses to run as root, so root hands it to the user `postgres`.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::private;
use crate::process;

/// The folder of `initdb`, `pg_ctl` and the rest: Debian's newest version, else by `PATH`.
pub(crate) fn programs() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = debian
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .max()
        .map(|(_, folder)| folder);
    newest.or_else(|| process::find("initdb")?.parent().map(Path::to_path_buf))
}

/// A server of our own: PostgreSQL's own settings, `fsync` included; superuser `postgres` without a password, database
/// `test`.
pub(crate) struct Cluster {
    programs: PathBuf,
    home: PathBuf,
    port: u16,
}

impl Cluster {
    /// The one of this name, which will listen on this port.
    pub(crate) fn new(name: &str, port: u16) -> Result<Self> {
        let programs = programs().context("PostgreSQL's programs are not installed")?;
        Ok(Self { programs, home: home(name)?, port })
    }

    /// Makes it if it is not there, starts it, and returns the server's process id.
    pub(crate) fn start(&self) -> Result<u32> {
        if !self.data().join("PG_VERSION").exists() {
            let mut initdb = as_owner(&self.programs.join("initdb"));
            initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--pgdata"]);
            process::output(initdb.arg(self.data()))?;
        }
        // Not `output`: the server would inherit that pipe and hold it open.
        process::run(&mut self.starting())?;
        create_test_database(&self.programs, self.port)?;
        let pid = fs::read_to_string(self.data().join("postmaster.pid"))?;
        pid.lines().next().unwrap_or_default().trim().parse().context("postmaster.pid holds no process id")
    }

    /// The command that starts it, once it is made.
    pub(crate) fn starting(&self) -> Command {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200",
            self.port
        );
        let mut start = self.control();
        start.args(["start", "--wait", "--silent", "--options", &options, "--log"]);
        start.arg(self.home.join("postgres.log"));
        start
    }

    /// The command that ends it, in PostgreSQL's mode `fast`, or `immediate` as if the machine were lost.
    pub(crate) fn stopping(&self, mode: &str) -> Command {
        let mut stop = self.control();
        stop.args(["stop", "--wait", "--silent", "--mode", mode]);
        stop
    }

    fn control(&self) -> Command {
        let mut control = as_owner(&self.programs.join("pg_ctl"));
        control.arg("--pgdata").arg(self.data());
        control
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }
}

fn create_test_database(programs: &Path, port: u16) -> Result<()> {
    let connect = ["--host=127.0.0.1", "--username=postgres", &format!("--port={port}")].map(str::to_owned);
    let mut psql = Command::new(programs.join("psql"));
    psql.args(&connect).args(["--no-psqlrc", "--tuples-only", "--command"]);
    let found = process::output(psql.args(["select 1 from pg_database where datname = 'test'", "postgres"]))?;
    if found.trim().is_empty() {
        process::output(Command::new(programs.join("createdb")).args(&connect).arg("test"))?;
    }
    Ok(())
}

/// The cluster's folder. The user `postgres` can hardly reach into root's checkout, so root's is elsewhere.
fn home(name: &str) -> Result<PathBuf> {
    if !private::is_root() {
        let home = private::folder().join(name);
        fs::create_dir_all(&home)?;
        return Ok(home);
    }
    let mut hasher = DefaultHasher::new();
    process::root().hash(&mut hasher);
    let home = PathBuf::from(format!("/var/tmp/mainstay-{name}-{:x}", hasher.finish()));
    process::run(Command::new("install").args(["-d", "-o", "postgres", "-m", "700"]).arg(&home))?;
    Ok(home)
}

/// The program, run by the user that owns the cluster.
fn as_owner(program: &Path) -> Command {
    let mut command = if private::is_root() {
        let mut runuser = Command::new("runuser");
        runuser.args(["-u", "postgres", "--"]).arg(program);
        runuser
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    command
}
