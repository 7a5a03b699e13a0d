//! The blog's binary, started, stopped and killed by tests.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use mainstay::auth::{AuthOptions, Credentials};
use mainstay::kernel::Clock;
use mainstay::serde_json::{Value, json};

use crate::place::Place;
use crate::waiting::{PATIENCE, until};
use crate::wire::{Client, Wire};

const SECRET: &str = "the secret of the blog under test, 32 bytes and more";

/// How the blog is to be started.
pub(crate) struct Launch {
    command: Command,
    log: PathBuf,
}

/// A running blog; killed when dropped.
pub(crate) struct Blog {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

/// How a start ended that was to be refused.
pub(crate) struct Refusal {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

impl Launch {
    /// In this place, on any free port, with nothing of the developer's environment.
    pub(crate) fn at(place: &Place) -> Self {
        Self::wrapped(place, Command::new(env!("CARGO_BIN_EXE_blog")))
    }

    /// By another program that becomes the blog in the end.
    pub(crate) fn wrapped(place: &Place, mut command: Command) -> Self {
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("MAINSTAY_ROOT", place.root()).env("PORT", "0").env("LOG", "warn");
        command.env("AUTH_JWT_SECRET", SECRET).env("AUTH_SECRET", SECRET);
        command.env("DATABASE_POOL_SIZE", "8").env("DATABASE_SHARED_CONNECTIONS", "2");
        if let Some(url) = place.database_url() {
            command.env("DATABASE_URL", url);
        }
        Self { command, log: place.aside().join("log") }
    }

    pub(crate) fn with(mut self, variable: &str, value: impl AsRef<str>) -> Self {
        self.command.env(variable, value.as_ref());
        self
    }

    pub(crate) fn without(mut self, variable: &str) -> Self {
        self.command.env_remove(variable);
        self
    }

    pub(crate) fn words(mut self, words: &[&str]) -> Self {
        self.command.args(words);
        self
    }

    /// Starts the server and waits until it is ready.
    pub(crate) fn start(mut self) -> Blog {
        let log = File::options().append(true).create(true).open(&self.log).expect("a log");
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = self.command.spawn().expect("the blog's binary runs");
        let lines = lines(child.stdout.take().expect("its output is piped"));
        let mut blog = Blog { child, address: SocketAddr::from(([0, 0, 0, 0], 0)), log: self.log };
        loop {
            let Ok(line) = lines.recv_timeout(PATIENCE) else {
                panic!("the blog did not get ready:\n{}", blog.log());
            };
            if let Some(address) = line.strip_prefix("API server running on http://") {
                blog.address = address.parse().expect("the ready line ends with the address");
                return blog;
            }
        }
    }

    /// Runs a command, or a start that is to fail, to its end.
    pub(crate) fn finish(mut self) -> Refusal {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = self.command.spawn().expect("the blog's binary runs");
        let mut blog = Blog { child, address: SocketAddr::from(([0, 0, 0, 0], 0)), log: self.log };
        let streams = (blog.child.stdout.take(), blog.child.stderr.take());
        let status = blog.end();
        let mut said = String::new();
        streams.0.expect("piped").read_to_string(&mut said).expect("text");
        streams.1.expect("piped").read_to_string(&mut said).expect("text");
        Refusal { code: status.code(), said }
    }

    /// What a command that must succeed prints, however much it is.
    pub(crate) fn printed(mut self) -> String {
        let told = self.command.stdin(Stdio::null()).output().expect("the blog's binary runs");
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8(told.stdout).expect("text")
    }

    /// What a start that must fail says.
    pub(crate) fn refused(self) -> String {
        let Refusal { code, said } = self.finish();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.starts_with("error: ") && !said.contains("panicked"), "{said}");
        assert!(!said.contains(SECRET), "a secret is never printed: {said}");
        said
    }
}

impl Blog {
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A client that writes bytes.
    pub(crate) fn wire(&self) -> Wire {
        Wire::connect(self.address).expect("the blog accepts connections")
    }

    /// A client that nobody knows.
    pub(crate) fn anybody(&self) -> Client {
        Client::new(self.address, None)
    }

    /// A client with a token of this person.
    pub(crate) fn person(&self, subject: &str) -> Client {
        person(self.address, subject)
    }

    /// A client with a token of this person in this role.
    pub(crate) fn person_as(&self, subject: &str, role: &str) -> Client {
        Client::new(self.address, Some(token(subject, &[role])))
    }

    /// No chance to say farewell.
    pub(crate) fn kill_nine(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends a signal, while others hold on to it.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.pid().to_string()]).status();
        assert!(sent.expect("there is a kill command").success());
    }

    /// Waits until it has ended by itself.
    pub(crate) fn end(&mut self) -> ExitStatus {
        until("the blog ends", || self.child.try_wait().expect("it is our child"))
    }

    /// Asks it to stop and waits until it has, well.
    pub(crate) fn stop(mut self) {
        self.terminate();
        let status = self.end();
        assert!(status.success(), "{status}:\n{}", self.log());
    }

    /// What it has said so far, and those before it in this place.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The most memory it ever had, in MiB. Linux knows.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number of kB") / 1024
    }
}

impl Drop for Blog {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the blog's log:\n{}", self.log());
        } else {
            assert!(!self.log().contains("panicked"), "the blog panicked:\n{}", self.log());
        }
    }
}

/// A client of the blog at this address with a token of this person.
pub(crate) fn person(address: SocketAddr, subject: &str) -> Client {
    Client::new(address, Some(token(subject, &[])))
}

/// Its lines as they come; the channel ends with them.
fn lines(output: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _nobody_listens = sender.send(line);
        }
    });
    lines
}

/// A bearer token for an hour.
fn token(subject: &str, roles: &[&str]) -> String {
    let clock = Clock::system();
    let now = clock.now().as_millis() / 1000;
    let credentials = Credentials::new(AuthOptions::new(SECRET.as_bytes()), clock).expect("a good secret");
    let Value::Object(claims) = json!({ "sub": subject, "iat": now, "exp": now + 3600, "roles": roles })
    else {
        unreachable!("it is written as an object");
    };
    credentials.issue(&claims).expect("a token")
}
