//! What can be seen of a cron's expression while compiling; the whole of it is read at start.

use darling::Result;
use syn::LitStr;

use crate::nearest::unknown;
use crate::report::at;

const NAMES: [&str; 8] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@reboot"];

/// Refuses what is no expression by its looks.
pub(super) fn looks_right(expression: &LitStr) -> Result<()> {
    let text = expression.value();
    if text.starts_with('@') {
        if NAMES.contains(&text.as_str()) {
            return Ok(());
        }
        return Err(at(expression, unknown("name", &text, &NAMES)));
    }
    if text.starts_with("rate(") {
        let is_closed = text.ends_with(')');
        return if is_closed {
            Ok(())
        } else {
            Err(at(expression, "expected a rate such as `rate(10 minutes)`"))
        };
    }
    match text.split_whitespace().count() {
        5 => Ok(()),
        found => Err(at(
            expression,
            format!(
                "expected five fields (minute, hour, day, month, weekday) such as \"0 3 * * *\", `@daily` or \
                 `rate(10 minutes)`, found {found} in {text:?}"
            ),
        )),
    }
}
