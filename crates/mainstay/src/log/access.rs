use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
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
        let mut line = Line { text: String::with_capacity(320), form: self.form, is_first: true };
        if line.write(event).is_ok() {
            self.buffer.push(&line.text);
        }
    }
}

struct Line {
    text: String,
    form: Form,
    is_first: bool,
}

impl Line {
    fn write(&mut self, event: &Event<'_>) -> fmt::Result {
        let (level, target) = (event.metadata().level(), event.metadata().target());
        match self.form {
            Form::Plain => {
                self.time()?;
                write!(self.text, " {level:>5} {target}:")?;
            }
            Form::Coloured => {
                self.text.push_str("\x1b[2m");
                self.time()?;
                write!(self.text, "\x1b[0m \x1b[32m{level:>5}\x1b[0m \x1b[2m{target}:\x1b[0m")?;
            }
            Form::Json => {
                self.text.push_str("{\"timestamp\":\"");
                self.time()?;
                write!(self.text, "\",\"level\":\"{level}\",\"fields\":{{")?;
            }
        }
        event.record(self);
        match self.form {
            Form::Plain | Form::Coloured => self.text.push('\n'),
            Form::Json => writeln!(self.text, "}},\"target\":\"{target}\"}}")?,
        }
        Ok(())
    }

    fn time(&mut self) -> fmt::Result {
        SystemTime.format_time(&mut Writer::new(&mut self.text))
    }

    fn field(&mut self, field: &Field) {
        match self.form {
            Form::Plain | Form::Coloured => self.text.push(' '),
            Form::Json if self.is_first => self.text.push('"'),
            Form::Json => self.text.push_str(",\""),
        }
        self.is_first = false;
        self.text.push_str(field.name());
        self.text.push_str(match self.form {
            Form::Plain | Form::Coloured => "=",
            Form::Json => "\":",
        });
    }

    /// A number: the same in each form. Writing to a string cannot fail.
    fn number(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.field(field);
        let _ = self.text.write_fmt(value);
    }
}

impl Visit for Line {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, format_args!("{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, format_args!("{value}"));
    }

    /// To a thousandth.
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, format_args!("{value:.3}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field);
        if value.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\') {
            self.text.push('"');
            self.text.push_str(value);
            self.text.push('"');
        } else {
            // Escaped in the way of JSON, which a text line may use as well.
            self.text.push_str(&serde_json::Value::from(value).to_string());
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
        let buffer = Buffer::default();
        let lines = AccessLines::new(buffer.clone(), format, colours);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::info!(
                target: "mainstay::access",
                method = "GET",
                route = "/v1/posts/{id}",
                status = 200_u16,
                duration_ms = 1.234_567,
                request_id = "a\"b\nc",
                caller_id = None::<&str>
            );
        });
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
}
