use schemars::json_schema;

use super::{DeclaredError, Document, Media, Operation, Response};

/// Describes `/healthz`, `/readyz` and `/metrics`, which stand beside every mount.
pub fn describe(document: &mut Document) {
    let tag = "health";
    document.tag(tag, Some("Whether the process lives, and what it counts.".to_owned()));
    let open = |operation: Operation, summary: &str| Operation {
        tags: vec![tag.to_owned()],
        summary: Some(summary.to_owned()),
        security: Some(Vec::new()),
        ..operation
    };
    let alive = json_schema!({
        "type": "object",
        "properties": { "ok": { "const": true, "type": "boolean" }, "uptime": { "type": "number" } },
        "required": ["ok", "uptime"],
    });
    let operation = Operation::new("healthz").answers(200, Response::json("It lives.", alive));
    document.add("GET", "/healthz", open(operation, "Whether the process lives"));
    let state = json_schema!({
        "type": "object",
        "properties": {
            "status": { "type": "string", "enum": ["booting", "ready", "draining", "error"] },
            "checks": { "type": "object" },
            "manifest": { "type": "object" },
        },
        "required": ["status"],
    });
    let operation = Operation::new("readyz")
        .answers(200, Response::json("Requests can be sent here.", state.clone()))
        .answers(503, Response::json("They cannot, and `status` says why.", state));
    document.add("GET", "/readyz", open(operation, "Whether requests should be sent here"));
    let text = Media::of(json_schema!({ "type": "string" }));
    let mut counted = Response::new("In Prometheus' text.");
    counted.content.insert("text/plain".to_owned(), text.clone());
    counted.content.insert("application/openmetrics-text".to_owned(), text);
    let operation = Operation::new("metrics").answers(200, counted).fails([
        DeclaredError::new(401, "unauthorized", "the operators' token is needed"),
        DeclaredError::new(404, "not_found", "in production they are off without such a token"),
    ]);
    document.add("GET", "/metrics", open(operation, "What the process counts"));
}
