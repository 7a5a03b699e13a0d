use std::any::type_name;
use std::marker::PhantomData;

use mainstay_kernel::DeclaredError;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::state::State;

/// What is known of an endpoint's input and answer.
#[derive(Debug, Default)]
pub struct Described {
    /// The parameters of path, query and headers.
    pub params: Vec<Param>,
    /// The body it takes.
    pub body: Option<Payload>,
    /// The status of success.
    pub status: u16,
    /// What success answers, without the envelope; none for a response of the author's own.
    pub answer: Option<Payload>,
    /// Whether success says where something is.
    pub located: bool,
    /// The errors it declares.
    pub errors: &'static [DeclaredError],
    /// Whether an argument asks for somebody who signed in.
    pub signed_in: bool,
    /// The types of what arguments ask of the application, as [`State`](crate::State), by their names.
    pub states: Vec<&'static str>,
    /// The role that an argument asks for.
    pub role: Option<&'static str>,
}

/// One parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name; empty for one of the path that is known by its place.
    pub name: String,
    /// Where it is.
    pub at: ParamIn,
    /// Whether it must be given.
    pub is_required: bool,
    /// What it is.
    pub schema: Value,
}

/// Where a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ParamIn {
    Path,
    Query,
    Header,
}

/// A body.
#[derive(Debug)]
pub struct Payload {
    /// Its media type.
    pub media: &'static str,
    /// What it is.
    pub schema: Schema,
}

/// A description in the making.
pub struct Describing<'g> {
    /// Where shared shapes are kept.
    pub schemas: &'g mut SchemaGenerator,
    /// What is known so far.
    pub described: Described,
}

/// An argument that can be described.
pub trait Documented {
    /// Adds what it asks of the request.
    fn document(of: &mut Describing<'_>);
}

impl<T: 'static> Documented for State<T> {
    fn document(of: &mut Describing<'_>) {
        of.described.states.push(type_name::<T>());
    }
}

/// An argument's type, asked for its description where it has one: what the macro calls.
#[doc(hidden)]
pub struct Probe<T>(pub PhantomData<T>);

#[doc(hidden)]
pub trait Known {
    fn describe(&self, of: &mut Describing<'_>);
}

impl<T: Documented> Known for Probe<T> {
    fn describe(&self, of: &mut Describing<'_>) {
        T::document(of);
    }
}

/// Of an extractor that says nothing of itself.
#[doc(hidden)]
pub trait Undocumented {
    fn describe(&self, _: &mut Describing<'_>) {}
}

impl<T> Undocumented for &Probe<T> {}
