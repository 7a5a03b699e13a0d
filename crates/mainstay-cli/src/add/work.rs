//! `mainstay add worker`, `cron`, `mutation` and `query`

use anyhow::{Result, bail};

use super::wrote;
use crate::name::Name;
use crate::project::Project;
use crate::template::fill;

pub(super) fn worker(project: &Project, name: &str) -> Result<String> {
    let name = Name::read(name)?;
    let values = [("name", name.snake()), ("words", &name.words())];
    let path = format!("src/workers/{}.rs", name.snake());
    project.write(&path, &fill(include_str!("../../templates/add/worker.rs.in"), &values))?;
    let next = format!("what it does; `tx.enqueue({}, …).await?` leaves a task for it", name.snake());
    Ok(wrote(&path, &next))
}

pub(super) fn cron(project: &Project, name: &str, when: &str) -> Result<String> {
    let name = Name::read(name)?;
    is_plain(when)?;
    let values = [("name", name.snake()), ("words", &name.words()), ("when", when)];
    let path = format!("src/crons/{}.rs", name.snake());
    project.write(&path, &fill(include_str!("../../templates/add/cron.rs.in"), &values))?;
    Ok(wrote(&path, "what it does when its time has come"))
}

pub(super) fn mutation(project: &Project, name: &str, path: Option<&str>) -> Result<String> {
    operation(project, name, path, "mutations", include_str!("../../templates/add/mutation.rs.in"))
}

pub(super) fn query(project: &Project, name: &str, path: Option<&str>) -> Result<String> {
    operation(project, name, path, "queries", include_str!("../../templates/add/query.rs.in"))
}

fn operation(
    project: &Project,
    name: &str,
    called: Option<&str>,
    folder: &str,
    template: &str,
) -> Result<String> {
    let name = Name::read(name)?;
    let called = match called {
        Some(path) => called_by(path)?,
        None => name.kebab(),
    };
    let values =
        [("name", name.snake()), ("Name", &name.camel()), ("words", &name.words()), ("path", &called)];
    let path = format!("src/{folder}/{}.rs", name.snake());
    project.write(&path, &fill(template, &values))?;
    Ok(wrote(&path, &format!("what it takes and gives; it is called at `/v1/ops/{called}`")))
}

/// A path of words with dots between them; parameters are their author's to write.
fn called_by(path: &str) -> Result<String> {
    let is_word = |it: &str| {
        !it.is_empty() && it.chars().all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '_')
    };
    if let Some(wrong) = path.split('.').find(|it| !is_word(it)) {
        bail!(
            "`{wrong}` in the path `{path}` is no word: write it like `users.create`, and parameters into the file"
        );
    }
    Ok(path.to_owned())
}

/// Refuses what would end the text in the attribute, or is no expression by its looks.
fn is_plain(when: &str) -> Result<()> {
    let is_expression =
        when.starts_with('@') || when.starts_with("rate(") || when.split_whitespace().count() == 5;
    if !is_expression || when.contains(['"', '\\', '\n', '{']) {
        bail!("`{when}` does not say when: write it like `0 3 * * *`, `@daily` or `rate(10 minutes)`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_words_with_dots_between_them() {
        assert_eq!(called_by("users.create").ok().as_deref(), Some("users.create"));
        for wrong in ["", "users..create", "/users", "users.$id", "users.{id}", "a\"b"] {
            assert!(called_by(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_cron_says_when() {
        for right in ["@daily", "0 3 * * *", "rate(10 minutes)"] {
            assert!(is_plain(right).is_ok(), "{right}");
        }
        for wrong in ["daily", "0 3 * *", "@daily\", \"x", "@{{name}}"] {
            assert!(is_plain(wrong).is_err(), "{wrong}");
        }
    }
}
