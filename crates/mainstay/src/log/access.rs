use std::fmt::Debug;

use mainstay_kernel::Clock;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::Buffer;
use crate::config::LogFormat;

/// Writes the access log into a buffer, in the form that [`tracing_subscriber::fmt`] gives all other
/// lines: one for each request is worth a writer that does nothing else.
pub(crate) struct AccessLines {
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

impl AccessLines {
    pub(crate) fn new(buffer: Buffer, format: LogFormat, colours: bool) -> Self {
        let form = match format {
            LogFormat::Json => Form::Json,
            LogFormat::Pretty if colours => Form::Coloured,
            LogFormat::Pretty => Form::Plain,
        };
        Self { buffer, form }
    }
}

impl<S: Subscriber> Layer<S> for AccessLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line { text: Vec::with_capacity(320), form: self.form, is_first: true };
        line.write(event);
        self.buffer.push(&line.text);
    }
}

struct Line {
    text: Vec<u8>,
    form: Form,
    is_first: bool,
}

impl Line {
    fn write(&mut self, event: &Event<'_>) {
        let (level, target) = (event.metadata().level().as_str(), event.metadata().target());
        let (before, between) = match self.form {
            Form::Plain => ("", ["  ", level, " ", target, ":"]),
            Form::Coloured => {
                ("\x1b[2m", ["\x1b[0m \x1b[32m ", level, "\x1b[0m \x1b[2m", target, ":\x1b[0m"])
            }
            Form::Json => ("{\"timestamp\":\"", ["\",\"level\":\"", level, "\",", "\"fields\":", "{"]),
        };
        self.push(before);
        Clock::system().now().write_rfc3339(&mut self.text);
        between.into_iter().for_each(|part| self.push(part));
        event.record(self);
        if let Form::Json = self.form {
            ["},\"target\":\"", target, "\"}"].into_iter().for_each(|part| self.push(part));
        }
        self.push("\n");
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// A number with at least so many digits.
    fn digits(&mut self, mut number: u64, least: usize) {
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        while number > 0 || digits.len() - first < least {
            first -= 1;
            digits[first] += (number % 10) as u8;
            number /= 10;
        }
        self.text.extend_from_slice(&digits[first..]);
    }

    fn field(&mut self, field: &Field) {
        match self.form {
            Form::Plain | Form::Coloured => self.push(" "),
            Form::Json if self.is_first => self.push("\""),
            Form::Json => self.push(",\""),
        }
        self.is_first = false;
        self.push(field.name());
        self.push(match self.form {
            Form::Plain | Form::Coloured => "=",
            Form::Json => "\":",
        });
    }
}

impl Visit for Line {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field);
        self.digits(value, 1);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field);
        self.push(if value < 0 { "-" } else { "" });
        self.digits(value.unsigned_abs(), 1);
    }

    /// To a thousandth, by whole numbers: printing a float exactly is the dearest part of a line.
    #[expect(clippy::cast_possible_truncation, reason = "a time in milliseconds is far below 2^63")]
    fn record_f64(&mut self, field: &Field, value: f64) {
        let thousandths = (value * 1000.0).round() as i64;
        self.field(field);
        self.push(if thousandths < 0 { "-" } else { "" });
        self.digits(thousandths.unsigned_abs() / 1000, 1);
        self.push(".");
        self.digits(thousandths.unsigned_abs() % 1000, 3);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field);
        let is_plain = |byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
        // Each byte is looked at, many at a time.
        if value.bytes().fold(true, |all, byte| all & is_plain(byte)) {
            self.push("\"");
            self.push(value);
            self.push("\"");
        } else {
            // Escaped in the way of JSON, which a text line may use as well.
            self.push(&serde_json::Value::from(value).to_string());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn written(format: LogFormat, colours: bool) -> String {
        logged(format, colours, || {
            tracing::info!(
                target: "mainstay::access",
                method = "GET",
                route = "/v1/posts/{id}",
                status = 200_u16,
                duration_ms = 1.234_567,
                request_id = "a\"b\nc",
                caller_id = None::<&str>
            );
        })
    }

    fn logged(format: LogFormat, colours: bool, log: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let lines = AccessLines::new(buffer.clone(), format, colours);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), log);
        buffer.held()
    }

    #[test]
    fn a_line_holds_each_field_and_ends_once() {
        let line = written(LogFormat::Pretty, false);
        let rest = r#"  INFO mainstay::access: method="GET" route="/v1/posts/{id}" status=200 duration_ms=1.235 request_id="a\"b\nc""#;
        assert_eq!(line.split_once('Z').map(|(_, rest)| rest), Some(format!("{rest}\n").as_str()), "{line}");
        assert!(written(LogFormat::Pretty, true).starts_with("\x1b[2m"));
    }

    #[test]
    fn a_line_of_json_is_json_whatever_a_field_holds() {
        let line: serde_json::Value = serde_json::from_str(&written(LogFormat::Json, false)).unwrap();
        assert_eq!((&line["level"], &line["target"]), (&"INFO".into(), &"mainstay::access".into()));
        assert_eq!(line["fields"]["request_id"], "a\"b\nc");
        assert_eq!(line["fields"]["duration_ms"], 1.235);
        assert!(line["timestamp"].is_string());
    }

    #[test]
    fn numbers_are_written_whole_with_their_sign_and_three_places() {
        let line = logged(LogFormat::Pretty, false, || {
            tracing::info!(nothing = 0_u64, most = u64::MAX, least = i64::MIN, below = -0.0105, above = 12.0);
        });
        let numbers =
            "nothing=0 most=18446744073709551615 least=-9223372036854775808 below=-0.011 above=12.000\n";
        assert!(line.ends_with(numbers), "{line}");
    }
}
