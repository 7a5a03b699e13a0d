use std::collections::BTreeMap;

use super::{Requirement, SecurityScheme};

/// Each of the ways to say who calls.
pub fn requirements() -> impl Iterator<Item = Requirement> {
    ["bearer", "serviceToken", "apiKey"].into_iter().map(|it| BTreeMap::from([(it.to_owned(), Vec::new())]))
}

/// The ways to say who calls, by name.
pub fn schemes() -> BTreeMap<String, SecurityScheme> {
    let header = |name, description: &str| SecurityScheme::ApiKey {
        name,
        location: "header",
        description: description.to_owned(),
    };
    let bearer = SecurityScheme::Http {
        scheme: "bearer",
        bearer_format: Some("JWT"),
        description: "A person's token. In development the application's `token` command prints one."
            .to_owned(),
    };
    let service = "A service's token, one of `AUTH_SERVICE_TOKENS`.";
    BTreeMap::from([
        ("bearer".to_owned(), bearer),
        ("serviceToken".to_owned(), header("X-Service-Token", service)),
        ("apiKey".to_owned(), header("X-API-Key", service)),
    ])
}
