//! Values of each kind. A new kind gets an arm in each function here, and its place in `KINDS`.

use std::cmp::Ordering;

use mainstay::kernel::{EnumType, Fixed, Kind, Timestamp, Value};
use mainstay::model::{Field as _, Json};
use mainstay::serde_json::{self, json};
use uuid::Uuid;

use crate::dice::Dice;

/// Its order is not that of its names.
static MOOD: EnumType = EnumType { name: "mood", variants: &["poor", "fair", "good"] };

/// Text and JSON are asked the most, so they are there more often.
pub(super) const KINDS: [Kind; 16] = [
    Kind::Bool,
    Kind::Int,
    Kind::Float,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Bytes,
    Kind::Uuid,
    Kind::Timestamp,
    Kind::Date,
    Kind::Decimal(0),
    Kind::Decimal(2),
    Kind::Decimal(18),
    Kind::Enum(&MOOD),
    Kind::Json,
    Kind::Json,
];

/// One of a few values, so that there are ties.
pub(super) fn value(kind: Kind, dice: &mut Dice) -> Value {
    match kind {
        Kind::Bool => Value::Bool(dice.roll(2) == 0),
        Kind::Int => Value::Int(dice.one(&[0, 1, 2, -1, i64::MAX, i64::MIN])),
        Kind::Float => dice.one(&FLOATS).into_value(),
        Kind::Text => Value::Text(text(dice)),
        Kind::Bytes => Value::Bytes(dice.one(&[vec![], vec![0], vec![0, 0], vec![255]])),
        Kind::Uuid => uuid(dice.roll(4)),
        Kind::Timestamp => Value::Timestamp(Timestamp::from_micros(dice.one(&MICROS))),
        Kind::Date => Value::Date(dice.one(&DATES).parse().expect("a date")),
        Kind::Decimal(scale) => {
            Value::Decimal(Fixed { units: dice.one(&[0, 1, -1, 100, i64::MAX, i64::MIN]), scale })
        }
        Kind::Enum(of) => Value::Enum(of.at(dice.below(of.variants.len()))),
        Kind::Json => Json(document(dice, 2)).into_value(),
    }
}

/// Zero in both its forms, the smallest, neighbours. Their sum is the same in each order, or nearly.
const FLOATS: [f64; 11] = [
    0.0,
    -0.0,
    0.1,
    0.100_000_000_000_000_02,
    1.0,
    5e-324,
    -5e-324,
    f64::MIN_POSITIVE,
    1e300,
    9_007_199_254_740_993.0,
    2.0 / 3.0,
];

/// Neighbours, both sides of 1970 and the ends.
const MICROS: [i64; 8] = [
    1_769_860_800_000_000,
    1_769_860_800_000_001,
    1_769_860_800_000_999,
    -1,
    0,
    951_782_400_000_000,
    i64::MIN,
    i64::MAX,
];

const DATES: [&str; 6] = ["0001-01-01", "0999-12-31", "1969-12-31", "2026-02-28", "2026-03-01", "9999-12-31"];

pub(super) fn uuid(number: u64) -> Value {
    Value::Uuid(Uuid::from_u128(number.into()))
}

/// Short, of characters that mean something to patterns, to folding, and to sorting.
pub(super) fn text(dice: &mut Dice) -> String {
    const CHARACTERS: [&str; 30] = [
        "a",
        "A",
        "b",
        "B",
        "k",
        "K",
        "s",
        "S",
        "i",
        "I",
        "é",
        "É",
        "e\u{301}",
        "\u{301}",
        "İ",
        "ı",
        "ß",
        "ẞ",
        "ſ",
        "\u{212a}",
        "ﬁ",
        "%",
        "_",
        "\\",
        " ",
        "*",
        "\u{1}",
        "😀",
        "\u{10ffff}",
        "\u{d7ff}",
    ];
    (0..dice.below(5)).map(|_| dice.one(&CHARACTERS)).collect()
}

pub(super) fn document(dice: &mut Dice, depth: usize) -> serde_json::Value {
    let scalars = [
        json!(null),
        json!(true),
        json!(1),
        json!(1.0),
        json!(0.5),
        json!(-0.0),
        json!(-1),
        json!(0.1),
        json!(1e-7),
        json!(1e15),
        json!(1e16),
        json!(1e20),
        json!(1e300),
        json!(i64::MIN),
        json!(9_007_199_254_740_993_i64),
        json!(u64::MAX),
        json!("a"),
        json!("é"),
        json!("e\u{301}"),
        json!("A"),
        json!("1"),
        json!(""),
    ];
    match if depth == 0 { 2 } else { dice.roll(4) } {
        0 => (0..dice.below(4)).map(|_| document(dice, depth - 1)).collect(),
        1 => {
            let fields = (0..dice.below(3)).map(|_| (key(dice), document(dice, depth - 1)));
            serde_json::Value::Object(fields.collect())
        }
        _ => dice.one(&scalars),
    }
}

pub(super) fn key(dice: &mut Dice) -> String {
    dice.one(&["a", "b", "0", "A", "é"]).to_owned()
}

/// The order of two values, where what is missing comes last in both directions.
pub(super) fn order(one: &Value, other: &Value, descending: bool) -> Ordering {
    let order = match (one, other) {
        (Value::Null, Value::Null) => return Ordering::Equal,
        (Value::Null, _) => return Ordering::Greater,
        (_, Value::Null) => return Ordering::Less,
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Int(one), Value::Int(other)) => one.cmp(other),
        (Value::Float(one), Value::Float(other)) => one.partial_cmp(other).expect("a number"),
        (Value::Text(one), Value::Text(other)) => one.as_bytes().cmp(other.as_bytes()),
        (Value::Bytes(one), Value::Bytes(other)) => one.cmp(other),
        (Value::Uuid(one), Value::Uuid(other)) => one.as_bytes().cmp(other.as_bytes()),
        (Value::Timestamp(one), Value::Timestamp(other)) => one.cmp(other),
        (Value::Date(one), Value::Date(other)) => one.to_string().cmp(&other.to_string()),
        (Value::Decimal(one), Value::Decimal(other)) => one.units.cmp(&other.units),
        (Value::Enum(one), Value::Enum(other)) => one.index().cmp(&other.index()),
        (one, other) => panic!("no order is known of {one:?} and {other:?}"),
    };
    if descending { order.reverse() } else { order }
}
