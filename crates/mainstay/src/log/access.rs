use std::time::Duration;

use mainstay_web::{AccessLine, AccessLines};

use super::Buffer;
use super::buffer::Held;
use crate::config::LogFormat;

/// Writes the access log into a buffer, in the form that [`tracing_subscriber::fmt`] gives all other
/// lines: one for each request is worth a writer that does nothing else.
pub(crate) struct AccessWriter {
    buffer: Buffer,
    form: Form,
}

/// How a line looks.
#[derive(Clone, Copy)]
enum Form {
    Plain,
    Coloured,
    Json,
}

impl AccessWriter {
    pub(super) fn new(buffer: Buffer, format: LogFormat, colours: bool) -> Self {
        let form = match format {
            LogFormat::Json => Form::Json,
            LogFormat::Pretty if colours => Form::Coloured,
            LogFormat::Pretty => Form::Plain,
        };
        Self { buffer, form }
    }
}

impl AccessLines for AccessWriter {
    fn write(&self, line: &AccessLine<'_>) {
        // The clock was read for the request's id: once is enough.
        let now = line.began.plus(line.duration);
        self.buffer.push(|Held { text, stamp }| {
            let words = self.form.words();
            put(text, words.before);
            text.extend_from_slice(stamp.at(now));
            fields(text, words, line);
        });
    }
}

/// What stands around the values of a line.
struct Words {
    before: &'static str,
    method: &'static str,
    route: &'static str,
    status: &'static str,
    duration: &'static str,
    request: &'static str,
    caller: &'static str,
    after: &'static str,
}

impl Form {
    const fn words(self) -> &'static Words {
        const PLAIN: Words = Words {
            before: "",
            method: "  INFO mainstay::access: method=\"",
            route: "\" route=",
            status: " status=",
            duration: " duration_ms=",
            request: " request_id=",
            caller: " caller_id=",
            after: "\n",
        };
        match self {
            Self::Plain => &PLAIN,
            Self::Coloured => &Words {
                before: "\x1b[2m",
                method: "\x1b[0m \x1b[32m INFO\x1b[0m \x1b[2mmainstay::access:\x1b[0m method=\"",
                ..PLAIN
            },
            Self::Json => &Words {
                before: "{\"timestamp\":\"",
                method: "\",\"level\":\"INFO\",\"fields\":{\"method\":\"",
                route: "\",\"route\":",
                status: ",\"status\":",
                duration: ",\"duration_ms\":",
                request: ",\"request_id\":",
                caller: ",\"caller_id\":",
                after: "},\"target\":\"mainstay::access\"}\n",
            },
        }
    }
}

fn fields(text: &mut Vec<u8>, words: &Words, line: &AccessLine<'_>) {
    put(text, words.method);
    put(text, line.method);
    put(text, words.route);
    quote(text, line.route.as_bytes());
    put(text, words.status);
    digits(text, u64::from(line.status), 1);
    put(text, words.duration);
    millis(text, line.duration);
    put(text, words.request);
    quote(text, line.request_id.as_bytes());
    if let Some(caller) = line.caller_id {
        put(text, words.caller);
        quote(text, caller.as_bytes());
    }
    put(text, words.after);
}

fn put(text: &mut Vec<u8>, part: &str) {
    text.extend_from_slice(part.as_bytes());
}

/// A number with at least so many digits.
fn digits(text: &mut Vec<u8>, mut number: u64, least: usize) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    while number > 0 || digits.len() - first < least {
        first -= 1;
        digits[first] += (number % 10) as u8;
        number /= 10;
    }
    text.extend_from_slice(&digits[first..]);
}

/// To a thousandth, by whole numbers: printing a float exactly would be the dearest part of a line.
fn millis(text: &mut Vec<u8>, duration: Duration) {
    let micros = duration.as_secs() * 1_000_000 + u64::from((duration.subsec_nanos() + 500) / 1000);
    digits(text, micros / 1000, 1);
    text.push(b'.');
    digits(text, micros % 1000, 3);
}

fn quote(text: &mut Vec<u8>, value: &[u8]) {
    let is_plain = |byte: &u8| (b' '..=b'~').contains(byte) && *byte != b'"' && *byte != b'\\';
    // Each byte is looked at, many at a time.
    if value.iter().fold(true, |all, byte| all & is_plain(byte)) {
        text.push(b'"');
        text.extend_from_slice(value);
        text.push(b'"');
    } else {
        // Escaped in the way of JSON, which a text line may use as well.
        put(text, &serde_json::Value::from(String::from_utf8_lossy(value)).to_string());
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use mainstay_kernel::Timestamp;
    use mainstay_web::{ACCESS_LOG, RequestId, X_REQUEST_ID};

    use super::*;

    /// A line of a request that brought `a"b` as its id.
    fn written(format: LogFormat, colours: bool, caller_id: Option<&str>) -> String {
        let request_id = [(X_REQUEST_ID, HeaderValue::from_static("a\"b"))].into_iter().collect();
        let line = AccessLine {
            method: "GET",
            route: "/v1/posts/{id}",
            status: 200,
            began: Timestamp::EPOCH,
            duration: Duration::from_nanos(1_234_567),
            request_id: &RequestId::of(&request_id),
            caller_id,
        };
        let buffer = Buffer::default();
        AccessWriter::new(buffer.clone(), format, colours).write(&line);
        buffer.held()
    }

    #[test]
    fn a_line_holds_each_field_and_ends_once() {
        let line = written(LogFormat::Pretty, false, None);
        let rest = r#"  INFO mainstay::access: method="GET" route="/v1/posts/{id}" status=200 duration_ms=1.235 request_id="a\"b""#;
        assert_eq!(line, format!("1970-01-01T00:00:00.001Z{rest}\n"));
        let named = written(LogFormat::Pretty, false, Some("user:7"));
        assert_eq!(named.split_once("\\\"b\"").map(|(_, rest)| rest), Some(" caller_id=\"user:7\"\n"));
        assert!(named.contains(&format!("INFO {ACCESS_LOG}: ")), "{named}");
    }

    #[test]
    fn a_line_in_colours_is_the_plain_one_between_their_codes() {
        let line = written(LogFormat::Pretty, true, None);
        assert!(
            line.starts_with("\x1b[2m1970-01-01T00:00:00.001Z\x1b[0m")
                && line.contains("Z\x1b[0m \x1b[32m INFO\x1b[0m"),
            "{line:?}"
        );
        assert!(line.contains("\x1b[2mmainstay::access:\x1b[0m method=\"GET\" route="), "{line:?}");
    }

    #[test]
    fn a_line_of_json_is_json_whatever_a_field_holds() {
        for caller_id in [None, Some("user:\u{7}\"")] {
            let line = written(LogFormat::Json, false, caller_id);
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!((&line["level"], &line["target"]), (&"INFO".into(), &ACCESS_LOG.into()));
            assert_eq!((&line["fields"]["method"], &line["fields"]["status"]), (&"GET".into(), &200.into()));
            assert_eq!(line["fields"]["request_id"], "a\"b");
            assert_eq!(line["fields"]["caller_id"].as_str(), caller_id);
            assert_eq!(line["fields"]["duration_ms"], 1.235);
            assert!(line["timestamp"].is_string());
        }
    }

    #[test]
    fn numbers_are_written_whole_and_times_with_three_places() {
        let mut text = Vec::new();
        for number in [0, 7, u64::MAX] {
            digits(&mut text, number, 1);
            text.push(b' ');
        }
        for nanos in [0, 499, 500, 12_000_000, 1_999_999_999, 61_000_000_400] {
            millis(&mut text, Duration::from_nanos(nanos));
            text.push(b' ');
        }
        let expected = "0 7 18446744073709551615 0.000 0.000 0.001 12.000 2000.000 61000.000 ";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
