//! The requests that are measured.

use std::io::Write as _;

/// What is posted.
pub(crate) const POST: &str = r#"{"title":"Post number 7","body":"What there is to say, said in a few words.","published":true,"tags":["seed"]}"#;

/// `GET path`
pub(crate) fn get(path: &str) -> impl Fn(&mut Vec<u8>) + use<> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes();
    move |out| out.extend_from_slice(&request)
}

/// `GET path/<one of the ids>`
pub(crate) fn get_one<'a>(path: &'a str, ids: &'a [String]) -> impl Fn(&mut Vec<u8>) + 'a {
    move |out| {
        let id = &ids[fastrand::usize(..ids.len())];
        write(out, format_args!("GET {path}/{id} HTTP/1.1\r\nhost: bench\r\n\r\n"));
    }
}

/// `POST path` with one post.
pub(crate) fn post(path: &str) -> impl Fn(&mut Vec<u8>) + use<> {
    let mut request = Vec::new();
    with_body(&mut request, "POST", path, "", POST);
    move |out| out.extend_from_slice(&request)
}

/// `PUT` or `PATCH` of one of the ids, with a body of its own.
pub(crate) fn change<'a>(
    method: &'static str,
    path: &'a str,
    ids: &'a [String],
    body: fn() -> String,
) -> impl Fn(&mut Vec<u8>) + 'a {
    move |out| {
        let id = &ids[fastrand::usize(..ids.len())];
        with_body(out, method, &format!("{path}/{id}"), "", &body());
    }
}

/// `PUT path/<one of the ids>` under a key that nobody used.
pub(crate) fn put_keyed<'a>(path: &'a str, ids: &'a [String]) -> impl Fn(&mut Vec<u8>) + 'a {
    move |out| {
        let id = &ids[fastrand::usize(..ids.len())];
        let key = format!("idempotency-key: bench-{:032x}\r\n", fastrand::u128(..));
        let body = format!(r#"{{"views":{}}}"#, fastrand::u32(..1_000_000));
        with_body(out, "PUT", &format!("{path}/{id}"), &key, &body);
    }
}

fn with_body(out: &mut Vec<u8>, method: &str, path: &str, headers: &str, body: &str) {
    write(
        out,
        format_args!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}content-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to memory cannot fail");
}
