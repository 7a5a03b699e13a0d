use mainstay::kernel::Value;
use mainstay::model::Model;

use crate::by_hand::Twin;
use crate::derived::{Post, Setting, User};
use crate::look::{broken, text};

#[test]
fn the_derived_check_equals_the_one_written_by_hand() {
    for column in 0..8 {
        for value in [text(""), text("long enough"), Value::Int(3), Value::Null] {
            assert_eq!(Setting::check(column, &value), Twin::check(column, &value), "{column} {value:?}");
        }
    }
}

#[test]
fn a_length_counts_characters_and_not_bytes() {
    assert!(broken::<Post>("headline", &text("ééééé")).is_empty());
    assert_eq!(broken::<Post>("headline", &text("éééééé")), ["length"]);
    assert_eq!(broken::<Post>("headline", &text("")), ["length"]);
    assert_eq!(broken::<Post>("notes", &text("éé")), ["length"], "bytes, where the author says so");
}

#[test]
fn a_missing_value_breaks_no_rule() {
    assert!(broken::<Post>("notes", &Value::Null).is_empty());
    assert!(broken::<User>("email", &Value::Null).is_empty());
}

#[test]
fn every_rule_is_checked_and_named() {
    assert_eq!(broken::<Post>("rating", &Value::Float(5.5)), ["range"]);
    assert!(broken::<Post>("rating", &Value::Float(5.0)).is_empty());
    assert_eq!(broken::<Post>("slug", &text("Ä x")), ["ascii", "pattern", "custom"]);
    assert!(broken::<Post>("slug", &text("a-slug")).is_empty());
    assert_eq!(broken::<User>("email", &text("nobody")), ["email"]);
    assert_eq!(broken::<User>("email", &text("somebody@example.museum")), ["length"]);
    assert_eq!(broken::<User>("lastSeenAt", &text("::1")), ["ipv4"]);
    assert_eq!(broken::<User>("issuer", &text("x")), ["prefix", "suffix", "contains"]);
    assert!(broken::<User>("issuer", &text("https://a.b/")).is_empty());
}

#[test]
fn the_rules_of_a_list_look_at_its_length() {
    let tags = |tags: &[&str]| Value::Json(tags.iter().copied().collect());
    assert!(broken::<Post>("tags", &tags(&["a", "b"])).is_empty());
    assert_eq!(broken::<Post>("tags", &tags(&["a", "b", "c"])), ["length"]);
}

#[test]
fn a_value_of_another_type_is_only_that() {
    assert_eq!(broken::<Post>("views", &text("many")), ["wrong_type"]);
    assert_eq!(broken::<Post>("headline", &Value::Int(1)), ["wrong_type"]);
}
