use std::marker::PhantomData;

use schemars::{JsonSchema, SchemaGenerator};

/// Finds out, for one type that the derive macro knows by its tokens alone, whether it is described:
/// `(&Probe::<T>::NEW).schema(generator)` calls [`Described`] where it can and [`Undescribed`] where it must.
pub struct Probe<T>(PhantomData<T>);

impl<T> Probe<T> {
    /// The only one.
    pub const NEW: Self = Self(PhantomData);
}

/// Of a type that implements [`JsonSchema`].
pub trait Described {
    /// Its schema.
    fn schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema;
}

impl<T: JsonSchema> Described for Probe<T> {
    fn schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<T>()
    }
}

/// Of any other type.
pub trait Undescribed {
    /// Any JSON.
    fn schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema;
}

impl<T> Undescribed for &Probe<T> {
    fn schema(&self, _: &mut SchemaGenerator) -> schemars::Schema {
        schemars::Schema::default()
    }
}
