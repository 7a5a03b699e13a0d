use std::sync::Arc;

use mainstay_kernel::{Admits, Boxed, Db, DeclaredError, Error, Place, Rate, Reader, Result, Tx};
use schemars::{Schema, SchemaGenerator};

use super::{Asked, Cache, MiddlewareEntry, Mounted, Operations};
use crate::version::{FIRST, Versions};
use crate::worker::{Run, TaskCx, Worked, WorkerEntry, WorkerSpec, fits, shape};
use crate::{Job, Retry, Upgrade, WorkError};

/// What an operation says of itself.
#[derive(Clone, Copy, Debug)]
pub struct OperationSpec {
    /// The function's name.
    pub name: &'static str,
    /// Its path, such as `users.get.$user_id`.
    pub path: &'static str,
    /// Whether it writes.
    pub kind: OperationKind,
    /// The queue that reaches it, and in which its tasks wait.
    pub queue: &'static str,
    /// Whom it admits.
    pub admits: Admits,
    /// When a task of it whose attempt failed is tried again; else its queue says.
    pub retry: Option<Retry>,
    /// The version of its input, from 1.
    pub version: u32,
    /// What brings inputs of earlier versions up; without it they are read as they are.
    pub upgrade: Option<Upgrade>,
    /// How long what it gave is given again; for queries.
    pub cache: Option<Cache>,
    /// How often one caller may call it.
    pub rate: Option<Rate>,
    /// Its own middleware, the outermost first, within that of its queue.
    pub middleware: &'static [MiddlewareEntry],
    /// The names of the types of [`Extension`](super::Extension) that it takes.
    pub extensions: &'static [fn() -> &'static str],
    /// What it says to its middleware, by name.
    pub metadata: &'static [(&'static str, &'static str)],
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else there is to say.
    pub description: &'static str,
    /// What it is listed under.
    pub tags: &'static [&'static str],
    /// Where it stands.
    pub place: Place,
}

/// Whether an operation writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// It runs in a transaction.
    Mutation,
    /// It reads what is committed.
    Query,
}

impl OperationSpec {
    /// One that says no more than its kind, its name and its path.
    pub const fn new(kind: OperationKind, name: &'static str, path: &'static str, place: Place) -> Self {
        Self {
            name,
            path,
            kind,
            queue: WorkerSpec::QUEUE,
            admits: Admits::Everyone,
            retry: None,
            version: FIRST,
            upgrade: None,
            cache: None,
            rate: None,
            middleware: &[],
            extensions: &[],
            metadata: &[],
            summary: "",
            description: "",
            tags: &[],
            place,
        }
    }

    pub(crate) const fn versions(&self) -> Versions {
        Versions { current: self.version, upgrade: self.upgrade }
    }

    /// What it says of this name: `metadata(permission = "orders.write")`.
    pub fn said(&self, name: &str) -> Option<&'static str> {
        self.metadata.iter().find(|(it, _)| *it == name).map(|(_, value)| *value)
    }
}

/// A function under `#[mutation]` or `#[query]`, as a type. A task of it is found by its path.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation",
    note = "write `#[mutation(path = \"…\")]` or `#[query(path = \"…\")]` over the function"
)]
pub trait Operation: Job {
    /// What it gives.
    type Output: serde::Serialize + Send + 'static;

    /// What it says of itself.
    const SPEC: OperationSpec;

    /// The errors that it declares.
    const DECLARED: &'static [DeclaredError];

    /// How it is run.
    const PERFORM: Perform;

    /// The shapes of its input and its output.
    fn shapes(schemas: &mut SchemaGenerator) -> [Schema; 2];
}

/// How an operation is run: gives its output as JSON.
#[derive(Clone, Copy)]
pub enum Perform {
    /// In a transaction.
    Mutation(for<'t> fn(&'t mut Tx, &'t Asked) -> Boxed<'t, Result<String>>),
    /// With a reader.
    Query(for<'t> fn(&'t Reader, &'t Asked) -> Boxed<'t, Result<String>>),
}

/// An operation without its type.
#[derive(Clone, Copy)]
pub struct OperationEntry {
    /// What it says of itself.
    pub spec: &'static OperationSpec,
    /// The errors that it declares.
    pub declared: &'static [DeclaredError],
    pub(crate) perform: Perform,
    shapes: fn(&mut SchemaGenerator) -> [Schema; 2],
    worker: WorkerEntry,
}

impl OperationEntry {
    /// The entry of `O`.
    pub const fn of<O: Operation>() -> Self {
        Self {
            spec: const { &O::SPEC },
            declared: O::DECLARED,
            perform: O::PERFORM,
            shapes: O::shapes,
            worker: WorkerEntry {
                spec: const { &as_worker::<O>() },
                run: run::<O>(),
                reads: fits::<O::Input>,
                shape: shape::<O::Input>,
            },
        }
    }

    /// The shapes of its input and its output, with what they share put into `schemas`.
    pub fn shapes(&self, schemas: &mut SchemaGenerator) -> [Schema; 2] {
        (self.shapes)(schemas)
    }

    /// Its path as a template: `users.get.{user_id}` for `users.get.$user_id`.
    pub fn template(&self) -> String {
        let segments = self.spec.path.split('.').map(|it| match it.strip_prefix('$') {
            Some(name) => format!("{{{name}}}"),
            None => it.to_owned(),
        });
        segments.collect::<Vec<_>>().join(".")
    }

    /// What runs its tasks.
    pub fn worker(&self) -> WorkerEntry {
        self.worker
    }
}

impl std::fmt::Debug for OperationEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OperationEntry({})", self.spec.path)
    }
}

/// What runs tasks that name this operation.
const fn as_worker<O: Operation>() -> WorkerSpec {
    WorkerSpec {
        name: O::SPEC.path,
        queue: O::SPEC.queue,
        retry: O::SPEC.retry,
        timeout: WorkerSpec::TIMEOUT,
        concurrency: None,
        batch: 1,
        subscribe: None,
        keep: None,
        version: O::SPEC.version,
        upgrade: O::SPEC.upgrade,
        summary: O::SPEC.summary,
        place: O::SPEC.place,
    }
}

const fn run<O: Operation>() -> Run {
    match O::SPEC.kind {
        OperationKind::Mutation => Run::InTx(mutate::<O>),
        OperationKind::Query => Run::Free(read::<O>),
    }
}

fn mutate<'t, O: Operation>(tx: &'t mut Tx, cx: &'t TaskCx) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let asked = Asked::by_task(cx);
        O::SPEC.admits.judge(asked.caller()).map_err(WorkError::of_operation)?;
        mounted::<O>(cx.db())?.mutate(tx, &asked).await.map_err(WorkError::of_operation)
    })
}

fn read<'t, O: Operation>(cx: &'t TaskCx) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let asked = Asked::by_task(cx);
        O::SPEC.admits.judge(asked.caller()).map_err(WorkError::of_operation)?;
        let mounted = mounted::<O>(cx.db())?;
        let output = cx.db().snapshot(|reader, _| Box::pin(mounted.read(reader, &asked, None))).await;
        output.map_err(WorkError::of_operation)
    })
}

/// `O` with what is around it, in the application whose database this is.
pub(super) fn mounted<O: Operation>(db: &Db) -> Result<Arc<Mounted>> {
    let operations = db.extension::<Operations>().ok_or_else(|| {
        let (name, place) = (O::SPEC.name, O::SPEC.place);
        Error::internal(format!(
            "the operation `{name}` ({place}) was called on a database of no application with operations"
        ))
    })?;
    operations.of::<O>()
}
