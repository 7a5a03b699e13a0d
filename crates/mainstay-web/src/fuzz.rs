use http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::crud::{input, version};

/// Feeds arbitrary bytes to the reader of list parameters, from the raw query to the SQL of both
/// dialects.
///
/// # Panics
/// When a refusal is anything but a 400, or as [`mainstay_model::fuzz_list_parameters`].
pub fn fuzz_list_parameters(data: &[u8]) {
    let Ok(query) = std::str::from_utf8(data) else { return };
    match input::pairs(query) {
        Ok(pairs) => mainstay_model::fuzz_list_parameters(&pairs),
        Err(error) => assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{error}"),
    }
}

/// Feeds arbitrary text to the reader of `__query`, down to the SQL of both dialects.
///
/// # Panics
/// As [`mainstay_model::fuzz_list_parameters`].
pub fn fuzz_query(data: &[u8]) {
    fuzz_parameter("__query", data);
}

/// Feeds arbitrary text to the reader of `search`, down to the SQL of both dialects.
///
/// # Panics
/// As [`mainstay_model::fuzz_list_parameters`].
pub fn fuzz_search(data: &[u8]) {
    fuzz_parameter("search", data);
}

fn fuzz_parameter(name: &str, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    mainstay_model::fuzz_list_parameters(&[(name.to_owned(), text.to_owned())]);
}

/// Feeds arbitrary bytes to the readers of `If-Match` and `If-None-Match`.
///
/// # Panics
/// When `If-Match` is there and no condition comes of it, unless it says `*`.
pub fn fuzz_if_match(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let headers = HeaderMap::from_iter([(IF_MATCH, value.clone()), (IF_NONE_MATCH, value)]);
    match version::wanted(&headers) {
        Ok(None) => assert!(data.contains(&b'*'), "`If-Match` became unconditional"),
        Ok(Some(versions)) => versions.iter().for_each(|it| {
            assert!(version::is_known(&headers, Some(*it)), "{it} is named by the one header only");
        }),
        Err(error) => assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{error}"),
    }
}

/// Feeds arbitrary bytes to the reader of JSON bodies, and the fields it finds to a model's rules.
///
/// # Panics
/// When a refusal is anything but a 400, or as [`mainstay_model::fuzz_input`].
pub fn fuzz_json_body(data: &[u8]) {
    match input::object(&HeaderMap::new(), data) {
        Ok(fields) => mainstay_model::fuzz_input(fields),
        Err(error) => assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{error}"),
    }
}

/// Feeds arbitrary bytes to the reader of patches, as JSON Patch and as JSON Merge Patch, and what it
/// finds to a row.
///
/// # Panics
/// When a refusal is anything but a 400, or as [`mainstay_model::fuzz_patch`].
pub fn fuzz_patch(data: &[u8]) {
    for media in ["application/json-patch+json", "application/merge-patch+json"] {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media))]);
        match input::patch(&headers, data) {
            Ok(patch) => mainstay_model::fuzz_patch(patch),
            Err(error) => assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{error}"),
        }
    }
}

#[cfg(test)]
#[path = "../../../fuzz/driver.rs"]
mod driver;

#[cfg(test)]
mod tests {
    use super::*;

    const QUERIES: [&[u8]; 8] = [
        b"limit=10&page=2&sort=-createdAt,title&direction=desc&select=title,count&count=exact",
        b"where[title][eq]=a%20b&where[count][gte]=-7&where[ratio][between]=1,2.5&where[flag]=true",
        b"where[title][in]=[\"a,b\",\"c\"]&where[count][nin]=1,2,3&where[data][null]=false",
        b"where[id]=01234567-89ab-7def-8123-456789abcdef&where[createdAt][lt]=2026-01-31T12:00:00.5Z",
        b"where[seal][ne]=AAEC&where[title][null]=true&count=only",
        b"sort=count&cursor=WyJjb3VudCxpZCIsWzcsIjAxMjM0NTY3LTg5YWItN2RlZi04MTIzLTQ1Njc4OWFiY2RlZiJdXQ",
        b"sort=title&cursor=WyJ0aXRsZSxpZCIsW251bGwsIjAxMjM0NTY3LTg5YWItN2RlZi04MTIzLTQ1Njc4OWFiY2RlZiJdXQ",
        b"sort=notes&where[secret]=x&where[notes][gt]=a&where[][]&__proto__[x]=1",
    ];

    const BODIES: [&[u8]; 4] = [
        b"{\"flag\":true,\"count\":-9223372036854775808,\"ratio\":1e308,\"title\":\"a\\u0001\",\"seal\":\"AAEC\"}",
        b"{\"title\":null,\"ratio\":-0.0,\"data\":{\"a\":[1,[2,{\"b\":\"\\u0000\"}]]},\"notes\":\"x\",\"secret\":\"y\"}",
        b"{\"id\":\"01234567-89ab-7def-8123-456789abcdef\",\"createdAt\":\"2026-01-31T12:00:00Z\",\"version\":1}",
        b"[[[[[[{\"data\":18446744073709551616}]]]]]]",
    ];

    const PATCHES: [&[u8]; 6] = [
        b"[{\"op\":\"test\",\"path\":\"/data/a/0\",\"value\":1.0},{\"op\":\"copy\",\"from\":\"/data\",\"path\":\"/data/a/-\"}]",
        b"{\"ops\":[{\"op\":\"move\",\"from\":\"/data/a/1/b\",\"path\":\"/title\"},{\"op\":\"remove\",\"path\":\"/data/a\"}]}",
        b"[{\"op\":\"replace\",\"path\":\"/data/a\",\"value\":{\"~\":\"/\"}},{\"op\":\"add\",\"path\":\"/data/a/~0~1\",\"value\":null}]",
        b"[{\"op\":\"test\",\"path\":\"/secret\",\"value\":\"x\"},{\"op\":\"remove\",\"path\":\"/notes\"},{\"op\":\"replace\",\"path\":\"\",\"value\":{}}]",
        b"{\"data\":{\"a\":null,\"c\":{\"d\":[]}},\"title\":null,\"notes\":{\"x\":1},\"id\":null}",
        b"[{\"op\":\"copy\",\"from\":\"/data\",\"path\":\"/data/a/1/b\"},{\"op\":\"copy\",\"from\":\"/data\",\"path\":\"/data/a/1/b/a/1/b\"}]",
    ];

    const STEPS: [&[u8]; 6] = [
        b"[{\"method\":\"where\",\"args\":[\"title\",\"ilike\",\"%a_\"]},{\"method\":\"orWhere\",\"args\":[\"count\",\">=\",7]}]",
        b"[{\"method\":\"where\",\"args\":[{\"__nested\":[{\"method\":\"whereNot\",\"args\":[{\"flag\":true,\"ratio\":null}]}]}]}]",
        b"[{\"method\":\"whereIn\",\"args\":[\"count\",[1,2]]},{\"method\":\"whereNotIn\",\"args\":[\"data.a.b\",[\"x\",null,1.0]]}]",
        b"[{\"method\":\"whereBetween\",\"args\":[\"ratio\",[-1e9,2]]},{\"method\":\"whereNull\",\"args\":[\"title\"]},{\"method\":\"whereNotNull\",\"args\":[\"data\"]}]",
        b"[{\"method\":\"orderBy\",\"args\":[\"createdAt\",\"desc\"]},{\"method\":\"limit\",\"args\":[10]},{\"method\":\"offset\",\"args\":[20]},{\"method\":\"select\",\"args\":[\"title\"]}]",
        b"[{\"method\":\"search\",\"args\":[\"a -b\"]},{\"method\":\"where\",\"args\":[\"secret\",1]},{\"method\":\"andWhere\",\"args\":[\"data\",\"contains\",{\"a\":[1]}]}]",
    ];

    #[test]
    fn fuzz_query_never_panics() {
        driver::drive(&STEPS, fuzz_query);
    }

    #[test]
    fn fuzz_search_never_panics() {
        let searches: [&[u8]; 3] = [
            b"rust \"web frame\" -java or crate*",
            "\u{dc}ber\u{2014}E\u{301} -\"\u{1f600}\" well-known@\u{4e2d}".as_bytes(),
            b"') or \"a\" NEAR(b, 1) | ! & <-> :*",
        ];
        driver::drive(&searches, fuzz_search);
    }

    #[test]
    fn fuzz_patch_never_panics() {
        driver::drive(&PATCHES, fuzz_patch);
    }

    #[test]
    fn fuzz_list_parameters_never_panics() {
        driver::drive(&QUERIES, fuzz_list_parameters);
    }

    #[test]
    fn fuzz_if_match_never_panics() {
        driver::drive(
            &[b"\"1\", W/\"2\", \"3\"", b"*", b"\"9223372036854775807\",,", b"W/\"\""],
            fuzz_if_match,
        );
    }

    #[test]
    fn fuzz_json_body_never_panics() {
        driver::drive(&BODIES, fuzz_json_body);
    }
}
