//! The error page for browsers: self-contained, no script, nothing loaded from elsewhere.

use crate::error::ErrorBody;
use crate::request_id::RequestId;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;\
    color:#222;background:#fff}h1{font-size:1.5rem}code{color:#666;word-break:break-all}\
    @media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}code{color:#999}}";

/// Renders `body` as an HTML document. Every value in it is escaped.
pub(crate) fn render(body: &ErrorBody, request_id: &RequestId) -> String {
    let status = body.status.as_u16();
    let reason = body.status.canonical_reason().unwrap_or("Error");
    let description = escape(&body.description);
    let code = escape(&body.code);
    let request_id = escape(request_id.as_str());
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{status} {reason}</title>\
         <style>{STYLE}</style></head><body><h1>{status} {reason}</h1><p>{description}</p>\
         <p><code>{code}</code><br><code>{request_id}</code></p></body></html>\n"
    )
}

/// Text as HTML shows it, within an attribute too.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
