use mainstay_kernel::Value;

use crate::{Field, Json};

/// One rule that a value breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Stable code, the rule's name: `length`, `email`, `wrong_type`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// Reads `value` as `T` and collects the rules it breaks. The derive macro calls this for each
/// column, with garde's rules.
pub fn broken<T: Field>(
    value: &Value,
    rules: impl Fn(&T) -> Vec<(&'static str, Result<(), garde::Error>)>,
) -> Vec<Broken> {
    match T::from_value(value.clone()) {
        Err(message) => vec![Broken { code: "wrong_type", message }],
        Ok(value) => rules(&value).into_iter().filter_map(failed).collect(),
    }
}

/// As [`broken`], of a field that has no rules but its type.
pub fn unfit<T: Field>(value: &Value) -> Vec<Broken> {
    broken::<T>(value, |_| Vec::new())
}

fn failed((code, outcome): (&'static str, Result<(), garde::Error>)) -> Option<Broken> {
    outcome.err().map(|error| Broken { code, message: error.message().to_owned() })
}

impl<T: garde::rules::length::simple::HasSimpleLength> garde::rules::length::simple::HasSimpleLength
    for Json<T>
{
    fn length(&self) -> usize {
        self.0.length()
    }
}

impl<U, T: garde::rules::inner::Inner<U>> garde::rules::inner::Inner<U> for Json<T> {
    type Key = T::Key;

    fn validate_inner<F>(&self, each: F)
    where
        F: FnMut(&U, &Self::Key),
    {
        self.0.validate_inner(each);
    }
}
