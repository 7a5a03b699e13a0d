use ring::digest::{SHA256, digest};

/// What tells a migration's text from another one: its SHA-256, in hexadecimal.
pub fn checksum(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
