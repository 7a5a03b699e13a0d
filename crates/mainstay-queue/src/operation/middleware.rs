use std::ops::Deref;

use mainstay_kernel::{Boxed, Error, Place, Reader, Result, Tx};

use super::answers::Answers;
use super::{Asked, Mounted, OperationSpec, Perform};

/// A function under `#[middleware]` that takes a [`Cx`], as a type: it runs around operations, within the transaction
/// of a mutation and the snapshot of a query.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware of operations",
    note = "write `#[middleware]` over `async fn name(cx: &mut Cx<'_>) -> Result<Reply>`; one that takes a `RequestCx` is \
            around routes"
)]
pub trait Middleware: Copy + Send + Sync + 'static {
    /// The function's name.
    const NAME: &'static str;
    /// Where it stands.
    const PLACE: Place;

    /// Gives what comes next gave, or refuses.
    fn run<'a>(cx: &'a mut Cx<'_>) -> Boxed<'a, Result<Reply>>;
}

/// A middleware without its type.
#[derive(Clone, Copy, Debug)]
pub struct MiddlewareEntry {
    /// The function's name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    run: for<'a, 't> fn(&'a mut Cx<'t>) -> Boxed<'a, Result<Reply>>,
}

impl MiddlewareEntry {
    /// The entry of `M`.
    pub const fn of<M: Middleware>() -> Self {
        Self { name: M::NAME, place: M::PLACE, run: M::run }
    }
}

/// One attempt of one call, as the middleware around its operation sees it. It reads like a [`Reader`].
///
/// When the transaction is run again, so is the middleware, with a context of its own.
pub struct Cx<'t> {
    database: Database<'t>,
    asked: &'t mut Asked,
    mounted: &'t Mounted,
    answers: Option<&'t Answers>,
    /// Which middleware is next; none once it was let run.
    next: Option<usize>,
}

/// What the operation is given of the database.
pub(super) enum Database<'t> {
    Tx(&'t mut Tx),
    Reader(&'t Reader),
}

/// What an operation gave, as JSON that is what its schema says. Only [`Cx::next`] makes one, so that nothing else is
/// ever answered.
#[derive(Debug)]
pub struct Reply(pub(super) String);

impl Reply {
    /// The JSON.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

impl<'t> Cx<'t> {
    pub(super) fn new(
        database: Database<'t>,
        asked: &'t mut Asked,
        mounted: &'t Mounted,
        answers: Option<&'t Answers>,
    ) -> Self {
        Self { database, asked, mounted, answers, next: Some(0) }
    }

    /// The call: who asks, its headers, its parameters, its input, which attempt it is.
    pub fn asked(&self) -> &Asked {
        self.asked
    }

    /// What the operation says of itself: its path, its queue, its metadata.
    pub fn operation(&self) -> &'static OperationSpec {
        self.mounted.entry.spec
    }

    /// The transaction of a mutation.
    ///
    /// # Errors
    /// Internal, of a query: it reads.
    pub fn tx(&mut self) -> Result<&mut Tx> {
        let path = self.operation().path;
        match &mut self.database {
            Database::Tx(tx) => Ok(tx),
            Database::Reader(_) => {
                Err(Error::internal(format!("`{path}` is a query: the middleware around it can read alone")))
            }
        }
    }

    /// Keeps a value for those who come after, in place of the one of its type: `Extension<T>` is given it.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.asked.insert(value);
    }

    /// A value that was kept.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.asked.value()
    }

    /// Lets the middleware within this one run, and at last the operation. Its error undoes the transaction, whatever
    /// becomes of it.
    ///
    /// # Errors
    /// Theirs; internal, when they were let run before.
    pub async fn next(&mut self) -> Result<Reply> {
        let Some(next) = self.next.take() else {
            return Err(Error::internal("a middleware let what comes next run twice"));
        };
        let Some(middleware) = self.mounted.around.get(next) else { return self.perform().await.map(Reply) };
        let database = match &mut self.database {
            Database::Tx(tx) => Database::Tx(tx),
            Database::Reader(reader) => Database::Reader(reader),
        };
        let (mounted, answers) = (self.mounted, self.answers);
        (middleware.run)(&mut Cx { database, asked: self.asked, mounted, answers, next: Some(next + 1) })
            .await
    }

    async fn perform(&mut self) -> Result<String> {
        match (self.mounted.entry.perform, &mut self.database, self.answers) {
            (Perform::Mutation(perform), Database::Tx(tx), _) => perform(tx, self.asked).await,
            (Perform::Query(perform), Database::Reader(reader), None) => perform(reader, self.asked).await,
            (Perform::Query(perform), Database::Reader(reader), Some(answers)) => {
                answers.give(self.mounted.entry.spec, self.asked, || perform(reader, self.asked)).await
            }
            (Perform::Mutation(_), Database::Reader(_), _) | (Perform::Query(_), Database::Tx(_), _) => {
                Err(Error::internal("an operation was run as one of another kind"))
            }
        }
    }
}

impl Deref for Cx<'_> {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        match &self.database {
            Database::Tx(tx) => tx,
            Database::Reader(reader) => reader,
        }
    }
}
