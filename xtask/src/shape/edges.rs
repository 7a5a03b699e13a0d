//! Which crate may depend on which.

use super::Fault;
use crate::metadata::{Dependency, Kind, Package};

/// A framework crate, its dependencies among ours, and those that only its tests may add.
struct Edges {
    of: &'static str,
    normal: &'static [&'static str],
    dev: &'static [&'static str],
}

const fn edges(of: &'static str, normal: &'static [&'static str], dev: &'static [&'static str]) -> Edges {
    Edges { of, normal, dev }
}

/// Queue, live and services never see each other: they meet in the kernel's records.
const TABLE: [Edges; 14] = [
    edges("mainstay-kernel", &[], &[]),
    edges("mainstay-model", &["mainstay-kernel"], &[]),
    edges("mainstay-queue", &["mainstay-kernel"], &[]),
    edges("mainstay-client", &[], &[]),
    edges(
        "mainstay-nats",
        &["mainstay-kernel", "mainstay-queue"],
        &["mainstay", "mainstay-client", "mainstay-test"],
    ),
    edges("mainstay-services", &["mainstay-kernel"], &[]),
    edges("mainstay-auth", &["mainstay-kernel", "mainstay-model"], &[]),
    edges("mainstay-live", &["mainstay-kernel", "mainstay-model"], &["mainstay", "mainstay-test"]),
    edges(
        "mainstay-web",
        &[
            "mainstay-auth",
            "mainstay-kernel",
            "mainstay-live",
            "mainstay-model",
            "mainstay-queue",
            "mainstay-services",
        ],
        &[],
    ),
    edges("mainstay-macros", &[], &["mainstay"]),
    edges("mainstay-build", &[], &[]),
    edges(
        "mainstay",
        &[
            "mainstay-auth",
            "mainstay-kernel",
            "mainstay-live",
            "mainstay-macros",
            "mainstay-model",
            "mainstay-nats",
            "mainstay-queue",
            "mainstay-services",
            "mainstay-web",
        ],
        &["mainstay-test"],
    ),
    edges("mainstay-cli", &["mainstay"], &["mainstay-test"]),
    edges("mainstay-test", &["mainstay"], &[]),
];

/// Crates that reach a database. Beside the kernel only the test harness names them, and tests.
const DRIVERS: [&str; 6] =
    ["deadpool-postgres", "libsqlite3-sys", "rusqlite", "sqlx", "tokio-postgres", "tokio-postgres-rustls"];
const DRIVING: [&str; 2] = ["mainstay-kernel", "mainstay-test"];

/// Edges that the table does not have, of the crates under `crates/` and the applications under `examples/`.
pub(super) fn faults(packages: &[Package]) -> Vec<Fault> {
    packages.iter().flat_map(of_package).collect()
}

fn of_package(package: &Package) -> Vec<Fault> {
    let ours = package.dependencies.iter().filter(|dependency| is_ours(&dependency.name));
    if package.manifest_path.contains("/examples/") {
        let admitted = |dependency: &&Dependency| dependency.name == for_applications(dependency.kind);
        return ours.filter(|edge| !admitted(edge)).map(|edge| of_application(package, edge)).collect();
    }
    if !package.manifest_path.contains("/crates/") {
        return Vec::new();
    }
    let Some(row) = TABLE.iter().find(|row| row.of == package.name) else {
        let what =
            "is not in the table of crate edges: add it to xtask/src/shape/edges.rs and ARCHITECTURE.md";
        return vec![Fault::new(&package.name, what)];
    };
    let ours = ours.filter(|edge| !row.admits(edge)).map(|edge| of_crate(package, edge, row));
    ours.chain(drivers(package)).collect()
}

fn drivers(package: &Package) -> impl Iterator<Item = Fault> {
    let may = DRIVING.contains(&package.name.as_str());
    let is_driver =
        |edge: &&Dependency| DRIVERS.contains(&edge.name.as_str()) && edge.kind != Some(Kind::Dev);
    package.dependencies.iter().filter(move |edge| !may && is_driver(edge)).map(|edge| {
        Fault::new(
            &package.name,
            format!("must not depend on `{}`: only the kernel talks to databases", edge.name),
        )
    })
}

impl Edges {
    fn admits(&self, edge: &Dependency) -> bool {
        let name = edge.name.as_str();
        self.normal.contains(&name) || (edge.kind == Some(Kind::Dev) && self.dev.contains(&name))
    }
}

fn is_ours(name: &str) -> bool {
    name == "mainstay" || name.starts_with("mainstay-")
}

/// The one crate of ours that an application may name, for each kind of dependency.
fn for_applications(kind: Option<Kind>) -> &'static str {
    match kind {
        None => "mainstay",
        Some(Kind::Build) => "mainstay-build",
        Some(Kind::Dev) => "mainstay-test",
    }
}

fn of_application(package: &Package, edge: &Dependency) -> Fault {
    let admitted = for_applications(edge.kind);
    let what = format!("an application depends on `{admitted}` here, not on `{}`", edge.name);
    Fault::new(&package.name, what)
}

fn of_crate(package: &Package, edge: &Dependency, row: &Edges) -> Fault {
    let admitted = if row.normal.is_empty() { "none of ours".to_owned() } else { row.normal.join(", ") };
    Fault::new(&package.name, format!("must not depend on `{}`, only on {admitted}", edge.name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn package(folder: &str, name: &str, edges: &[(&str, Option<Kind>)]) -> Package {
        let edge = |(name, kind): &(&str, Option<Kind>)| Dependency { name: name.to_string(), kind: *kind };
        Package {
            name: name.into(),
            manifest_path: format!("/m/{folder}/{name}/Cargo.toml"),
            features: BTreeMap::new(),
            dependencies: edges.iter().map(edge).collect(),
        }
    }

    fn count(folder: &str, name: &str, edges: &[(&str, Option<Kind>)]) -> usize {
        faults(&[package(folder, name, edges)]).len()
    }

    #[test]
    fn an_edge_against_the_flow_is_a_fault() {
        assert_eq!(count("crates", "mainstay-model", &[("mainstay-kernel", None), ("serde", None)]), 0);
        assert_eq!(count("crates", "mainstay-kernel", &[("mainstay-model", None)]), 1);
        assert_eq!(count("crates", "mainstay-queue", &[("mainstay-live", None)]), 1);
        assert_eq!(count("crates", "mainstay-live", &[("mainstay-web", Some(Kind::Dev))]), 1);
    }

    #[test]
    fn only_tests_use_the_edges_of_tests() {
        assert_eq!(count("crates", "mainstay", &[("mainstay-test", Some(Kind::Dev))]), 0);
        assert_eq!(count("crates", "mainstay", &[("mainstay-test", None)]), 1);
    }

    #[test]
    fn a_crate_that_the_table_does_not_know_is_a_fault() {
        assert_eq!(count("crates", "mainstay-extras", &[]), 1);
    }

    #[test]
    fn an_application_depends_on_the_facade_alone() {
        let edges = [
            ("mainstay", None),
            ("mainstay-build", Some(Kind::Build)),
            ("mainstay-test", Some(Kind::Dev)),
            ("serde_json", None),
        ];
        assert_eq!(count("examples", "blog", &edges), 0);
        assert_eq!(count("examples", "blog", &[("mainstay-model", None)]), 1);
        assert_eq!(count("examples", "blog", &[("mainstay-test", None)]), 1);
    }

    #[test]
    fn only_the_kernel_names_drivers() {
        assert_eq!(count("crates", "mainstay-kernel", &[("rusqlite", None)]), 0);
        assert_eq!(count("crates", "mainstay-model", &[("rusqlite", None)]), 1);
        assert_eq!(count("crates", "mainstay-model", &[("rusqlite", Some(Kind::Dev))]), 0);
    }

    #[test]
    fn tools_may_depend_on_anything() {
        assert_eq!(count("", "bench", &[("mainstay-kernel", None)]), 0);
    }
}
