//! What is wrong with an input beyond its shape.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{Display, Write as _};

use crate::{Error, ErrorKind, FieldFault, Result};

/// An input that knows what is wrong with it. `#[data]` writes this from the fields' `#[garde(…)]`.
///
/// ```
/// use mainstay_kernel::{Flaws, Validate};
/// struct Range { from: i64, to: i64 }
/// impl Validate for Range {
///     fn validate(&self, flaws: &mut Flaws) {
///         if self.to < self.from {
///             flaws.of("to", |flaws| flaws.add("range", "must not be lower than `from`"));
///         }
///     }
/// }
/// let error = mainstay_kernel::valid(&Range { from: 3, to: 1 }).unwrap_err();
/// assert_eq!(error.to_string(), "`to`: must not be lower than `from`");
/// ```
pub trait Validate {
    /// Adds what is wrong to `flaws`.
    fn validate(&self, flaws: &mut Flaws);
}

/// The flaws of one input, each at its place.
#[derive(Debug, Default)]
pub struct Flaws {
    place: String,
    found: Vec<FieldFault>,
}

/// Whether nothing is wrong with `input`.
///
/// # Errors
/// Invalid, with every fault.
pub fn valid(input: &impl Validate) -> Result<()> {
    let mut flaws = Flaws::default();
    input.validate(&mut flaws);
    if flaws.found.is_empty() { Ok(()) } else { Err(Error::new(ErrorKind::Invalid(flaws.found))) }
}

impl Flaws {
    /// Adds a fault at this place.
    pub fn add(&mut self, code: impl Into<Cow<'static, str>>, message: impl Into<String>) {
        self.found.push(FieldFault { field: self.place.clone(), code: code.into(), message: message.into() });
    }

    /// Adds the rules that failed.
    pub fn add_failed<E: Display>(
        &mut self,
        outcomes: impl IntoIterator<Item = (&'static str, Result<(), E>)>,
    ) {
        for (code, outcome) in outcomes {
            if let Err(message) = outcome {
                self.add(code, message.to_string());
            }
        }
    }

    /// What `look` finds in a field of this place.
    pub fn of(&mut self, field: &str, look: impl FnOnce(&mut Self)) {
        let length = self.place.len();
        if length > 0 {
            self.place.push('.');
        }
        self.place.push_str(field);
        look(self);
        self.place.truncate(length);
    }

    /// What `look` finds in an element of this place.
    pub fn at(&mut self, index: usize, look: impl FnOnce(&mut Self)) {
        let length = self.place.len();
        let _ = write!(self.place, "[{index}]");
        look(self);
        self.place.truncate(length);
    }
}

/// A field's value, asked for its own flaws where its type has any: what `#[data]` calls.
#[doc(hidden)]
pub struct Nested<'a, T>(pub &'a T);

#[doc(hidden)]
pub trait LookWithin {
    fn look_within(&self, flaws: &mut Flaws);
}

impl<T: Validate> LookWithin for Nested<'_, T> {
    fn look_within(&self, flaws: &mut Flaws) {
        self.0.validate(flaws);
    }
}

/// Of a type that does not say what would be wrong with it.
#[doc(hidden)]
pub trait LookPast {
    fn look_within(&self, _: &mut Flaws) {}
}

impl<T> LookPast for &Nested<'_, T> {}

macro_rules! always_valid {
    ($($ty:ty),* $(,)?) => {$(
        impl Validate for $ty {
            fn validate(&self, _: &mut Flaws) {}
        }
    )*};
}

always_valid! {
    bool, char, String, f32, f64, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, (),
    serde_json::Value, uuid::Uuid, crate::Timestamp, crate::Date,
}

impl<M> Validate for crate::Id<M> {
    fn validate(&self, _: &mut Flaws) {}
}

impl<T: Validate> Validate for Option<T> {
    fn validate(&self, flaws: &mut Flaws) {
        if let Some(it) = self {
            it.validate(flaws);
        }
    }
}

impl<T: Validate> Validate for Box<T> {
    fn validate(&self, flaws: &mut Flaws) {
        (**self).validate(flaws);
    }
}

impl<T: Validate> Validate for Vec<T> {
    fn validate(&self, flaws: &mut Flaws) {
        for (index, it) in self.iter().enumerate() {
            flaws.at(index, |flaws| it.validate(flaws));
        }
    }
}

impl<T: Validate, S> Validate for HashMap<String, T, S> {
    fn validate(&self, flaws: &mut Flaws) {
        for (name, it) in self {
            flaws.of(name, |flaws| it.validate(flaws));
        }
    }
}

impl<T: Validate> Validate for BTreeMap<String, T> {
    fn validate(&self, flaws: &mut Flaws) {
        for (name, it) in self {
            flaws.of(name, |flaws| it.validate(flaws));
        }
    }
}

macro_rules! each_of {
    ($(($($part:ident $index:tt),*);)*) => {$(
        impl<$($part: Validate),*> Validate for ($($part,)*) {
            fn validate(&self, flaws: &mut Flaws) {
                $(flaws.at($index, |flaws| self.$index.validate(flaws));)*
            }
        }
    )*};
}

each_of! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Line(&'static str);

    impl Validate for Line {
        fn validate(&self, flaws: &mut Flaws) {
            if self.0.is_empty() {
                flaws.add("length", "must not be empty");
            }
        }
    }

    #[test]
    fn a_fault_is_named_by_its_place() {
        let mut flaws = Flaws::default();
        flaws.of("order", |flaws| {
            flaws.of("lines", |flaws| vec![Line("a"), Line("")].validate(flaws));
        });
        let places: Vec<_> = flaws.found.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(places, ["order.lines[1]"]);
    }

    #[test]
    fn a_field_of_any_type_may_be_looked_into() {
        struct Mute;
        let mut flaws = Flaws::default();
        (&Nested(&Mute)).look_within(&mut flaws);
        assert!(flaws.found.is_empty());
        Nested(&Line("")).look_within(&mut flaws);
        assert_eq!(flaws.found.len(), 1);
    }
}
