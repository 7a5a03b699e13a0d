use mainstay_kernel::{Error, Result};
use serde_json::{Map, Value as Json};

use super::pointer::Pointer;

/// The most operations of a patch.
const MOST: usize = 1000;

/// One operation of a JSON Patch (RFC 6902, section 4).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operation {
    Add { path: Pointer, value: Json },
    Remove { path: Pointer },
    Replace { path: Pointer, value: Json },
    Move { from: Pointer, path: Pointer },
    Copy { from: Pointer, path: Pointer },
    Test { path: Pointer, value: Json },
}

impl Operation {
    /// The places that it writes to.
    pub(super) fn written(&self) -> Vec<&Pointer> {
        match self {
            Self::Add { path, .. }
            | Self::Remove { path }
            | Self::Replace { path, .. }
            | Self::Copy { path, .. } => {
                vec![path]
            }
            Self::Move { from, path } => vec![from, path],
            Self::Test { .. } => Vec::new(),
        }
    }
}

/// Reads the operations of a patch.
pub(super) fn read_all(json: Json) -> Result<Vec<Operation>> {
    let list = match json {
        Json::Array(list) => list,
        Json::Object(mut members) if members.len() == 1 && members.get("ops").is_some_and(Json::is_array) => {
            match members.remove("ops") {
                Some(Json::Array(list)) => list,
                Some(_) | None => Vec::new(),
            }
        }
        Json::Object(_) | Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            return Err(bad(
                "a patch is a list of operations, or {\"ops\": […]}; send fields as application/merge-patch+json",
            ));
        }
    };
    if list.len() > MOST {
        return Err(bad(format!("a patch has at most {MOST} operations, this one has {}", list.len())));
    }
    let read = |(position, json)| read(json).map_err(|why| bad(format!("operation {position}: {why}")));
    list.into_iter().enumerate().map(read).collect()
}

fn read(json: Json) -> Result<Operation, String> {
    let Json::Object(mut members) = json else { return Err("expected an object".to_owned()) };
    let op = text(&members, "op")?.to_owned();
    match op.as_str() {
        "add" => Ok(Operation::Add { path: pointer(&members, "path")?, value: value(&mut members)? }),
        "remove" => Ok(Operation::Remove { path: pointer(&members, "path")? }),
        "replace" => Ok(Operation::Replace { path: pointer(&members, "path")?, value: value(&mut members)? }),
        "move" => Ok(Operation::Move { from: pointer(&members, "from")?, path: pointer(&members, "path")? }),
        "copy" => Ok(Operation::Copy { from: pointer(&members, "from")?, path: pointer(&members, "path")? }),
        "test" => Ok(Operation::Test { path: pointer(&members, "path")?, value: value(&mut members)? }),
        other => {
            let shown: String = other.chars().take(64).collect();
            Err(format!("`op` is `{shown}`, expected add, remove, replace, move, copy or test"))
        }
    }
}

fn text<'a>(members: &'a Map<String, Json>, name: &str) -> Result<&'a str, String> {
    members.get(name).and_then(Json::as_str).ok_or_else(|| format!("`{name}` is not there, or no text"))
}

fn pointer(members: &Map<String, Json>, name: &str) -> Result<Pointer, String> {
    let text = text(members, name)?;
    Pointer::read(text).map_err(|why| {
        let shown: String = text.chars().take(64).collect();
        format!("`{name}` is `{shown}`, {why}")
    })
}

/// The value, which may be null, but not left out.
fn value(members: &mut Map<String, Json>) -> Result<Json, String> {
    members.remove("value").ok_or_else(|| "`value` is not there".to_owned())
}

fn bad(why: impl Into<String>) -> Error {
    Error::bad_request("bad_request", why)
}
