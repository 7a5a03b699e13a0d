use mainstay_queue::operation;
use mainstay_web::endpoint;

/// What [`App::middleware`](crate::App::middleware) and [`Mount::middleware`](crate::Mount::middleware) take: a function
/// under `#[middleware]`, whose context says what it is around.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    note = "write `#[middleware]` over the function; a layer of tower's is added by `.layer(…)`"
)]
pub trait Around<Kind> {
    #[doc(hidden)]
    fn entry() -> Entry;
}

/// It takes a `RequestCx`.
#[derive(Debug)]
pub struct Routes;

/// It takes a `Cx`.
#[derive(Debug)]
pub struct Operations;

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    Routes(endpoint::MiddlewareEntry),
    Operations(operation::MiddlewareEntry),
}

#[diagnostic::do_not_recommend]
impl<M: endpoint::Middleware> Around<Routes> for M {
    fn entry() -> Entry {
        Entry::Routes(endpoint::MiddlewareEntry::of::<M>())
    }
}

#[diagnostic::do_not_recommend]
impl<M: operation::Middleware> Around<Operations> for M {
    fn entry() -> Entry {
        Entry::Operations(operation::MiddlewareEntry::of::<M>())
    }
}

/// Middleware of both kinds, the outermost first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arounds {
    pub(crate) routes: Vec<endpoint::MiddlewareEntry>,
    pub(crate) operations: Vec<operation::MiddlewareEntry>,
}

impl Arounds {
    pub(crate) fn add<K, M: Around<K>>(&mut self) {
        match M::entry() {
            Entry::Routes(entry) => self.routes.push(entry),
            Entry::Operations(entry) => self.operations.push(entry),
        }
    }
}
