use mainstay_kernel::{EnumType, Value};

use crate::suggest;

/// A Rust enum without data that a model's field can have, known by the names of its variants to the
/// stores, to JSON and to clients. Derive it, and with it `Field`, `Operand`, `Serialize` and
/// `Deserialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an enum for models",
    note = "add `#[derive(ModelEnum)]` to it"
)]
pub trait ModelEnum: Sized {
    /// Its name and its variants, in the order of their declaration.
    const TYPE: &'static EnumType;

    /// The position of this variant.
    fn index(&self) -> usize;

    /// The variant at this position.
    fn at(index: usize) -> Option<Self>;

    /// The name of this variant.
    fn name(&self) -> &'static str {
        Self::TYPE.variants[self.index()]
    }

    /// The variant of this name.
    ///
    /// # Errors
    /// What was expected, naming the nearest variant.
    fn named(name: &str) -> Result<Self, String> {
        let found = Self::TYPE.find(name).and_then(|it| Self::at(it.index()));
        found.ok_or_else(|| unknown(Self::TYPE, name))
    }

    /// This variant as a value to store.
    fn to_value(&self) -> Value {
        Value::Enum(Self::TYPE.at(self.index()))
    }

    /// The variant that a stored value is.
    ///
    /// # Errors
    /// What was expected.
    fn of_value(value: &Value) -> Result<Self, String> {
        let found = if let Value::Enum(it) = value
            && it.of() == Self::TYPE
        {
            Self::at(it.index())
        } else {
            None
        };
        found.ok_or_else(|| format!("expected one of `{}`", Self::TYPE.variants.join("`, `")))
    }
}

/// `unknown value `drfat`, did you mean `draft`?`
pub(crate) fn unknown(of: &EnumType, wrong: &str) -> String {
    let message = suggest::unknown("value", wrong, of.variants.iter().copied());
    match message.ends_with('?') {
        true => message,
        false => format!("{message}, expected one of `{}`", of.variants.join("`, `")),
    }
}
