use std::collections::BTreeMap;
use std::path::Path;

use mainstay_auth::{SHORTEST_SECRET, SHORTEST_SERVICE_TOKEN};
use secrecy::SecretString;

use super::shape::{Shape, Wrong};

/// A secret of at least that many bytes.
pub(super) struct Secret {
    pub(super) min: usize,
}

impl Secret {
    /// A secret that signs.
    pub(super) const KEY: Self = Self { min: SHORTEST_SECRET };
    /// A secret that is compared.
    pub(super) const TOKEN: Self = Self { min: SHORTEST_SERVICE_TOKEN };
}

impl Shape for Secret {
    type Out = SecretString;

    fn expected(&self) -> String {
        format!("a secret of at least {} bytes", self.min)
    }

    fn read(&self, text: &str, _: &Path) -> Result<SecretString, Wrong> {
        if text.len() >= self.min { Ok(text.into()) } else { Err(Wrong::Shape) }
    }
}

/// `name:token`, any number of them. An entry at fault is named by its place: what stands before
/// the colon may well be the token.
pub(super) struct ServiceTokens;

impl Shape for ServiceTokens {
    type Out = Vec<(String, SecretString)>;

    fn expected(&self) -> String {
        format!(
            "a list `name:token,name2:token2`, names of letters, digits, `-`, `_` and `.`, tokens of visible ASCII, \
             at least {SHORTEST_SERVICE_TOKEN} bytes each"
        )
    }

    fn read(&self, text: &str, _: &Path) -> Result<Self::Out, Wrong> {
        let mut owners = BTreeMap::new();
        let mut tokens = Vec::new();
        for (place, entry) in (1..).zip(text.split(',').map(str::trim)).filter(|(_, it)| !it.is_empty()) {
            let (name, token) =
                name_and_token(entry).map_err(|what| Wrong::fix(format!("entry {place} {what}")))?;
            if *owners.entry(token).or_insert(name) != name {
                return Err(Wrong::fix(format!("entry {place} has the token of another service")));
            }
            tokens.push((name.to_owned(), token.into()));
        }
        Ok(tokens)
    }
}

fn name_and_token(entry: &str) -> Result<(&str, &str), String> {
    let (name, token) = entry.split_once(':').ok_or("lacks the `:` between name and token")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
        return Err("has a name that is empty, too long or not plain".to_owned());
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("has a token with white space or other letters that no header can carry".to_owned());
    }
    if token.len() < SHORTEST_SERVICE_TOKEN {
        return Err(format!(
            "has a token of {} bytes, at least {SHORTEST_SERVICE_TOKEN} are needed",
            token.len()
        ));
    }
    Ok((name, token))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn tokens(text: &str) -> Result<Vec<(String, String)>, Wrong> {
        let read = ServiceTokens.read(text, Path::new("/"))?;
        Ok(read.into_iter().map(|(name, token)| (name, token.expose_secret().to_owned())).collect())
    }

    #[test]
    fn service_tokens_are_pairs_and_a_token_may_hold_colons() {
        let read = tokens("billing:0123456789abcdef, mailer:0123:56789:abcdef!,").unwrap();
        let pair = |name: &str, token: &str| (name.to_owned(), token.to_owned());
        assert_eq!(read, [pair("billing", "0123456789abcdef"), pair("mailer", "0123:56789:abcdef!")]);
        assert_eq!(tokens(""), Ok(Vec::new()));
    }

    #[test]
    fn a_service_may_have_an_old_and_a_new_token() {
        assert_eq!(tokens("a:0123456789abcdef,a:fedcba9876543210").unwrap().len(), 2);
    }

    #[test]
    fn an_entry_at_fault_is_named_by_its_place_alone() {
        for (text, fix) in [
            ("a:0123456789abcdef,hunter2hunter2hunter2", "entry 2 lacks the `:`"),
            (":hunter2hunter2hunter2", "entry 1 has a name"),
            ("hun ter2:0123456789abcdef", "entry 1 has a name"),
            ("a:hunter2", "entry 1 has a token of 7 bytes"),
            ("a:hunter2 hunter2 hunter2", "entry 1 has a token with white space"),
            ("a:hunter2hunter2hunter2,b:hunter2hunter2hunter2", "entry 2 has the token of another service"),
        ] {
            let Err(Wrong::Fix(said)) = tokens(text) else { panic!("{text}") };
            assert!(said.starts_with(fix) && !said.contains("hun"), "{said}");
        }
    }
}
