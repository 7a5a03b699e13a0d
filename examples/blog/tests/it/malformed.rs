//! What is no request, or no sensible one: refused with a 4xx or by closing, never with a 5xx.

use mainstay::serde_json::{Value, json};

use crate::on_both_stores;
use crate::place::{Kept, Place, on};
use crate::server::{Blog, Launch};
use crate::wire::Answer;

on_both_stores! { values_that_make_no_sense_are_refused_in_the_envelope }

fn launch(place: &Place) -> Launch {
    Launch::at(place).with("REQUEST_HEADER_TIMEOUT", "300ms").with("REQUEST_BODY_TIMEOUT", "400ms")
}

#[test]
fn bytes_that_are_no_request_are_refused_or_closed() {
    on(Kept::Sqlite, |place| {
        let blog = launch(place).start();
        let person =
            blog.person("ann").request("POST", "/v1/posts", &[("content-type", "application/json")], None);
        let person = String::from_utf8(person).expect("a head is text");
        let head = person.trim_end();
        for (what, bytes) in no_requests(head) {
            let mut wire = blog.wire();
            // The server may close before it has read everything.
            let _broken_off = wire.send(&bytes);
            for answer in wire.answers() {
                assert_refused(&format!("{what:?}"), &answer);
            }
            blog.anybody().get("/v1/hello").expect(200);
        }
        assert!(blog.peak_memory() < 200, "{} MiB", blog.peak_memory());
        assert_eq!(blog.person("ann").get("/v1/posts").expect(200).json()["result"]["total"], json!(0));
        blog.stop();
    });
}

/// Requests that end too early, lie about their length, or are none.
fn no_requests(head: &str) -> Vec<(&'static str, Vec<u8>)> {
    let body = r#"{"title":"t","published":true,"tags":[]}"#;
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes();
    let framed = |framing: &str, rest: &str| format!("{head}\r\n{framing}\r\n\r\n{rest}").into_bytes();
    let flood = |count: usize| (0..count).map(|number| format!("x{number}: y\r\n")).collect::<String>();
    vec![
        ("nothing", Vec::new()),
        (
            "a TLS hello",
            [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc".as_slice(), &(0..=255).collect::<Vec<u8>>()].concat(),
        ),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()),
        ("only line ends", b"\r\n".repeat(40_000)),
        ("half a head", b"GET /v1/hello HTTP/1.1\r\nhost: x\r\nx-".to_vec()),
        ("a method without end", b"A".repeat(100_000)),
        ("a path of 10 000 characters", get(&format!("/{}", "a".repeat(10_000)))),
        ("a path of 100 000 characters", get(&format!("/{}", "a".repeat(100_000)))),
        ("a space in the path", get("/v1/a b")),
        ("text that is not UTF-8 in the path", get("/v1/%ff")),
        ("NUL in the path", get("/v1/posts/%00")),
        ("no escape in the path", get("/v1/posts/%zz")),
        ("markup in the path", get("/v1/<script>")),
        ("a hundred thousand headers", format!("GET / HTTP/1.1\r\n{}\r\n", flood(100_000)).into_bytes()),
        ("a thousand headers", format!("GET / HTTP/1.1\r\n{}\r\n", flood(1000)).into_bytes()),
        ("NUL in a header", b"GET / HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n".to_vec()),
        ("two hosts", b"GET /v1/hello HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n".to_vec()),
        ("CONNECT", b"CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n".to_vec()),
        ("no length", framed("content-length: ", body)),
        ("a negative length", framed("content-length: -1", body)),
        ("a length with a sign", framed("content-length: +40", body)),
        ("a length beyond numbers", framed("content-length: 99999999999999999999999", body)),
        ("a length beyond the limit", framed("content-length: 99999999", body)),
        ("two lengths", framed("content-length: 40\r\ncontent-length: 3", body)),
        ("less than its length", framed("content-length: 1000", body)),
        ("more than its length", framed("content-length: 10", body)),
        ("chunks of no size", framed("transfer-encoding: chunked", "zz\r\nx")),
        ("a chunk beyond numbers", framed("transfer-encoding: chunked", "FFFFFFFFFFFFFFFFFF\r\nx")),
        ("chunks that end early", framed("transfer-encoding: chunked", "28\r\n{\"title\"")),
        (
            "a chunk's extension without end",
            framed("transfer-encoding: chunked", &format!("1;{}", "a".repeat(200_000))),
        ),
        (
            "trailers without end",
            framed("transfer-encoding: chunked", &format!("2\r\n{{}}\r\n0\r\n{}", flood(50_000))),
        ),
        ("an unknown coding", framed("transfer-encoding: xchunked", body)),
        (
            "a coding by old HTTP",
            framed("transfer-encoding: chunked", body).replace_once(b"HTTP/1.1", b"HTTP/1.0"),
        ),
        ("a compressed body", framed("content-encoding: gzip\r\ncontent-length: 40", body)),
        (
            "a body of another type",
            framed("content-length: 40", body).replace_once(b"application/json", b"text/plain"),
        ),
    ]
}

trait ReplaceOnce {
    fn replace_once(self, from: &[u8], to: &[u8]) -> Self;
}

impl ReplaceOnce for Vec<u8> {
    fn replace_once(mut self, from: &[u8], to: &[u8]) -> Self {
        let at = self.windows(from.len()).position(|it| it == from).expect("it is there");
        self.splice(at..at + from.len(), to.iter().copied());
        self
    }
}

/// A 4xx: the parser's own without a body, everybody else's in the envelope.
fn assert_refused(what: &str, answer: &Answer) {
    assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
    if answer.body.is_empty() {
        assert_eq!(answer.header("connection"), Some("close"), "{what}: {answer:?}");
        return;
    }
    let envelope = answer.json();
    assert_eq!(envelope["success"], json!(false), "{what}: {envelope}");
    assert_eq!(envelope["status"], json!(answer.status), "{what}: {envelope}");
    assert_eq!(envelope["request_id"].as_str(), answer.header("x-request-id"), "{what}: {envelope}");
    assert!(envelope["error"].is_string() && envelope["error_description"].is_string(), "{what}: {envelope}");
    for word in ["sqlite", "postgres", "sqlstate", "panick", "/home", ".rs:"] {
        assert!(!envelope.to_string().to_ascii_lowercase().contains(word), "{what}: {envelope}");
    }
}

#[test]
fn rubbish_behind_good_requests_spoils_only_itself() {
    on(Kept::Sqlite, |place| {
        let blog = launch(place).start();
        let mut wire = blog.wire();
        let good = b"GET /v1/hello?name=me HTTP/1.1\r\nhost: x\r\n\r\n".repeat(3);
        wire.send([good.as_slice(), b"\xff\xfe rubbish\r\n\r\n", &good].concat()).expect("sends");
        let statuses: Vec<u16> = wire.answers().iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200, 200, 200, 400]);
        blog.stop();
    });
}

fn values_that_make_no_sense_are_refused_in_the_envelope(place: &Place) {
    let blog = Launch::at(place).start();
    let mut ann = blog.person("ann");
    let post =
        ann.post("/v1/posts", &json!({ "title": "t", "published": true, "tags": [] })).expect(201).id();
    for target in senseless_targets() {
        assert_refused(&target, &ann.get(&target));
    }
    for body in senseless_bodies() {
        let framing = format!("content-length: {}", body.len());
        for start in ["POST /v1/posts", &format!("PUT /v1/posts/{post}"), "POST /v1/notes"] {
            let answer = send_raw(&blog, start, &framing, &body);
            assert_refused(&String::from_utf8_lossy(&body[..body.len().min(80)]), &answer);
        }
    }
    let list = ann.get("/v1/posts").expect(200).json();
    assert_eq!((&list["result"]["total"], &list["result"]["posts"][0]["version"]), (&json!(1), &json!(1)));
    blog.stop();
}

fn send_raw(blog: &Blog, start: &str, framing: &str, body: &[u8]) -> Answer {
    let (method, target) = start.split_once(' ').expect("a method and a target");
    let head = blog.person("ann").request(method, target, &[("content-type", "application/json")], None);
    let head = String::from_utf8(head).expect("a head is text");
    let mut wire = blog.wire();
    wire.send([format!("{}\r\n{framing}\r\n\r\n", head.trim_end()).as_bytes(), body].concat())
        .expect("sends");
    wire.answer().expect("an answer").expect("the connection is open")
}

fn senseless_targets() -> Vec<String> {
    let paths = ["..", "a'or'1", "*", "[a-z]*", ".*", "%25", "%5Bx", "_", "%2e%2e%2f", "0", "-1", "null"];
    let queries = [
        "limit=0",
        "limit=-1",
        "limit=1e9",
        "limit=101",
        "page=0",
        "page=18446744073709551615",
        "page=99999999999999999999",
        "limit=5&limit=6",
        "page=1&cursor=a",
        "direction=desc",
        "direction=DESC&sort=title",
        "sort=",
        "sort=-",
        "sort=,",
        "sort=--title",
        "sort=title,title",
        "sort=tags",
        "select=",
        "select=nope",
        "count=all",
        "cursor=",
        "cursor=a",
        "cursor=%25",
        "where=1",
        "where[]=1",
        "where[title=1",
        "where[title][eq][x]=1",
        "where[title][like",
        "where[nope]=1",
        "where[title][regex]=.*",
        "where[title][$ne]=1",
        "where[__proto__]=1",
        "where[constructor][eq]=1",
        "__proto__[x]=1",
        "where[views]=one",
        "where[views]=9223372036854775808",
        "where[views]=1e3",
        "where[published]=TRUE",
        "where[published]=1",
        "where[id]=1",
        "where[createdAt]=yesterday",
        "where[createdAt]=2024-02-30T00:00:00Z",
        "where[tags]=a",
        "where[title][in]=[",
        "where[title][in]=[[1]]",
        "where[title][in]=[null]",
        "where[title][in]={}",
        "where[views][in]=1,two",
        "where[views][between]=1",
        "where[views][between]=1,2,3",
        "where[title][null]=perhaps",
        "where[title]=%00",
        "where[title]=%ff",
        "search=%3F%21",
        "&&==&",
    ];
    let nested = "where[title][in]=".to_owned() + &"[".repeat(5000);
    let many = (0..65).map(|number| format!("where[views][ne]={number}")).collect::<Vec<_>>().join("&");
    let values = "where[views][in]=".to_owned() + &vec!["1"; 101].join(",");
    let paths = paths.iter().map(|path| format!("/v1/posts/{path}"));
    let queries = queries.iter().map(|&query| query.to_owned()).chain([nested, many, values]);
    let queries = queries.filter(|query| !["where[title][in]={}"].contains(&query.as_str()));
    paths.chain(queries.map(|query| format!("/v1/posts?{query}"))).collect()
}

fn senseless_bodies() -> Vec<Vec<u8>> {
    let texts = [
        "null",
        "[]",
        "\"text\"",
        "1",
        "{",
        "{\"title\":}",
        "{\"title\":NaN}",
        "{\"title\":\"a\"}x",
        "{'title':1}",
        "{\"title\":\"\\ud800\"}",
        "{\"data\":{}}",
        "{\"id\":\"00000000-0000-7000-8000-000000000000\"}",
        "{\"\":1}",
        "{\"user\":\"00000000-0000-7000-8000-000000000000\"}",
        "{\"type\":\"post\"}",
        "{\"version\":7}",
        "{\"views\":7}",
        "{\"createdAt\":\"2024-01-01T00:00:00Z\"}",
        "{\"__proto__\":{\"published\":true}}",
    ];
    let mut bodies: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    bodies.push(b"\xef\xbb\xbf{}".to_vec());
    bodies.push(b"{\"title\":\"\xff\xfe\"}".to_vec());
    bodies.push(b"[".repeat(900_000));
    bodies.push(b"{\"body\":".repeat(100_000));
    bodies.push(format!("{{\"body\":{}{}}}", "[".repeat(200), "]".repeat(200)).into_bytes());
    bodies.push(format!("{{\"title\":1{}}}", "0".repeat(5000)).into_bytes());
    bodies.push(many_fields(50_000));
    bodies
}

fn many_fields(count: usize) -> Vec<u8> {
    let fields: Vec<String> = (0..count).map(|number| format!("\"k{number}\":1")).collect();
    format!("{{{}}}", fields.join(",")).into_bytes()
}

#[test]
fn a_body_of_many_faults_is_answered_with_few() {
    on(Kept::Sqlite, |place| {
        let blog = launch(place).start();
        let body = many_fields(50_000);
        let answer =
            send_raw(&blog, "POST /v1/posts", &format!("content-length: {}", body.len()), &body).expect(422);
        let faults: Vec<Value> = answer.json()["data"]["fields"].as_array().expect("its faults").clone();
        assert!(faults.len() <= 100 && answer.body.len() < 20_000, "{} faults", faults.len());
        blog.stop();
    });
}
