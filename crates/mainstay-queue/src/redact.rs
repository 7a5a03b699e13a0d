use serde_json::Value;

/// Parts of names whose values are not for everybody's eyes.
const SECRET: [&str; 9] =
    ["password", "passwd", "secret", "token", "authorization", "apikey", "credential", "cvv", "privatekey"];

/// An input as it may be shown: values whose names say that they are secret are left out.
///
/// ```
/// let shown = mainstay_queue::redacted(r#"{"user":7,"resetToken":"x"}"#);
/// assert_eq!(shown, r#"{"resetToken":"[redacted]","user":7}"#);
/// ```
pub fn redacted(body: &str) -> String {
    match serde_json::from_str(body) {
        Ok(mut value) => {
            hide(&mut value);
            value.to_string()
        }
        Err(_) => "[not JSON]".to_owned(),
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret(name) {
                    *value = Value::String("[redacted]".to_owned());
                } else {
                    hide(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    SECRET.iter().any(|part| plain.contains(part))
}
