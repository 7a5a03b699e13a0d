//! What clients know of their writes: each was begun under a key of its own, and acknowledged or not.
//! The ledger is written before a request is sent and after its answer is read.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use mainstay::serde_json::{Value, json};

use crate::place::Place;
use crate::server::{self, Blog};
use crate::store;
use crate::waiting::{breath, until};
use crate::wire::{Answer, Client};

/// Of how many acknowledged writes the answer is asked for again.
const REPLAYED: usize = 3000;

/// Posts under way and posts acknowledged, by key. A post's title is its key.
pub(crate) struct Ledger {
    writers: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The row of each write, once it is acknowledged.
    posts: BTreeMap<String, Option<String>>,
    /// Begun and not acknowledged.
    unfinished: BTreeSet<String>,
}

impl Ledger {
    /// For so many writers, each a person of its own.
    pub(crate) fn new(writers: usize) -> Self {
        Self { writers, state: Mutex::default() }
    }

    /// All write until `go_on` ends it or the blog is gone, each first what it could not finish before.
    pub(crate) fn write(&self, blog: &Blog, go_on: impl Fn() -> bool + Sync) {
        thread::scope(|scope| {
            for writer in 0..self.writers {
                let go_on = &go_on;
                scope.spawn(move || self.write_as(blog, writer, go_on));
            }
        });
    }

    fn write_as(&self, blog: &Blog, writer: usize, go_on: &dyn Fn() -> bool) {
        let mut client = blog.person(&name(writer));
        while go_on() {
            let tried = self.try_one(&mut client, writer);
            if tried.is_err() && TcpStream::connect(blog.address()).is_err() {
                return;
            }
        }
    }

    /// One writer that tries again whatever happens, until `go_on` ends it.
    pub(crate) fn persist(&self, address: SocketAddr, writer: usize, go_on: impl Fn() -> bool) {
        let mut client = server::person(address, &name(writer));
        while go_on() {
            if self.try_one(&mut client, writer).is_err() {
                breath();
            }
        }
    }

    /// Sends what is unfinished, or else something new. An answer is an acknowledgement, or asks to
    /// try again later.
    fn try_one(&self, client: &mut Client, writer: usize) -> io::Result<()> {
        let key = self.unfinished(writer).unwrap_or_else(|| self.begin(writer));
        let answer = client.post_keyed(&key, &post(&key))?;
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            breath();
        } else {
            self.acknowledge(&key, &answer.expect(201));
        }
        Ok(())
    }

    /// How many writes were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        let state = self.state();
        state.posts.len() - state.unfinished.len()
    }

    /// A key, noted before anything is sent under it.
    pub(crate) fn begin(&self, writer: usize) -> String {
        let mut state = self.state();
        let key = format!("w{writer}-{}", state.posts.len());
        state.posts.insert(key.clone(), None);
        state.unfinished.insert(key.clone());
        key
    }

    /// Notes an answer. A write has one row, however often it is acknowledged.
    pub(crate) fn acknowledge(&self, key: &str, answer: &Answer) {
        let id = answer.id();
        let mut state = self.state();
        state.unfinished.remove(key);
        let before = state.posts.insert(key.to_owned(), Some(id.clone())).expect("noted before it was sent");
        assert!(before.is_none_or(|before| before == id), "{key} was acknowledged as two rows");
    }

    fn unfinished(&self, writer: usize) -> Option<String> {
        let from = format!("w{writer}-");
        let state = self.state();
        state.unfinished.range(from.clone()..).next().filter(|key| key.starts_with(&from)).cloned()
    }

    /// Retries every write without an answer by its key, asks for a part of the others again, and
    /// compares what is there with what was acknowledged: each exactly once and nothing else.
    pub(crate) fn settle(&self, place: &Place, blog: Blog) {
        self.retry_unfinished(&blog);
        self.ask_again(&blog);
        self.compare_rows(&blog);
        blog.stop();
        let keys = i64::try_from(self.state().posts.len()).expect("not that many");
        assert_eq!(place.count(store::POSTS), keys, "rows");
        assert_eq!(place.count(store::RESULTS), keys, "kept answers: one for each row, none without");
        assert_eq!(place.count(store::USERS), i64::try_from(self.writers).expect("a few"), "people");
    }

    fn retry_unfinished(&self, blog: &Blog) {
        let unfinished = self.state().unfinished.clone();
        for key in unfinished {
            let answer = until("an unacknowledged write is retried by its key", || self.again(blog, &key));
            self.acknowledge(&key, &answer.expect(201));
        }
    }

    /// What the key's writer is answered now; `None` when it should try again.
    fn again(&self, blog: &Blog, key: &str) -> Option<Answer> {
        let writer = key.split('-').next().expect("keys begin with their writer");
        let mut client = blog.person(&format!("writer-{}", &writer[1..]));
        client.post_keyed(key, &post(key)).ok().filter(|answer| answer.status != 503)
    }

    fn ask_again(&self, blog: &Blog) {
        thread::scope(|scope| {
            for writer in 0..self.writers {
                scope.spawn(move || self.ask_again_as(blog, writer));
            }
        });
    }

    fn ask_again_as(&self, blog: &Blog, writer: usize) {
        let mut client = blog.person(&name(writer));
        let from = format!("w{writer}-");
        let posts: Vec<_> = {
            let state = self.state();
            let mine = state.posts.range(from.clone()..).take_while(|(key, _)| key.starts_with(&from));
            mine.take(REPLAYED / self.writers).map(|(key, id)| (key.clone(), id.clone())).collect()
        };
        for (key, id) in posts {
            let answer = client.post_keyed(&key, &post(&key)).expect("an answer").expect(201);
            assert_eq!(answer.header("idempotent-replayed"), Some("true"), "{key} ran twice");
            assert_eq!(Some(answer.id()), id, "{key} is answered with another row");
        }
    }

    fn compare_rows(&self, blog: &Blog) {
        let posts = self.state().posts.clone();
        let expected: BTreeMap<String, String> =
            posts.into_iter().map(|(key, id)| (key, id.expect("all are acknowledged by now"))).collect();
        let mut seen = BTreeSet::new();
        let mut client = blog.anybody();
        let mut cursor = String::new();
        loop {
            let list = client
                .get(&format!("/v1/posts?limit=100&count=none&select=title{cursor}"))
                .expect(200)
                .json();
            for row in list["result"]["posts"].as_array().expect("a list of posts") {
                let (title, id) =
                    (row["title"].as_str().expect("a title"), row["id"].as_str().expect("an id"));
                assert_eq!(expected.get(title).map(String::as_str), Some(id), "{title}");
                assert!(seen.insert(title.to_owned()), "{title} is there twice");
            }
            match list["result"]["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), expected.len(), "acknowledged writes are missing");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who a writer is.
pub(crate) fn name(writer: usize) -> String {
    format!("writer-{writer}")
}

/// The post of this key.
pub(crate) fn post(key: &str) -> Value {
    json!({ "title": key, "published": true, "tags": [key] })
}
