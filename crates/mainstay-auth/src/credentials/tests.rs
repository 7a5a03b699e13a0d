use std::time::Duration;

use mainstay_kernel::{ErrorKind, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: i64 = 1_700_000_000;
const SECRET: &str = "a secret of at least 32 bytes ...";
const BILLING: &str = "billing-token-0123456789";
const MAILER: &str = "mailer-token-0123456789";

fn options() -> AuthOptions {
    let services = [("billing", BILLING), ("mailer", MAILER), ("mailer", "mailer-token-of-next-month")];
    let service_tokens = services.map(|(name, token)| (name.to_owned(), token.to_owned())).to_vec();
    AuthOptions { service_tokens, ..AuthOptions::new(SECRET) }
}

fn credentials() -> Credentials {
    Credentials::new(options(), Clock::manual(Timestamp::from_micros(NOW * 1_000_000))).unwrap()
}

fn ann() -> String {
    credentials().issue(json!({"sub": "ann", "exp": NOW + 60}).as_object().unwrap()).unwrap()
}

fn headers<const N: usize>(lines: [(&'static str, &str); N]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// The caller in one word, or why there is none.
fn label<const N: usize>(lines: [(&'static str, &str); N]) -> Result<String, String> {
    match credentials().verify(&headers(lines)) {
        Ok(caller) => Ok(caller.user().map_or_else(|| caller.label(), |person| person.subject.clone())),
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Unauthenticated(_)), "{error:?}");
            Err(error.to_string())
        }
    }
}

#[test]
fn a_request_without_a_credential_is_anonymous() {
    assert_eq!(label([("cookie", "a=b"), ("x-request-id", "1")]).unwrap(), "anonymous");
}

#[test]
fn a_bearer_token_makes_the_caller_that_person() {
    assert_eq!(label([("authorization", &format!("Bearer {}", ann()))]).unwrap(), "ann");
    assert_eq!(label([("authorization", &format!("bEARER   {} ", ann()))]).unwrap(), "ann");
}

#[test]
fn a_bad_credential_is_refused_and_never_anonymous() {
    let token = ann();
    for value in [
        String::new(),
        "Bearer".into(),
        "Bearer ".into(),
        "Bearer x".into(),
        "Basic YW5uOnNlY3JldA==".into(),
        token.clone(),
        format!("Token {token}"),
        format!("Bearer{token}"),
        format!("Bearer {token} {token}"),
        format!("Bearer {token},Bearer {token}"),
        format!("Bearer \"{token}\""),
    ] {
        assert!(label([("authorization", &value)]).is_err(), "{value}");
    }
    let mut odd = HeaderMap::new();
    odd.insert("authorization", HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap());
    assert!(credentials().verify(&odd).is_err());
}

#[test]
fn two_authorization_headers_are_refused_even_if_both_are_good() {
    let value = format!("Bearer {}", ann());
    assert!(label([("authorization", &value), ("authorization", &value)]).is_err());
    assert!(label([("authorization", &value), ("authorization", &value), ("x-api-key", BILLING)]).is_err());
}

#[test]
fn a_service_token_makes_the_caller_that_service() {
    assert_eq!(label([("x-service-token", BILLING)]).unwrap(), "service:billing");
    assert_eq!(label([("x-api-key", MAILER)]).unwrap(), "service:mailer");
    assert_eq!(label([("x-api-key", "mailer-token-of-next-month")]).unwrap(), "service:mailer");
}

#[test]
fn a_wrong_service_token_is_refused() {
    for value in [
        "",
        "billing",
        &BILLING[1..],
        &BILLING[..BILLING.len() - 1],
        &format!("{BILLING}x"),
        &BILLING.to_uppercase(),
    ] {
        assert!(label([("x-service-token", value)]).is_err(), "{value}");
        assert!(label([("x-api-key", value)]).is_err(), "{value}");
    }
}

#[test]
fn without_configured_tokens_no_service_token_is_good() {
    let credentials = Credentials::new(AuthOptions::new(SECRET), Clock::system()).unwrap();
    assert!(credentials.verify(&headers([("x-api-key", "")])).is_err());
    assert!(credentials.verify(&headers([("x-api-key", BILLING)])).is_err());
}

#[test]
fn a_bad_bearer_beside_a_good_service_token_is_the_service() {
    assert_eq!(
        label([("authorization", "Bearer x"), ("x-service-token", BILLING)]).unwrap(),
        "service:billing"
    );
    assert_eq!(label([("authorization", "Basic x"), ("x-api-key", BILLING)]).unwrap(), "service:billing");
}

#[test]
fn a_good_bearer_does_not_mend_a_bad_service_token() {
    assert!(label([("authorization", &format!("Bearer {}", ann())), ("x-api-key", "nonsense")]).is_err());
}

#[test]
fn several_service_tokens_must_be_one_services() {
    assert_eq!(label([("x-api-key", BILLING), ("x-service-token", BILLING)]).unwrap(), "service:billing");
    assert!(label([("x-api-key", BILLING), ("x-service-token", MAILER)]).is_err());
    assert!(label([("x-api-key", BILLING), ("x-api-key", "nonsense")]).is_err());
}

#[test]
fn a_token_ends_when_the_clock_says_so() {
    let clock = Clock::manual(Timestamp::from_micros(NOW * 1_000_000));
    let credentials = Credentials::new(options(), clock.clone()).unwrap();
    let headers = headers([("authorization", &format!("Bearer {}", ann()))]);
    clock.advance(Duration::from_millis(59_999));
    assert!(credentials.verify(&headers).is_ok());
    clock.advance(Duration::from_millis(1));
    assert_eq!(credentials.verify(&headers).unwrap_err().to_string(), "the bearer token has expired");
}

#[test]
fn claims_with_a_repeated_name_are_refused() {
    for claims in [
        r#"{"sub":"ann","sub":"root","exp":1700000060}"#,
        r#"{"sub":"ann","exp":1600000000,"exp":1700000060}"#,
        r#"{"sub":"ann","exp":1700000060,"roles":[],"r\u006fles":["admin"]}"#,
    ] {
        let token = Hs256::new(SECRET.as_bytes()).seal(claims.as_bytes());
        assert_eq!(
            label([("authorization", &format!("Bearer {token}"))]).unwrap_err(),
            Refusal::Payload.to_string()
        );
    }
}

#[test]
fn claims_that_are_not_one_json_object_are_refused() {
    let nested = ann();
    for claims in
        ["", "null", "[]", "foo", &nested, "{\"sub\":\"ann\",\"exp\":1e999}", "{\"sub\":\"ann\",\"exp\":NaN}"]
    {
        let token = Hs256::new(SECRET.as_bytes()).seal(claims.as_bytes());
        assert_eq!(
            label([("authorization", &format!("Bearer {token}"))]).unwrap_err(),
            Refusal::Payload.to_string()
        );
    }
}

#[test]
fn a_token_that_would_be_refused_is_not_issued() {
    let issue = |claims: Value| credentials().issue(claims.as_object().unwrap()).unwrap_err().to_string();
    assert_eq!(issue(json!({"sub": "ann"})), "the bearer token lacks the claim `exp`");
    assert_eq!(issue(json!({"sub": "ann", "exp": NOW})), "the bearer token has expired");
    assert_eq!(issue(json!({"exp": NOW + 1})), "the bearer token lacks the claim `sub`");
    assert!(
        issue(json!({"sub": "ann", "exp": NOW + 1, "x": "y".repeat(9000)}))
            .contains("longer than 8192 bytes")
    );
}

#[test]
fn secrets_too_short_or_shared_do_not_start() {
    let refuse = |options| Credentials::new(options, Clock::system()).unwrap_err().to_string();
    let services = |pairs: [(&str, &str); 2]| AuthOptions {
        service_tokens: pairs.map(|(name, token)| (name.to_owned(), token.to_owned())).to_vec(),
        ..AuthOptions::new(SECRET)
    };
    assert_eq!(
        refuse(AuthOptions::new(&SECRET.as_bytes()[..31])),
        "AUTH_JWT_SECRET is shorter than 32 bytes"
    );
    let short = refuse(services([("billing", BILLING), ("mailer", "short")]));
    assert_eq!(short, "the token of service `mailer` is shorter than 16 bytes");
    let shared = refuse(services([("billing", BILLING), ("mailer", BILLING)]));
    assert_eq!(shared, "services `billing` and `mailer` have the same token");
}

#[test]
fn what_is_printed_for_debugging_holds_no_secret() {
    let printed = format!("{:?} {:?}", options(), credentials());
    assert!(printed.contains("billing"), "{printed}");
    for secret in [SECRET, BILLING, MAILER] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

proptest! {
    #[test]
    fn an_issued_token_is_verified_to_the_same_claims(
        subject in "[^\0]{1,255}",
        life in 1..1_000_000_i64,
        email in proptest::option::of("[^\0]{0,40}"),
        roles in proptest::collection::vec("\\PC{0,12}", 0..5),
        extra in "\\PC{0,60}",
    ) {
        let claims = json!({"sub": subject, "exp": NOW + life, "email": email, "roles": roles, "extra": extra});
        let token = credentials().issue(claims.as_object().unwrap()).unwrap();
        let caller = credentials().verify(&headers([("authorization", &format!("Bearer {token}"))])).unwrap();
        let person = caller.user().unwrap();
        prop_assert_eq!(&person.subject, &subject);
        prop_assert_eq!(&person.email, &email);
        prop_assert_eq!(&person.roles, &roles);
        prop_assert_eq!(Value::Object(person.claims.clone()), claims);
    }

    #[test]
    fn a_refusal_repeats_no_part_of_the_credential(
        header in "\\{\"alg\":\"[A-Z]{5}9secret\"\\}",
        claims in "\\{\"secret9[a-z]{5}\":\"[a-z]{5}9secret\"\\}",
        signed in any::<bool>(),
    ) {
        let header = if signed { r#"{"alg":"HS256"}"#.to_owned() } else { header };
        let token = Hs256::new(SECRET.as_bytes()).seal_with(header.as_bytes(), claims.as_bytes());
        for value in [format!("Bearer {token}"), token.clone()] {
            let text = label([("authorization", &value)]).unwrap_err();
            prop_assert!(!text.contains("secret") && !text.contains(&token[..20]), "{}", text);
        }
        prop_assert!(!label([("x-api-key", &token)]).unwrap_err().contains(&token[..20]));
    }
}
