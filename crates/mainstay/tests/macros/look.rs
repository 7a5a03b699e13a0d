use mainstay::kernel::Value;
use mainstay::model::{Broken, ColumnDef, Model};

/// The position of the field that clients know by this name.
pub(crate) fn position<M: Model>(field: &str) -> usize {
    M::SCHEMA.field(field).unwrap_or_else(|| panic!("no field `{field}`"))
}

pub(crate) fn column<M: Model>(field: &str) -> &'static ColumnDef {
    M::SCHEMA.column(position::<M>(field))
}

/// The rules that the value breaks, by name.
pub(crate) fn broken<M: Model>(field: &str, value: &Value) -> Vec<&'static str> {
    M::check(position::<M>(field), value).into_iter().map(|Broken { code, .. }| code).collect()
}

pub(crate) fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}
