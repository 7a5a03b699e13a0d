//! What a collector of traces is sent.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use mainstay::kernel::StoreUrl;
use mainstay::serde_json::json;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use crate::collector::{Collector, said};
use crate::process::{Signup, until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// The application, whose spans go there; with these variables, too.
fn serve(root: &Path, collector: impl std::fmt::Display, variables: &[(&str, &str)]) -> Signup {
    let endpoint = format!("http://{collector}");
    let all = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())], variables].concat();
    Signup::start_with(root, &StoreUrl::SqliteFile(root.join("signup.db")), &all)
}

/// What it answers to a request, whose head has these lines, each with its end.
fn ask(signup: &Signup, head: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(signup.address)?;
    write!(stream, "{head}host: signup\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn post(signup: &Signup, email: &str, headers: &str) -> String {
    let head = format!("POST /v1/ops/users.create HTTP/1.0\r\ncontent-type: application/json\r\n{headers}");
    let answer = ask(signup, &head, &json!({ "email": email, "name": "Ann" }).to_string());
    let answer = answer.expect("it answers");
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    answer
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let names: Vec<_> = spans.iter().map(|it| &it.name).collect();
    spans.iter().find(|it| it.name == name).unwrap_or_else(|| panic!("no `{name}` in {names:?}"))
}

fn has(spans: &[Span], name: &str) -> bool {
    spans.iter().any(|it| it.name == name)
}

/// A sign-up, as part of a trace that its caller records, or does not.
fn sign_up(signup: &Signup, email: &str, trace: &str, flags: &str) -> String {
    post(signup, email, &format!("traceparent: 00-{trace}-{CALLER}-{flags}\r\n"))
}

#[test]
fn a_request_and_all_that_it_leads_to_are_spans_of_its_callers_trace() {
    let (root, collector) = (tempfile::tempdir().expect("a project root"), Collector::start());
    let signup = serve(root.path(), collector.address, &[]);
    let answer = sign_up(&signup, "ann@example.com", TRACE, "01");
    let spans =
        collector.until(|spans| has(spans, "email.sendWelcome") && has(spans, "POST /v1/ops/users.create"));

    assert!(spans.iter().all(|it| hex(&it.trace_id) == TRACE), "{spans:?}");
    let request = of(&spans, "POST /v1/ops/users.create");
    assert_eq!((request.kind(), hex(&request.parent_span_id).as_str()), (SpanKind::Server, CALLER));
    assert_eq!(said(&request.attributes, "http.request.method").as_deref(), Some("POST"));
    assert_eq!(said(&request.attributes, "http.route").as_deref(), Some("/v1/ops/users.create"));
    assert_eq!(said(&request.attributes, "http.response.status_code").as_deref(), Some("200"));
    assert!(answer.contains(&format!("traceparent: 00-{TRACE}-{}-01", hex(&request.span_id))), "{answer}");

    let operation = of(&spans, "users.create");
    assert_eq!((operation.kind(), &operation.parent_span_id), (SpanKind::Internal, &request.span_id));
    let written = spans.iter().find(|it| it.name == "transaction" && it.parent_span_id == operation.span_id);
    let written = written.expect("the operation's transaction");
    assert_eq!(said(&written.attributes, "mainstay.outcome").as_deref(), Some("committed"));
    assert_eq!(said(&written.attributes, "mainstay.attempt").as_deref(), Some("1"));
    assert_eq!(said(&written.attributes, "db.system.name").as_deref(), Some("sqlite"));

    let attempt = of(&spans, "email.sendWelcome");
    assert_eq!((attempt.kind(), &attempt.parent_span_id), (SpanKind::Consumer, &request.span_id));
    assert_eq!(said(&attempt.attributes, "messaging.destination.name").as_deref(), Some("events"));
    assert_eq!(said(&attempt.attributes, "mainstay.outcome").as_deref(), Some("committed"));
    assert!(spans.iter().any(|it| it.name == "transaction" && it.parent_span_id == attempt.span_id));
    for (inner, outer) in [(operation, request), (written, operation)] {
        assert!(
            inner.start_time_unix_nano >= outer.start_time_unix_nano.saturating_sub(1_000_000),
            "{spans:?}"
        );
        assert!(inner.end_time_unix_nano <= outer.end_time_unix_nano + 1_000_000, "{spans:?}");
    }
    signup.stop();
}

#[test]
fn a_collector_is_told_who_sends_and_nothing_of_what_was_sent() {
    let (root, collector) = (tempfile::tempdir().expect("a project root"), Collector::start());
    let variables =
        [("OTEL_EXPORTER_OTLP_HEADERS", "x-token=open%20sesame"), ("OTEL_SERVICE_NAME", "who-signs-up")];
    let signup = serve(root.path(), format!("{}/tenant/", collector.address), &variables);
    let answer = post(&signup, "hunter2@example.com", "cookie: session=hunter2\r\nx-note: hunter2\r\n");
    assert!(answer.contains("hunter2@example.com"), "{answer}");
    // What was not sent yet is sent when the process ends.
    signup.stop();

    let mut all = vec![collector.next()];
    while !all.iter().any(|it| has(&it.spans(), "POST /v1/ops/users.create")) {
        all.push(collector.next());
    }
    for sent in &all {
        assert!(sent.head.starts_with("POST /tenant/v1/traces HTTP/1.1\r\n"), "{}", sent.head);
        assert!(sent.head.contains("x-token: open sesame\r\n"), "{}", sent.head);
        let resource = sent.request.resource_spans[0].resource.as_ref().expect("a resource");
        assert_eq!(said(&resource.attributes, "service.name").as_deref(), Some("who-signs-up"));
        assert!(!String::from_utf8_lossy(&sent.body).contains("hunter2"));
    }
}

#[test]
fn a_trace_that_its_caller_does_not_record_is_not_sent() {
    let (root, collector) = (tempfile::tempdir().expect("a project root"), Collector::start());
    let sampler = ("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    let signup = serve(root.path(), collector.address, &[sampler]);
    let unrecorded = "4bf92f3577b34da6a3ce929d0e0e4737";
    assert!(sign_up(&signup, "ann@example.com", unrecorded, "00").contains("-00\r\n"));
    post(&signup, "bob@example.com", "");
    sign_up(&signup, "cy@example.com", TRACE, "01");
    let mut spans = collector.until(|spans| has(spans, "email.sendWelcome"));
    signup.stop();
    spans.extend(collector.rest());
    assert!(spans.iter().all(|it| hex(&it.trace_id) == TRACE), "{spans:?}");
}

#[test]
fn what_a_collector_could_not_take_is_sent_again_and_what_it_refused_is_counted() {
    let answers = &["503 Service Unavailable", "200 OK", "400 Bad Request"];
    let (root, collector) = (tempfile::tempdir().expect("a project root"), Collector::answering(answers));
    let signup = serve(root.path(), collector.address, &[]);
    sign_up(&signup, "ann@example.com", TRACE, "01");
    let (first, again) = (collector.next(), collector.next());
    assert_eq!(first.body, again.body);
    sign_up(&signup, "bob@example.com", TRACE, "01");
    let is_counted = |name: &str, metrics: &str| {
        let name = format!("{name}_total ");
        metrics.lines().any(|it| it.strip_prefix(&name).is_some_and(|count| count != "0"))
    };
    let metrics = || ask(&signup, "GET /metrics HTTP/1.0\r\n", "");
    until(|| metrics().is_ok_and(|it| is_counted("trace_spans_dropped", &it)));
    assert!(is_counted("trace_spans_sent", &metrics().expect("it answers")));
    signup.stop();
}

#[test]
fn a_collector_that_never_answers_holds_nobody_up() {
    let root = tempfile::tempdir().expect("a project root");
    // It takes connections, and that is all.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("it listens");
    let signup = serve(root.path(), address, &[("SHUTDOWN_TIMEOUT", "20s")]);
    for number in 0..200 {
        sign_up(&signup, &format!("p{number}@example.com"), TRACE, "01");
    }
    let began = Instant::now();
    signup.stop();
    assert!(began.elapsed() < Duration::from_secs(8), "it took {:?} to stop", began.elapsed());
}
