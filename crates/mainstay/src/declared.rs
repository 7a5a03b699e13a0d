use std::collections::HashSet;

use mainstay_kernel::{Error, Place, Result};

use crate::App;

/// Something that the sources declare, as discovery found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// What it is, such as `hook`.
    pub kind: &'static str,
    /// Its name within its file.
    pub name: &'static str,
    /// Its file, below the source folder.
    pub file: &'static str,
    /// The line of its name.
    pub line: u32,
}

/// What is declared in one source folder.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    /// A file of that folder, as `file!()` gives it.
    pub(crate) beside: &'static str,
    pub(crate) all: &'static [Declared],
}

/// Refuses an application in which something declared is not mounted.
pub(crate) fn all_are_mounted(app: &App) -> Result<()> {
    let mounted: HashSet<_> = places(app).map(|it| (plain(it.file), it.line)).collect();
    let mut missing = Vec::new();
    for Expected { beside, all } in app.parts().flat_map(|it| &it.declared) {
        let beside = plain(beside);
        let folder = beside.rsplit_once('/').map_or("", |(folder, _)| folder);
        for it in *all {
            let file = format!("{folder}/{}", it.file).trim_start_matches('/').to_owned();
            if !mounted.contains(&(file.clone(), it.line)) {
                missing.push(format!("the {} `{}` ({file}:{})", it.kind, it.name, it.line));
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let (verb, them) = if missing.len() == 1 { ("is", "it") } else { ("are", "them") };
    Err(Error::internal(format!(
        "{} {verb} declared and not mounted: move {them} to the folder of {them_kind}, where discovery mounts {them}, or \
         add {them} to the `App` in `main.rs`",
        missing.join(", "),
        them_kind = if missing.len() == 1 { "its kind" } else { "their kind" },
    )))
}

/// Where everything that is mounted is declared.
fn places(app: &App) -> impl Iterator<Item = Place> {
    let models = app.mounted().map(|it| it.model.schema.place);
    let hooks = app.parts().flat_map(|it| &it.hooks).map(|it| it.point.place);
    let endpoints = || app.parts().flat_map(|it| &it.endpoints).map(|it| it.endpoint.spec);
    let request_hooks = app.parts().flat_map(|it| &it.request_hooks).map(|it| it.place);
    let below = app.parts().flat_map(|it| &it.middleware_below).map(|(_, middleware)| middleware);
    let all = || std::iter::once(&app.middleware).chain(app.parts().map(|it| &it.middleware));
    let around = all().flat_map(|it| &it.routes).chain(below).chain(endpoints().flat_map(|it| it.middleware));
    let within = all().flat_map(|it| &it.operations);
    let within = within.chain(app.parts().flat_map(|it| &it.work.queues).flat_map(|it| &it.middleware));
    let within = within.chain(app.parts().flat_map(|it| &it.operations).flat_map(|it| it.spec.middleware));
    let around = around.map(|it| it.place).chain(within.map(|it| it.place));
    let workers = app.parts().flat_map(|it| &it.work.workers).map(|it| it.spec.place);
    let crons = app.parts().flat_map(|it| &it.work.crons).map(|it| it.worker.spec.place);
    let operations = app.parts().flat_map(|it| &it.operations).map(|it| it.spec.place);
    let beside = workers.chain(crons).chain(operations);
    models.chain(hooks).chain(request_hooks).chain(around).chain(endpoints().map(|it| it.place)).chain(beside)
}

/// A path with `/`, as on every other platform.
fn plain(file: &str) -> String {
    file.replace('\\', "/")
}
