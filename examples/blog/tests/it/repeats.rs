//! Many requests at the same moment that are the same one.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use mainstay::serde_json::json;

use crate::on_both_stores;
use crate::place::Place;
use crate::server::Launch;
use crate::store;

on_both_stores! {
    two_hundred_repeats_at_once_are_one_write_and_one_answer
    a_newcomer_s_requests_at_once_make_one_person
}

const REPEATS: usize = 200;

fn two_hundred_repeats_at_once_are_one_write_and_one_answer(place: &Place) {
    let blog = Launch::at(place).start();
    let post = json!({ "title": "once", "published": true, "tags": ["a"] });
    let start = Barrier::new(REPEATS);
    let answers: Vec<_> = thread::scope(|scope| {
        let ask = || {
            let mut ann = blog.person("ann");
            start.wait();
            ann.post_keyed("the only key", &post).expect("an answer").expect(201)
        };
        let asking: Vec<_> = (0..REPEATS).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|it| it.join().expect("no request failed")).collect()
    });
    let bodies: BTreeSet<&[u8]> = answers.iter().map(|answer| answer.body.as_slice()).collect();
    let heads: BTreeSet<_> = answers.iter().map(|it| (it.header("location"), it.header("etag"))).collect();
    assert_eq!((bodies.len(), heads.len()), (1, 1), "all are answered alike");
    let replayed = answers.iter().filter(|it| it.header("idempotent-replayed") == Some("true")).count();
    assert_eq!(replayed, REPEATS - 1, "one of them did it");
    blog.stop();
    assert_eq!((place.count(store::POSTS), place.count(store::RESULTS)), (1, 1));
}

fn a_newcomer_s_requests_at_once_make_one_person(place: &Place) {
    let blog = Launch::at(place).start();
    let start = Barrier::new(32);
    let people: BTreeSet<String> = thread::scope(|scope| {
        let ask = || {
            let mut newcomer = blog.person("newcomer");
            start.wait();
            let list = newcomer.get("/v1/users").expect(200).json();
            assert_eq!(list["result"]["total"], json!(1), "one sees oneself");
            list["result"]["users"][0]["id"].as_str().expect("an id").to_owned()
        };
        let asking: Vec<_> = (0..32).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|it| it.join().expect("no request failed")).collect()
    });
    assert_eq!(people.len(), 1);
    blog.stop();
    assert_eq!(place.count(store::USERS), 1);
}
