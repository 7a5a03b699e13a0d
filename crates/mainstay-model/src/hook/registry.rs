use std::collections::HashMap;
use std::fmt;

use mainstay_kernel::{Boxed, Error};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::firing::{Moment, RowChange};
use super::{Hook, HookCx, HookPoint, When};
use crate::{Action, Model as _, Schema};

/// A hook without its type.
#[derive(Clone, Copy, Debug)]
pub struct HookEntry {
    /// Whose rows.
    pub schema: &'static Schema,
    /// When it runs.
    pub point: HookPoint,
    pub(super) run: for<'t> fn(Moment<'t>) -> Boxed<'t, mainstay_kernel::Result<RowChange>>,
}

impl HookEntry {
    /// The entry of `H`.
    pub const fn of<H: Hook>() -> Self {
        Self { schema: H::Model::SCHEMA, point: H::POINT, run: run::<H> }
    }
}

/// `post  after  save  200  index_post`, as `routes --hooks` lists it.
impl fmt::Display for HookEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HookPoint { when, event, priority, name, .. } = self.point;
        write!(f, "{:<16} {:<6} {:<6} {priority:>5}  {name}", self.schema.name, when.name(), event.name())
    }
}

impl Serialize for HookEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let HookPoint { when, event, priority, name, place } = self.point;
        let mut hook = serializer.serialize_struct("HookEntry", 7)?;
        hook.serialize_field("model", self.schema.name)?;
        hook.serialize_field("when", when.name())?;
        hook.serialize_field("event", event.name())?;
        hook.serialize_field("priority", &priority)?;
        hook.serialize_field("name", name)?;
        hook.serialize_field("file", place.file)?;
        hook.serialize_field("line", &place.line)?;
        hook.end()
    }
}

fn run<H: Hook>(moment: Moment<'_>) -> Boxed<'_, mainstay_kernel::Result<RowChange>> {
    Box::pin(async move {
        let mut cx = HookCx::<H::Model>::open(moment, H::POINT)?;
        H::run(&mut cx).await?;
        Ok(cx.close())
    })
}

/// The hooks of an application, each model's in the order in which they run.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    by_table: HashMap<&'static str, Vec<HookEntry>>,
}

impl Hooks {
    /// The hooks of an application with these models, in the order of their registration.
    ///
    /// # Errors
    /// Internal, naming both hooks of one name, or a hook whose model is not mounted.
    pub fn new(hooks: &[HookEntry], models: &[&'static Schema]) -> mainstay_kernel::Result<Self> {
        let mut by_table: HashMap<_, Vec<HookEntry>> = HashMap::new();
        for (position, hook) in hooks.iter().enumerate() {
            if let Some(twin) = hooks[..position].iter().find(|it| it.point.name == hook.point.name) {
                return Err(same_name(twin, hook));
            }
            if !models.iter().any(|it| it.table == hook.schema.table) {
                return Err(without_model(hook));
            }
            by_table.entry(hook.schema.table).or_default().push(*hook);
        }
        for hooks in by_table.values_mut() {
            hooks.sort_by_key(|it| (it.point.when, it.point.priority));
        }
        Ok(Self { by_table })
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.by_table.is_empty()
    }

    /// The hooks of a model: those before, those after and those that spawn, each in the order in which they run.
    pub fn of(&self, schema: &Schema) -> &[HookEntry] {
        self.by_table.get(schema.table).map_or(&[], Vec::as_slice)
    }

    /// Those that run for this action, on this side.
    pub(super) fn due(
        &self,
        schema: &Schema,
        action: Action,
        when: When,
    ) -> impl Iterator<Item = &HookEntry> {
        self.of(schema).iter().filter(move |it| it.point.when == when && it.point.event.is(action))
    }

    /// Whether any runs for this action.
    pub(super) fn is_due(&self, schema: &Schema, action: Action) -> bool {
        self.of(schema).iter().any(|it| it.point.event.is(action))
    }
}

fn same_name(one: &HookEntry, other: &HookEntry) -> Error {
    let HookPoint { name, place, .. } = one.point;
    if place == other.point.place {
        return Error::internal(format!(
            "the hook `{name}` ({place}) is mounted twice: take one of the two away"
        ));
    }
    let which = |it: &HookEntry| {
        let HookPoint { when, event, place, .. } = it.point;
        format!("{} {} of `{}` ({place})", when.name(), event.name(), it.schema.name)
    };
    Error::internal(format!(
        "two hooks are called `{name}`: the one {} and the one {}; rename one of them",
        which(one),
        which(other)
    ))
}

fn without_model(hook: &HookEntry) -> Error {
    Error::internal(format!(
        "the hook `{}` ({}) is of the model `{}` ({}), which is not mounted: add it with `App::model`",
        hook.point.name, hook.point.place, hook.schema.name, hook.schema.place
    ))
}
