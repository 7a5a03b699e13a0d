use std::time::Duration;

use mainstay_kernel::{Admits, Boxed, DeclaredError, Place, Reader, Result, Tx};
use schemars::{Schema, SchemaGenerator};

use super::Asked;
use crate::worker::{Run, TaskCx, Worked, WorkerEntry, WorkerSpec};
use crate::{Job, Retry, WorkError};

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
    /// When a task of it whose attempt failed is tried again.
    pub retry: Retry,
    /// How long what it gave may be given again; for queries.
    pub cache: Option<Duration>,
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
            retry: Retry::DEFAULT,
            cache: None,
            summary: "",
            description: "",
            tags: &[],
            place,
        }
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
            worker: WorkerEntry { spec: const { &as_worker::<O>() }, run: run::<O>() },
        }
    }

    /// The shapes of its input and its output, with what they share put into `schemas`.
    pub fn shapes(&self, schemas: &mut SchemaGenerator) -> [Schema; 2] {
        (self.shapes)(schemas)
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
        O::SPEC.admits.judge(asked.caller())?;
        match O::PERFORM {
            Perform::Mutation(perform) => Ok(perform(tx, &asked).await?),
            Perform::Query(_) => Err(WorkError::permanent("a query was run as a mutation")),
        }
    })
}

fn read<'t, O: Operation>(cx: &'t TaskCx) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let asked = Asked::by_task(cx);
        O::SPEC.admits.judge(asked.caller())?;
        match O::PERFORM {
            Perform::Query(perform) => Ok(cx.db().snapshot(|reader, _| perform(reader, &asked)).await?),
            Perform::Mutation(_) => Err(WorkError::permanent("a mutation was run as a query")),
        }
    })
}
