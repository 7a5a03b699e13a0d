//! Each feature of each crate compiles without the others.

use anyhow::Result;

use crate::{
    metadata::{Metadata, Package},
    process,
};

/// `cargo check` for each feature alone, and for none.
pub(crate) fn check(metadata: &Metadata) -> Result<()> {
    for package in &metadata.packages {
        for features in alone(package) {
            let mut check = process::cargo();
            check.args(["check", "--quiet", "--package", &package.name, "--no-default-features"]);
            if let Some(feature) = features {
                check.args(["--features", feature]);
            }
            println!("{}", process::line(&check));
            process::run(&mut check)?;
        }
    }
    Ok(())
}

/// The sets to try: none, then each feature that a user can name. Nothing where there are no features.
fn alone(package: &Package) -> Vec<Option<&str>> {
    let mut named = package.features.keys().map(String::as_str).filter(|name| *name != "default").peekable();
    if named.peek().is_none() {
        return Vec::new();
    }
    std::iter::once(None).chain(named.map(Some)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(features: &[&str]) -> Package {
        let features = features.iter().map(|name| (name.to_string(), Vec::new())).collect();
        Package { name: "p".into(), manifest_path: String::new(), features, dependencies: Vec::new() }
    }

    #[test]
    fn each_feature_is_tried_alone_and_none_too() {
        let package = package(&["default", "nats", "redis"]);
        assert_eq!(alone(&package), [None, Some("nats"), Some("redis")]);
    }

    #[test]
    fn a_crate_without_features_is_not_tried_again() {
        assert!(alone(&package(&["default"])).is_empty());
    }
}
