//! Which of the three error formats a client would rather have.

use http::HeaderValue;

/// The formats an error comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorFormat {
    /// The envelope, `application/json`.
    Envelope,
    /// RFC 9457, `application/problem+json`.
    Problem,
    /// A page for people, `text/html`.
    Page,
}

/// Reads `Accept` (RFC 9110, 12.5.1). Only a format that is named can win over the envelope; of
/// formats liked as much as the envelope, a named one wins over one that only a wildcard admits.
pub(crate) fn error_format(accept: Option<&HeaderValue>) -> ErrorFormat {
    let Some(accept) = accept.and_then(|value| value.to_str().ok()) else {
        return ErrorFormat::Envelope;
    };
    let (mut json, mut problem, mut page, mut any) = (None, None, None, None);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let slot = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/json" => &mut json,
            "application/problem+json" => &mut problem,
            "text/html" => &mut page,
            "*/*" | "application/*" => &mut any,
            _ => continue,
        };
        *slot = Some(quality(parts));
    }
    let envelope = json.or(any).unwrap_or(0);
    let (problem, page) = (problem.unwrap_or(0), page.unwrap_or(0));
    if problem > 0 && problem >= envelope && problem >= page {
        ErrorFormat::Problem
    } else if page > 0 && (page > envelope || (page == envelope && json.is_none())) {
        ErrorFormat::Page
    } else {
        ErrorFormat::Envelope
    }
}

/// The weight in thousandths; 1000 when there is none, 0 when it cannot be read.
fn quality<'a>(mut parameters: impl Iterator<Item = &'a str>) -> u16 {
    let weight = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(value.trim())
    });
    match weight.map(|text| text.parse::<f32>()) {
        None => 1000,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
        Some(Ok(weight)) if weight.is_finite() => (weight.clamp(0.0, 1.0) * 1000.0) as u16,
        Some(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_gets_the_format_it_asks_for() {
        for (accept, format) in [
            ("*/*", ErrorFormat::Envelope),
            ("application/json", ErrorFormat::Envelope),
            ("application/json, text/plain, */*", ErrorFormat::Envelope),
            ("application/json, text/html", ErrorFormat::Envelope),
            ("text/html;q=0.1, application/json;q=0.5", ErrorFormat::Envelope),
            ("text/html;q=0", ErrorFormat::Envelope),
            ("text/html;q=NaN", ErrorFormat::Envelope),
            ("image/png", ErrorFormat::Envelope),
            ("", ErrorFormat::Envelope),
            ("application/problem+json", ErrorFormat::Problem),
            ("application/json, Application/Problem+JSON", ErrorFormat::Problem),
            ("application/problem+json;q=0.4, application/json", ErrorFormat::Envelope),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ErrorFormat::Page),
            ("text/html, */*", ErrorFormat::Page),
        ] {
            let accept_header = HeaderValue::from_static(accept);
            assert_eq!(error_format(Some(&accept_header)), format, "{accept}");
        }
        assert_eq!(error_format(None), ErrorFormat::Envelope);
    }
}
