//! What an attacker would try.

use mainstay::serde_json::{Value, json};

use crate::on_both_stores;
use crate::place::{Kept, Place, on};
use crate::server::Launch;
use crate::wire::{Answer, Client};

on_both_stores! {
    a_forged_cursor_reveals_nothing
    a_private_field_cannot_be_asked_about
    what_is_hidden_looks_like_what_is_missing
    a_key_belongs_to_its_caller
    an_update_against_a_version_is_never_unconditional
    only_the_method_says_what_is_done
}

fn draft(title: &str) -> Value {
    json!({ "title": title, "published": false, "tags": [] })
}

/// A cursor that no list ever gave. Cursors are base64url.
fn forged(place: &Value) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in place.to_string().as_bytes().chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        let digits =
            (0..=group.len()).map(|index| char::from(DIGITS[(bits >> (18 - 6 * index)) as usize & 63]));
        text.extend(digits);
    }
    text
}

fn a_forged_cursor_reveals_nothing(place: &Place) {
    let blog = Launch::at(place).start();
    let mut ann = blog.person("ann");
    let secret = ann.post("/v1/posts", &draft("secret")).expect(201).id();
    let (mut bob, nil) = (blog.person("bob"), "00000000-0000-0000-0000-000000000000");
    let seen = |client: &mut Client, sort: &str, cursor: &Value| {
        let answer = client.get(&format!("/v1/posts?sort={sort}&cursor={}", forged(cursor)));
        let rows = (answer.status == 200).then(|| answer.json()["result"]["posts"].as_array().map(Vec::len));
        (answer.status, rows.flatten())
    };
    assert_eq!(seen(&mut ann, "id", &json!(["id", [nil]])), (200, Some(1)), "the forger forges well");
    assert_eq!(seen(&mut bob, "id", &json!(["id", [nil]])), (200, Some(0)));
    assert_eq!(seen(&mut bob, "title", &json!(["title,id", ["", nil]])), (200, Some(0)));
    // A field that the caller may not see, an order that was not asked for, values that are none.
    for (sort, cursor) in [
        ("notes", json!(["notes,id", ["", nil]])),
        ("id", json!(["notes,id", ["", nil]])),
        ("id", json!(["title,id", ["", nil]])),
        ("id", json!(["id", [secret, secret]])),
        ("id", json!(["id", []])),
        ("id", json!(["id", "id"])),
        ("id", json!({ "id": nil })),
        ("views", json!(["views,id", [1.5, nil]])),
        ("views", json!(["views,id", [null, nil]])),
        ("title", json!(["title,id", ["a\0", nil]])),
    ] {
        assert_eq!(seen(&mut ann, sort, &cursor), (400, None), "{cursor}");
    }
    for extreme in [i64::MIN, i64::MAX, -62_135_596_800_000_001, 253_402_300_800_000_000] {
        for sort in ["createdAt", "-views"] {
            let (status, rows) = seen(&mut bob, sort, &json!([format!("{sort},id"), [extreme, nil]]));
            assert_eq!((status, rows), (200, Some(0)), "{sort} {extreme}");
        }
    }
    blog.stop();
}

fn a_private_field_cannot_be_asked_about(place: &Place) {
    let blog = Launch::at(place).start();
    let mut ann = blog.person("ann");
    let id = ann.post("/v1/posts", &draft("draft")).expect(201).id();
    ann.put(&format!("/v1/posts/{id}"), &json!({ "notes": "for editors" })).expect(200);
    let hidden = [
        "sort=notes",
        "select=notes",
        "where[notes]=for%20editors",
        "where[notes][null]=false",
        "where[notes][gt]=a",
    ];
    for query in hidden {
        assert_eq!(ann.get(&format!("/v1/posts?{query}")).expect(400).code(), "unknown_field", "{query}");
    }
    for field in ["issuer", "subject"] {
        for query in [format!("sort={field}"), format!("select={field}"), format!("where[{field}]=x")] {
            let answer = ann.get(&format!("/v1/users?{query}")).expect(400);
            assert_eq!(answer.code(), "unknown_field", "{query}");
            assert!(!answer.json()["error_description"].to_string().contains("did you mean"), "{query}");
        }
    }
    for target in ["/v1/posts".to_owned(), format!("/v1/posts/{id}"), "/v1/users".to_owned()] {
        let body = ann.get(&target).expect(200).body;
        let body = String::from_utf8_lossy(&body);
        assert!(["notes", "for editors", "issuer", "subject"].iter().all(|it| !body.contains(it)), "{body}");
    }
    let seen = blog.person_as("ann", "editor").get(&format!("/v1/posts/{id}")).expect(200).json();
    assert_eq!(seen["result"]["notes"], json!("for editors"), "it is there, for those who may see it");
    blog.stop();
}

fn what_is_hidden_looks_like_what_is_missing(place: &Place) {
    let blog = Launch::at(place).start();
    let hidden = blog.person("ann").post("/v1/posts", &draft("mine")).expect(201).id();
    let missing = "00000000-0000-7000-8000-000000000000";
    let mut bob = blog.person("bob");
    for (method, body) in
        [("GET", None), ("HEAD", None), ("PUT", Some(json!({ "title": "yours" }))), ("DELETE", None)]
    {
        for headers in
            [&[][..], &[("if-match", "\"1\"")], &[("if-match", "\"7\"")], &[("if-none-match", "\"1\"")]]
        {
            let mut ask = |id: &str| {
                let answer =
                    bob.call(method, &format!("/v1/posts/{id}"), headers, body.as_ref()).expect("an answer");
                (answer.status, without_names(&answer, id))
            };
            assert_eq!(ask(&hidden), ask(missing), "{method} {headers:?}");
        }
    }
    let mut ann = blog.person("ann");
    assert_eq!(ann.get(&format!("/v1/posts/{hidden}")).expect(200).json()["result"]["version"], json!(1));
    blog.stop();
}

/// An answer's body and the names of its headers, without what is new in each.
fn without_names(answer: &Answer, id: &str) -> String {
    let request = answer.header("x-request-id").expect("every answer has one");
    String::from_utf8_lossy(&answer.body).replace(id, "<id>").replace(request, "<request>")
}

fn a_key_belongs_to_its_caller(place: &Place) {
    let blog = Launch::at(place).start();
    let mut people = [blog.person("ann"), blog.person("bob"), blog.person("user:ann"), blog.person("ann ")];
    let mut ids: Vec<String> = Vec::new();
    for person in &mut people {
        let answer = person.post_keyed("the same key", &draft("mine")).expect("an answer").expect(201);
        assert_eq!(answer.header("idempotent-replayed"), None);
        ids.push(answer.id());
    }
    ids.dedup();
    assert_eq!(ids.len(), people.len(), "each has a row of its own");
    let other = people[0].post_keyed("the same key", &draft("another")).expect("an answer").expect(409);
    assert_eq!(other.code(), "request_id_conflict");
    let key = [("idempotency-key", "the same key")];
    let anonymous = blog.anybody().call("POST", "/v1/posts", &key, Some(&draft("mine"))).expect("an answer");
    assert_eq!(anonymous.expect(401).header("idempotent-replayed"), None);
    let notes = people[0].call("POST", "/v1/notes", &key, Some(&json!({ "body": 1 }))).expect("an answer");
    assert_eq!(notes.expect(201).header("idempotent-replayed"), None, "another route is another request");
    for keys in [&[("idempotency-key", "")][..], &[("idempotency-key", "a"), ("idempotency-key", "b")]] {
        people[0].call("POST", "/v1/posts", keys, Some(&draft("mine"))).expect("an answer").expect(400);
    }
    let long = "k".repeat(256);
    people[0].post_keyed(&long, &draft("mine")).expect("an answer").expect(400);
    blog.stop();
}

fn an_update_against_a_version_is_never_unconditional(place: &Place) {
    let blog = Launch::at(place).start();
    let mut ann = blog.person("ann");
    let target = format!("/v1/posts/{}", ann.post("/v1/posts", &draft("first")).expect(201).id());
    let mut put = |tag: &str, body: Value| {
        let answer = ann.call("PUT", &target, &[("if-match", tag)], Some(&body)).expect("an answer");
        (answer.status, answer.code())
    };
    for body in [json!({ "title": "second" }), json!({})] {
        for tag in [
            "\"0\"",
            "\"2\"",
            "W/\"1\"",
            "1",
            "\"",
            "\"-1\"",
            "\"+1\"",
            "\"01\"",
            "\"9223372036854775808\"",
            "rubbish",
        ] {
            assert_eq!(put(tag, body.clone()), (412, "stale_version".to_owned()), "{tag} {body}");
        }
        for tag in ["", ",", " , "] {
            assert_eq!(put(tag, body.clone()), (400, "bad_request".to_owned()), "{tag:?} {body}");
        }
    }
    let many: Vec<String> = (10..4000).map(|version| format!("\"{version}\"")).collect();
    assert_eq!(put(&many.join(","), json!({ "title": "second" })).0, 412);
    assert_eq!(ann.get(&target).expect(200).json()["result"]["title"], json!("first"));
    blog.stop();
}

fn only_the_method_says_what_is_done(place: &Place) {
    let blog = Launch::at(place).with("TRUSTED_ORIGINS", "https://app.example.org").start();
    let mut ann = blog.person("ann");
    let target = format!("/v1/posts/{}", ann.post("/v1/posts", &draft("stays")).expect(201).id());
    let overrides =
        [("x-http-method-override", "DELETE"), ("x-method-override", "DELETE"), ("x-http-method", "DELETE")];
    for (method, target, status) in [
        ("POST", target.clone(), 405),
        ("GET", format!("{target}?_method=DELETE"), 400),
        ("HEAD", target.clone(), 200),
        ("OPTIONS", target.clone(), 405),
        ("TRACE", target.clone(), 405),
        ("PURGE", target.clone(), 405),
        ("HEAD", "/v1/posts".to_owned(), 200),
    ] {
        let answer = ann.call(method, &target, &overrides, None).expect("an answer");
        assert_eq!(answer.status, status, "{method} {target}");
        assert!(method != "HEAD" || answer.body.is_empty());
    }
    for origin in [
        "null",
        "https://evil.example",
        "https://app.example.org.evil",
        "http://app.example.org",
        "HTTPS://APP.EXAMPLE.ORG:444",
    ] {
        let asks = [("origin", origin), ("access-control-request-method", "DELETE")];
        for method in ["OPTIONS", "GET"] {
            let answer = ann.call(method, &target, &asks, None).expect("an answer");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{method} from {origin}");
        }
    }
    let trusted = [("origin", "https://app.example.org"), ("access-control-request-method", "DELETE")];
    let answer = ann.call("OPTIONS", &target, &trusted, None).expect("an answer").expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.org"));
    assert_eq!(ann.get(&target).expect(200).json()["result"]["version"], json!(1));
    blog.stop();
}

#[test]
fn no_request_hides_in_another() {
    on(Kept::Sqlite, |place| {
        let blog = Launch::at(place).with("REQUEST_HEADER_TIMEOUT", "300ms").start();
        let hidden = "GET /v1/hello?name=smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
        for framing in [
            "content-length: 5\r\ntransfer-encoding: chunked",
            "transfer-encoding: chunked\r\ncontent-length: 60",
            "content-length: 5\r\ncontent-length: 60",
            "content-length: 5, 60",
            "transfer-encoding: chunked, identity",
            "transfer-encoding: xchunked",
            "transfer-encoding:\r\n chunked",
            "transfer-encoding : chunked",
            "transfer-encoding\x0b: chunked",
            "content-length: 5\r\nhost: y",
        ] {
            let head = "POST /v1/hello HTTP/1.1\r\nhost: x\r\n";
            let mut wire = blog.wire();
            let _broken_off = wire.send(format!("{head}{framing}\r\n\r\n0\r\n\r\n{hidden}"));
            let answers = wire.answers();
            assert!(
                answers.len() <= 1 && answers.iter().all(|it| it.status >= 400),
                "{framing:?}: {answers:?}"
            );
        }
        blog.stop();
    });
}

#[test]
fn a_request_id_stays_within_its_header() {
    on(Kept::Sqlite, |place| {
        let blog = Launch::at(place).with("LOG", "info").start();
        let ask = |id: &str, accept: &str| {
            let headers = [("x-request-id", id), ("accept", accept)];
            blog.anybody().call("GET", "/v1/nowhere", &headers, None).expect("an answer").expect(404)
        };
        let kept = ask("a%0d%0aset-cookie:x=1", "application/json");
        assert_eq!(kept.header("x-request-id"), Some("a%0d%0aset-cookie:x=1"));
        assert_eq!(kept.header("set-cookie"), None);
        let quoted = ask(r#"","status":200,"x":"<script>"#, "application/json");
        assert_eq!((&quoted.json()["status"], quoted.json().get("x")), (&json!(404), None));
        let page = String::from_utf8(ask("<script>alert(1)</script>", "text/html").body).expect("a page");
        assert!(page.contains("<html") && !page.contains("<script>alert"), "{page}");
        for refused in ["a\tb", "caf\u{e9}", &"a".repeat(129)] {
            let given = ask(refused, "*/*").header("x-request-id").expect("every answer has one").to_owned();
            assert!(given.starts_with("req_"), "{refused:?} became {given}");
        }
        blog.stop();
    });
}

#[test]
fn credentials_that_do_not_hold_are_refused_alike() {
    on(Kept::Sqlite, |place| {
        let blog =
            Launch::at(place).with("AUTH_SERVICE_TOKENS", "billing:0123456789abcdef0123456789abcdef").start();
        let good = blog.person("ann").request("GET", "/", &[], None);
        let good = String::from_utf8(good).expect("a head is text");
        let good = good.lines().find_map(|line| line.strip_prefix("authorization: ")).expect("a token");
        let [head, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else {
            panic!("three parts")
        };
        let none = "Bearer eyJhbGciOiJub25lIn0";
        for wrong in [
            "Bearer",
            "Bearer ",
            "Bearer a",
            "Bearer a.b.c",
            "Basic YTpi",
            "bearer\u{a0}x",
            &"Bearer ".repeat(500),
            &format!("Bearer {}", "a".repeat(20_000)),
            &format!("{none}.{claims}."),
            &format!("{none}.{claims}.{signature}"),
            &format!("{head}.{claims}."),
            &format!("{head}.{claims}.{signature}A"),
            &format!("{head}.{claims}A.{signature}"),
            &format!("{good}, {good}"),
            &format!("{head}.{claims}.{signature}.{signature}"),
        ] {
            let answer = blog
                .anybody()
                .call("GET", "/v1/users", &[("authorization", wrong)], None)
                .expect("an answer");
            assert_eq!((answer.status, answer.code()), (401, "unauthorized".to_owned()), "{wrong}");
            assert!(answer.header("www-authenticate").is_some(), "{wrong}");
        }
        for (name, wrong) in [
            ("x-service-token", "0123456789abcdef0123456789abcdeF"),
            ("x-api-key", "billing"),
            ("x-service-token", ""),
        ] {
            let answer = blog.anybody().call("GET", "/v1/users", &[(name, wrong)], None).expect("an answer");
            assert_eq!(answer.status, 401, "{name}: {wrong}");
        }
        let twice = [("authorization", good), ("authorization", good)];
        blog.anybody().call("GET", "/v1/users", &twice, None).expect("an answer").expect(401);
        let both = [("authorization", good), ("x-service-token", "rubbish that is long enough to be one")];
        blog.anybody().call("GET", "/v1/users", &both, None).expect("an answer").expect(401);
        blog.anybody()
            .call("GET", "/v1/users", &[("authorization", good)], None)
            .expect("an answer")
            .expect(200);
        assert!(!blog.log().contains(signature), "a token is never logged");
        blog.stop();
    });
}
