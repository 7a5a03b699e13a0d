use std::hash::{BuildHasher, Hash, RandomState};

use mainstay_kernel::Value;
use serde_json::Value as Json;

use super::Step;

/// Takes values for numbers: values that compare as equal for the same one. That others may have it too costs
/// a look; who writes rows cannot bring it about, for the numbers differ from process to process.
#[derive(Debug, Default)]
pub(super) struct Fingerprint(RandomState);

/// The kinds of what a fingerprint is taken of, so that an empty text is not an empty list of bytes.
#[derive(Hash)]
enum Of<'a> {
    Nothing,
    Bool(bool),
    Int(i64),
    /// A float's bits: zero has no sign, and all that is no number is one.
    Float(u64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Uuid(&'a [u8; 16]),
    Key(u64, &'a str),
    Item(u64),
    At(u64, &'a Of<'a>),
}

/// Where all paths begin.
const TOP: u64 = 0;

impl Fingerprint {
    /// Of a column's value.
    pub(super) fn value(&self, value: &Value) -> u64 {
        self.of(&match value {
            Value::Null => Of::Nothing,
            Value::Bool(it) => Of::Bool(*it),
            Value::Int(it) => Of::Int(*it),
            Value::Float(it) => float(*it),
            Value::Text(it) => Of::Text(it),
            Value::Bytes(it) => Of::Bytes(it),
            Value::Uuid(it) => Of::Uuid(it.as_bytes()),
            Value::Timestamp(it) => Of::Int(it.as_micros()),
            // Documents that are equal may be written differently.
            Value::Json(_) => Of::Nothing,
            Value::Decimal(it) => Of::Int(it.units),
            Value::Date(it) => Of::Int(it.as_days().into()),
            Value::Enum(it) => Of::Text(it.name()),
        })
    }

    /// Of a value at a place within JSON; it is no list and no object.
    pub(super) fn element(&self, path: &[Step], value: &Json) -> u64 {
        let place = path.iter().fold(TOP, |place, step| match step {
            Step::Key(key) => self.of(&Of::Key(place, key)),
            Step::Item => self.of(&Of::Item(place)),
        });
        self.at(place, value)
    }

    /// Of each value within JSON, at each place where it may be asked for.
    pub(super) fn each_element(&self, json: &Json, see: &mut impl FnMut(u64)) {
        if let Json::Array(items) = json {
            // A list at the top also stands for its elements.
            items.iter().filter(|it| is_scalar(it)).for_each(|it| see(self.at(TOP, it)));
        }
        self.within(TOP, json, see);
    }

    fn within(&self, place: u64, json: &Json, see: &mut impl FnMut(u64)) {
        match json {
            Json::Array(items) => {
                let place = self.of(&Of::Item(place));
                items.iter().for_each(|it| self.within(place, it, see));
            }
            Json::Object(members) => {
                members.iter().for_each(|(key, it)| self.within(self.of(&Of::Key(place, key)), it, see));
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => see(self.at(place, json)),
        }
    }

    fn at(&self, place: u64, scalar: &Json) -> u64 {
        self.of(&Of::At(
            place,
            &match scalar {
                Json::Null | Json::Array(_) | Json::Object(_) => Of::Nothing,
                Json::Bool(it) => Of::Bool(*it),
                // 1 and 1.0 are equal; large integers may meet.
                Json::Number(it) => float(it.as_f64().unwrap_or(f64::NAN)),
                Json::String(it) => Of::Text(it),
            },
        ))
    }

    fn of(&self, it: &Of<'_>) -> u64 {
        self.0.hash_one(it)
    }
}

pub(super) fn is_scalar(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => true,
        Json::Array(_) | Json::Object(_) => false,
    }
}

fn float(it: f64) -> Of<'static> {
    Of::Float(if it == 0.0 {
        0
    } else if it.is_nan() {
        f64::NAN.to_bits()
    } else {
        it.to_bits()
    })
}
