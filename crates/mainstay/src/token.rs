//! `token`: a bearer token for trying an application out.

use mainstay_auth::Credentials;
use mainstay_kernel::{Clock, Result};
use serde_json::{Map, json};

/// A person to make a token for.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenArgs {
    /// Who it is for: the subject
    #[arg(long)]
    sub: String,
    /// E-mail
    #[arg(long)]
    email: Option<String>,
    /// Name
    #[arg(long)]
    name: Option<String>,
    /// A role; may be given several times
    #[arg(long)]
    role: Vec<String>,
    /// Hours until it expires
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=24 * 365))]
    hours: u32,
}

/// Signs a token for this person.
///
/// # Errors
/// Bad request, when it would not be accepted.
pub(crate) fn issue(credentials: &Credentials, clock: &Clock, args: &TokenArgs) -> Result<String> {
    let now = clock.now().as_millis() / 1000;
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(args.sub));
    claims.insert("iat".to_owned(), json!(now));
    claims.insert("exp".to_owned(), json!(now + i64::from(args.hours) * 3600));
    for (claim, value) in [("email", &args.email), ("name", &args.name)] {
        if let Some(value) = value {
            claims.insert(claim.to_owned(), json!(value));
        }
    }
    if !args.role.is_empty() {
        claims.insert("roles".to_owned(), json!(args.role));
    }
    credentials.issue(&claims)
}
