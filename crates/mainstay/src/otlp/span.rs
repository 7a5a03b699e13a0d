//! A span while it is open, and what OTLP calls its fields.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use mainstay_kernel::{Timestamp, TraceParent};
use tracing::field::{Field, Visit};

use super::message::Message;

/// What a span's children must know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
}

/// A span that has not ended.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) ids: Ids,
    pub(super) parent_id: Option<u64>,
    pub(super) told: Told,
    pub(super) began: Timestamp,
    pub(super) since: Instant,
}

/// What its fields have told of a span so far.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) name: Cow<'static, str>,
    kind: Kind,
    is_error: bool,
    /// The attributes and links, encoded.
    fields: Message,
    pub(super) trace_id: Option<u128>,
    pub(super) span_id: Option<u64>,
    pub(super) parent_id: Option<u64>,
    pub(super) duration: Option<Duration>,
    pub(super) has_ended: bool,
}

/// `SpanKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

/// `Status.StatusCode`.
const STATUS_ERROR: u64 = 2;
/// `flags`, those of the trace context.
const SAMPLED: u32 = 1;

impl Told {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind: Kind::Internal,
            is_error: false,
            fields: Message::with_capacity(256),
            trace_id: None,
            span_id: None,
            parent_id: None,
            duration: None,
            has_ended: false,
        }
    }

    /// The conventions of tracing-opentelemetry, and ours for who a span is.
    fn text(&mut self, field: &'static str, value: &str) {
        match field {
            "otel.name" => self.name = Cow::Owned(value.to_owned()),
            "otel.kind" => self.kind = Kind::of(value),
            "otel.status_code" => self.is_error = value.eq_ignore_ascii_case("error"),
            "otel.links" => value.split(',').for_each(|it| self.link(it)),
            _ => self.attribute(field, |any| any.put(1, value)),
        }
    }

    fn attribute(&mut self, key: &str, value: impl FnOnce(&mut Message)) {
        let (mut pair, mut any) = (Message::default(), Message::default());
        value(&mut any);
        pair.put(1, key);
        pair.put(2, any);
        self.fields.put(9, pair);
    }

    fn link(&mut self, traceparent: &str) {
        let Some(to) = TraceParent::parse(traceparent.as_bytes()) else { return };
        let mut link = Message::default();
        link.put(1, to.trace_id().to_be_bytes());
        link.put(2, to.span_id().to_be_bytes());
        self.fields.put(13, link);
    }
}

impl Kind {
    fn of(word: &str) -> Self {
        match word {
            "server" => Self::Server,
            "client" => Self::Client,
            "producer" => Self::Producer,
            "consumer" => Self::Consumer,
            _ => Self::Internal,
        }
    }
}

impl Visit for Told {
    fn record_u128(&mut self, field: &Field, value: u128) {
        match field.name() {
            "trace_id" => self.trace_id = Some(value),
            name => self.text(name, &value.to_string()),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "span_id" => self.span_id = Some(value),
            "parent_id" => self.parent_id = Some(value),
            "duration" => self.duration = Some(Duration::from_nanos(value)),
            name => match i64::try_from(value) {
                Ok(value) => self.attribute(name, |any| any.number(3, value.cast_unsigned())),
                Err(_) => self.text(name, &value.to_string()),
            },
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.attribute(field.name(), |any| any.number(3, value.cast_unsigned()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.attribute(field.name(), |any| any.fixed64(4, value.to_bits()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "ended" => self.has_ended = value,
            name => self.attribute(name, |any| any.number(2, value.into())),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.text(field.name(), &format!("{value:?}"));
    }
}

impl Open {
    /// The span as a `Span` of OTLP, its end being now.
    pub(super) fn end(self) -> Message {
        let took = self.told.duration.unwrap_or_else(|| self.since.elapsed());
        let Self { ids, parent_id, told, began, .. } = self;
        let begin = u64::try_from(began.as_micros()).unwrap_or(0) * 1000;
        let end = begin.saturating_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        let mut span = Message::with_capacity(128 + told.fields.bytes().len());
        span.put(1, ids.trace_id.to_be_bytes());
        span.put(2, ids.span_id.to_be_bytes());
        if let Some(parent) = parent_id {
            span.put(4, parent.to_be_bytes());
        }
        span.put(5, told.name.as_bytes());
        span.number(6, told.kind as u64);
        span.fixed64(7, begin);
        span.fixed64(8, end);
        span.extend(told.fields.bytes());
        if told.is_error {
            let mut status = Message::default();
            status.number(3, STATUS_ERROR);
            span.put(15, status);
        }
        span.fixed32(16, SAMPLED);
        span
    }
}
