//! A PostgreSQL that may be crashed: a private one, of which `cargo xtask chaos` says how to crash and start it.

use std::env;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use mainstay_kernel::StoreUrl;
use mainstay_test::Proxy;

use crate::store::Database;

/// A schema of its own on the server, dropped at the end, and a proxy before it.
pub(crate) struct Server {
    /// A connection beside the application's, past the proxy.
    pub(crate) admin: Database,
    /// One into the schema.
    pub(crate) inside: Database,
    pub(crate) proxy: Proxy,
    url: String,
    schema: String,
}

impl Server {
    pub(crate) fn open(number: u64) -> Result<Self> {
        let url = env::var("MAINSTAY_CHAOS_POSTGRES")
            .context("no PostgreSQL that may be crashed: use `cargo xtask chaos`")?;
        let schema = format!("chaos_{}_{number}", std::process::id());
        let admin = Database::open(StoreUrl::Postgres(url.clone()))?;
        admin.run(format!("CREATE SCHEMA {schema}"))?;
        let (_, host) = url.split_once('@').context("expected postgres://user@host:port/database")?;
        let (host, _) = host.split_once('/').context("expected postgres://user@host:port/database")?;
        let proxy = Proxy::before(host.to_owned());
        let url = format!("{url}?options=-c%20search_path%3D{schema}&application_name=");
        let inside = Database::open(StoreUrl::Postgres(format!("{url}inside_{schema}")))?;
        Ok(Self { admin, inside, proxy, url: url + &schema, schema })
    }

    /// The schema, straight.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// The schema, through the proxy.
    pub(crate) fn url_through_proxy(&self) -> String {
        let host = self.url.split_once('@').and_then(|(_, rest)| rest.split_once('/'));
        let host = host.map(|(host, _)| host).unwrap_or_default();
        self.url.replacen(host, &self.proxy.address().to_string(), 1)
    }

    /// What its connections are called.
    pub(crate) fn application(&self) -> &str {
        &self.schema
    }

    /// Ends the server at once, as a lost machine would, and starts it again after `meanwhile`.
    pub(crate) fn crash(&self, meanwhile: impl FnOnce()) -> Result<()> {
        shell("MAINSTAY_CHAOS_POSTGRES_CRASH")?;
        meanwhile();
        shell("MAINSTAY_CHAOS_POSTGRES_START")
    }

    pub(crate) fn drop_schema(self) -> Result<()> {
        self.inside.close();
        self.admin.run(format!("DROP SCHEMA {} CASCADE", self.schema))?;
        self.admin.close();
        Ok(())
    }
}

/// Runs the command that a variable holds.
fn shell(variable: &str) -> Result<()> {
    let command =
        env::var(variable).with_context(|| format!("{variable} is not set: use `cargo xtask chaos`"))?;
    let status = Command::new("sh").args(["-c", &command]).status()?;
    if status.success() { Ok(()) } else { bail!("`{command}` failed: {status}") }
}
