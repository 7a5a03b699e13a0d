use mainstay::kernel::{Id, Timestamp, Value};
use mainstay::model::{Insert, Json, Model, Record};

use crate::by_hand::{NewTwin, Twin};
use crate::derived::{NewPost, NewSetting, Post, Setting, User};
use crate::look::{position, text};

fn new_post() -> NewPost {
    NewPost {
        user: Id::<User>::new().into(),
        parent: None,
        title: "a title".to_owned(),
        slug: "a-title".to_owned(),
        state: "draft".to_owned(),
        published: true,
        notes: None,
        views: 3,
        rating: 4.5,
        tags: Json(vec!["one".to_owned()]),
        r#match: 7,
    }
}

#[test]
fn the_derived_row_equals_the_one_written_by_hand() {
    let (id, user) = (Id::<Setting>::new(), Id::<User>::new());
    let derived = Setting { id, user: user.into(), label: "a".to_owned(), rank: Some(1) };
    let twin = Twin { id: Id::from_uuid(id.uuid()), user: user.into(), label: "a".to_owned(), rank: Some(1) };
    assert_eq!(derived.clone().into_record(), twin.clone().into_record());
    let again = Twin::from_record(derived.into_record()).unwrap();
    assert_eq!((again.id, again.label), (twin.id, twin.label));
}

#[test]
fn the_derived_new_row_equals_the_one_written_by_hand() {
    let user = Id::<User>::new();
    let derived = NewSetting { user: user.into(), label: "a".to_owned(), rank: None };
    let twin = NewTwin { user: user.into(), label: "a".to_owned(), rank: None };
    assert_eq!(derived.into_values(), twin.into_values());
}

#[test]
fn a_row_becomes_a_struct_and_a_row_again() {
    let (id, now) = (Id::<Post>::new(), Timestamp::from_micros(1_700_000_000_000_000));
    let record = Record::new(Post::SCHEMA, id.uuid(), now, new_post().into_values());
    let post = Post::from_record(record.clone()).unwrap();
    assert_eq!((post.id, post.created_at, post.updated_at, post.version), (id, now, now, 1));
    assert_eq!((post.title.as_str(), post.tags.len(), post.r#match), ("a title", 1, 7));
    assert_eq!(post.into_record(), record);
}

#[test]
fn a_record_that_does_not_fit_names_the_column() {
    let mut record =
        Record::new(Post::SCHEMA, Id::<Post>::new().uuid(), Timestamp::EPOCH, new_post().into_values());
    record.0[position::<Post>("headline")] = Value::Int(3);
    let error = Post::from_record(record).unwrap_err();
    assert_eq!(error.to_string(), "column `title` of `entries`: expected a text");
}

#[test]
fn what_a_new_row_does_not_give_is_the_default() {
    let record = Record::new(Post::SCHEMA, Id::<Post>::new().uuid(), Timestamp::EPOCH, []);
    assert_eq!(record.0[position::<Post>("state")], text("draft"));
    assert_eq!(record.0[position::<Post>("notes")], Value::Null);
}
