use mainstay_kernel::{Caller, Error, ErrorKind, FieldFault, Result, Value};
use schemars::SchemaGenerator;

use crate::json_schema::Rows;
use crate::rules::Broken;
use crate::scope::{Grant, Scope};
use crate::{Model, Predicate, Schema, SchemaOf};

/// What a client can do with the rows of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Action {
    Read,
    Create,
    Update,
    Patch,
    Delete,
}

impl Action {
    /// The verb, such as `create`.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// A model without its type: its schema and the few functions that know the type.
#[derive(Clone, Copy, Debug)]
pub struct ModelEntry {
    /// Its data.
    pub schema: &'static Schema,
    /// The actions that have routes.
    pub grants: &'static [Action],
    /// Checks one column's value against the field's type and rules.
    pub(crate) check: fn(usize, &Value) -> Vec<Broken>,
    /// Describes its rows.
    pub rows: SchemaOf,
    access: fn(Action, &Caller) -> Option<Grant>,
}

impl ModelEntry {
    /// The entry of `M`.
    pub const fn of<M: Scope>() -> Self {
        let check = <M as Model>::check;
        let rows = |generator: &mut SchemaGenerator| generator.subschema_for::<Rows<M>>();
        Self { schema: M::SCHEMA, grants: M::GRANTS, check, rows, access: access::<M> }
    }

    /// An entry without a type or rules, which everybody may read: for tests of any schema.
    #[doc(hidden)]
    pub const fn of_schema(schema: &'static Schema) -> Self {
        Self {
            schema,
            grants: &[Action::Read],
            check: |_, _| Vec::new(),
            rows: |_| schemars::Schema::default(),
            access: reading,
        }
    }

    /// A field's value from JSON, as clients write it; who may set the field is not asked.
    ///
    /// # Errors
    /// What is wrong with it: its type, or the rules that it breaks.
    pub fn read(
        &self,
        column: usize,
        json: serde_json::Value,
    ) -> std::result::Result<Value, Vec<FieldFault>> {
        crate::input::value(self, column, json)
    }

    /// Whether the field's type and rules accept this value.
    pub fn accepts(&self, column: usize, value: &Value) -> bool {
        (self.check)(column, value).is_empty()
    }

    /// Whether this action has a route.
    pub fn has(&self, action: Action) -> bool {
        self.grants.contains(&action)
    }

    /// The rows that this action of the caller's may touch; `None` when the scope denies it. A create
    /// is judged by the row that it would make.
    pub fn reach(&self, action: Action, who: &Caller) -> Option<Predicate> {
        (self.access)(action, who).map(|grant| grant.rows)
    }

    /// What the scope grants for this action.
    ///
    /// # Errors
    /// Unauthenticated for the anonymous and forbidden for everybody else, when it grants nothing.
    pub(crate) fn grant(&self, action: Action, who: &Caller) -> Result<Grant> {
        (self.access)(action, who).ok_or_else(|| self.denied(action, who))
    }

    pub(crate) fn denied(&self, action: Action, who: &Caller) -> Error {
        let Schema { name, .. } = self.schema;
        let verb = action.verb();
        Error::new(if who.is_anonymous() {
            ErrorKind::Unauthenticated(format!("sign in to {verb} a {name}"))
        } else {
            ErrorKind::Forbidden(format!("you may not {verb} this {name}"))
        })
    }

    /// The error for a row that is not there, or not within reach.
    pub(crate) fn not_found(&self, id: uuid::Uuid) -> Error {
        let Schema { name, .. } = self.schema;
        Error::new(ErrorKind::NotFound((*name).to_owned(), format!("no {name} with id {id}")))
    }
}

fn reading(action: Action, _: &Caller) -> Option<Grant> {
    (action == Action::Read).then(|| Grant { rows: Predicate::Always, sets: Vec::new() })
}

fn access<M: Scope>(action: Action, who: &Caller) -> Option<Grant> {
    match action {
        Action::Read => M::can_read(who),
        Action::Create => M::can_create(who),
        Action::Update => M::can_update(who),
        Action::Patch => M::can_patch(who),
        Action::Delete => M::can_delete(who),
    }
    .grant
}
