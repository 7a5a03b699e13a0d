//! Whatever is asked of a list, both stores say the same.

use mainstay::serde_json::{Value, json};

use crate::place::{Kept, Place, is_wanted};
use crate::server::{Blog, Launch};
use crate::wire::{Answer, Client};

#[path = "../../../../fuzz/driver.rs"]
mod driver;

const SEEDS: [&[u8]; 8] = [
    b"limit=3&page=2&sort=-title,views&direction=desc&select=title,published",
    b"where[title][gte]=b&where[views][between]=0,1&where[published]=true&count=exact",
    b"where[title][in]=[\"a\",\"b,c\"]&where[views][nin]=1,2&where[body][ne]=&sort=body",
    b"where[id]=01234567-89ab-7def-8123-456789abcdef&where[createdAt][lt]=2999-01-31T12:00:00.5Z",
    b"where[user][null]=false&where[tags][null]=true&count=only",
    b"where[createdAt][gte]=0000-01-01T00:00:00Z&where[updatedAt][ne]=-009999-01-02T01:59:59Z&sort=published,title",
    b"sort=title,id&cursor=WyJ0aXRsZSxpZCIsWyJiIiwiMDEyMzQ1NjctODlhYi03ZGVmLTgxMjMtNDU2Nzg5YWJjZGVmIl1d",
    b"sort=-views,title,id&cursor=WyItdmlld3MsdGl0bGUsaWQiLFswLCJiIiwiMDEyMzQ1NjctODlhYi03ZGVmLTgxMjMtNDU2Nzg5YWJjZGVmIl1d",
];

/// Titles in an order that only bytes have.
const TITLES: [&str; 8] = ["a", "b", "B", "b,c", "\u{e9}", "\u{1f600}", "z\u{301}", "_%\\'\""];

#[test]
fn fuzz_list_queries_are_answered_alike() {
    if ![Kept::Sqlite, Kept::Postgres].into_iter().all(is_wanted) {
        return eprintln!("skipped: one of the stores is not there");
    }
    let places = [Kept::Sqlite, Kept::Postgres].map(Place::new);
    let blogs = places.each_ref().map(|place| Launch::at(place).start());
    let clients = blogs.each_ref().map(filled);
    let clients = std::cell::RefCell::new(clients);
    driver::drive(&SEEDS, |query| {
        let target = format!("/v1/posts?{}", escaped(query));
        let [one, other] = clients.borrow_mut().each_mut().map(|client| seen(&client.get(&target)));
        assert_eq!(one, other, "{target}");
    });
    blogs.into_iter().for_each(Blog::stop);
}

/// Somebody who wrote a post of each title.
fn filled(blog: &Blog) -> Client {
    let mut ann = blog.person("ann");
    for (number, title) in TITLES.iter().enumerate() {
        let post =
            json!({ "title": title, "body": title.repeat(number), "published": number % 2 == 0, "tags": [] });
        ann.post("/v1/posts", &post).expect(201);
    }
    ann
}

/// Bytes as they may stand in a query.
fn escaped(query: &[u8]) -> String {
    let text = query.iter().map(|byte| match byte {
        b'!' | b'$'..=b';' | b'=' | b'?'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~' => {
            char::from(*byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    // A head has a limit of its own.
    text.collect::<String>().chars().take(8000).collect()
}

/// What must be the same: everything but ids and times.
fn seen(answer: &Answer) -> (u16, Value) {
    assert!(answer.status < 500, "{answer:?}");
    let body = answer.json();
    if answer.status != 200 {
        return (answer.status, json!([body["error"], body["error_description"]]));
    }
    let rows = body["result"]["posts"].as_array().into_iter().flatten();
    let rows: Vec<Value> =
        rows.map(|row| json!([row["title"], row["body"], row["published"], row["tags"]])).collect();
    (200, json!([body["result"]["total"], body["result"]["next"].is_null(), rows]))
}
