use serde_json::json;

use super::*;

/// 2023-11-14T22:13:20Z
const NOW: i64 = 1_700_000_000;

fn policy() -> Policy {
    Policy { leeway: Duration::ZERO, issuer: None, audience: None }
}

fn admit_by(policy: &Policy, claims: &Value) -> Result<Principal, Refusal> {
    policy.admit(claims.as_object().unwrap().clone(), Timestamp::from_micros(NOW * 1_000_000))
}

/// Ann's claims, good for a minute, with these members set or, where null, removed.
fn with(changes: Value) -> Value {
    let mut claims = json!({"sub": "ann", "exp": NOW + 60});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn admit(changes: Value) -> Result<Principal, Refusal> {
    admit_by(&policy(), &with(changes))
}

#[test]
fn every_claim_is_kept() {
    let claims = json!({
        "iss": "https://id.example", "sub": "ann", "exp": NOW + 60, "nbf": NOW, "iat": NOW - 5,
        "email": "ann@example.org", "name": "Ann", "roles": ["admin", "editor"], "scopes": ["read", "write"],
        "tenant": {"id": 7, "plan": null}
    });
    let principal = admit_by(&policy(), &claims).unwrap();
    assert_eq!(principal.id, Uuid::nil());
    assert_eq!(principal.issuer, "https://id.example");
    assert_eq!(principal.subject, "ann");
    assert_eq!(principal.email.as_deref(), Some("ann@example.org"));
    assert_eq!(principal.name.as_deref(), Some("Ann"));
    assert_eq!(principal.roles, ["admin", "editor"]);
    assert_eq!(principal.scopes, ["read", "write"]);
    assert_eq!(Value::Object(principal.claims), claims);
}

#[test]
fn what_is_absent_is_empty() {
    let principal = admit(json!({})).unwrap();
    assert_eq!((principal.issuer.as_str(), principal.email, principal.name), ("", None, None));
    assert!(principal.roles.is_empty() && principal.scopes.is_empty());
}

#[test]
fn a_token_without_an_expiry_is_refused() {
    assert_eq!(admit_by(&policy(), &json!({"sub": "ann"})), Err(Refusal::Missing("exp")));
}

#[test]
fn a_time_that_is_not_a_sane_number_is_refused() {
    let odd = [
        json!("1700000060"),
        json!("NaN"),
        json!(""),
        json!(null),
        json!(true),
        json!([NOW]),
        json!({}),
        json!(-1),
        json!(-0.5),
        json!(253_402_300_800_i64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(f64::MAX),
    ];
    for value in odd {
        for claim in ["exp", "nbf", "iat"] {
            assert!(
                matches!(admit(json!({claim: value})), Err(Refusal::Shape(it, _)) if it == claim),
                "{claim}: {value}"
            );
        }
    }
}

#[test]
fn a_token_holds_until_the_second_of_its_expiry() {
    assert_eq!(admit(json!({"exp": NOW})), Err(Refusal::Expired));
    assert_eq!(admit(json!({"exp": NOW - 1})), Err(Refusal::Expired));
    assert_eq!(admit(json!({"exp": 0})), Err(Refusal::Expired));
    assert!(admit(json!({"exp": NOW + 1})).is_ok());
    assert!(admit(json!({"exp": NOW as f64 + 0.25})).is_ok());
    assert!(admit(json!({"exp": 253_402_300_799_i64})).is_ok());
}

#[test]
fn a_token_holds_from_its_start() {
    assert!(admit(json!({"nbf": NOW})).is_ok());
    assert_eq!(admit(json!({"nbf": NOW + 1})), Err(Refusal::NotYet));
    assert_eq!(admit(json!({"nbf": NOW as f64 + 0.25})), Err(Refusal::NotYet));
}

#[test]
fn the_leeway_widens_both_ends_by_that_much_and_no_more() {
    let policy = Policy { leeway: Duration::from_secs(30), ..policy() };
    let admit = |changes| admit_by(&policy, &with(changes)).map(drop);
    assert_eq!(admit(json!({"exp": NOW - 29})), Ok(()));
    assert_eq!(admit(json!({"exp": NOW - 30})), Err(Refusal::Expired));
    assert_eq!(admit(json!({"nbf": NOW + 30})), Ok(()));
    assert_eq!(admit(json!({"nbf": NOW + 31})), Err(Refusal::NotYet));
}

#[test]
fn the_subject_is_a_string_of_1_to_255_characters() {
    assert_eq!(admit(json!({"sub": null})), Err(Refusal::Missing("sub")));
    assert_eq!(admit(json!({"sub": ""})), Err(Refusal::Missing("sub")));
    assert!(admit(json!({"sub": "é".repeat(255)})).is_ok());
    for odd in
        [json!("é".repeat(256)), json!(7), json!(["ann"]), json!({"id": 7}), json!("a\0b"), json!(true)]
    {
        assert!(matches!(admit(json!({"sub": odd})), Err(Refusal::Shape("sub", _))), "{odd}");
    }
}

#[test]
fn a_claim_of_the_wrong_type_is_refused_and_not_ignored() {
    for (claim, odd) in [
        ("iss", json!(7)),
        ("iss", json!("x".repeat(256))),
        ("email", json!(["a@b"])),
        ("email", json!("a\0@b")),
        ("name", json!({})),
        ("roles", json!("admin")),
        ("roles", json!(["admin", 7])),
        ("roles", json!({"admin": true})),
        ("scopes", json!("read write")),
        ("scope", json!(["read"])),
        ("aud", json!(7)),
        ("aud", json!([7])),
    ] {
        assert!(
            matches!(admit(json!({claim: odd})), Err(Refusal::Shape(it, _)) if it == claim),
            "{claim}: {odd}"
        );
    }
}

#[test]
fn scopes_come_as_an_array_or_separated_by_spaces() {
    let scopes = |changes| admit(changes).unwrap().scopes;
    assert_eq!(scopes(json!({"scope": "read  posts:write "})), ["read", "posts:write"]);
    assert_eq!(scopes(json!({"scopes": ["a b", "c"]})), ["a b", "c"]);
    assert_eq!(scopes(json!({"scopes": ["a"], "scope": "b"})), ["a"]);
    assert!(scopes(json!({"scope": ""})).is_empty());
}

#[test]
fn only_the_configured_issuer_is_accepted() {
    let policy = Policy { issuer: Some("https://id.example".into()), ..policy() };
    let admit = |changes| admit_by(&policy, &with(changes)).map(drop);
    assert_eq!(admit(json!({"iss": "https://id.example"})), Ok(()));
    assert_eq!(admit(json!({"iss": "https://id.example/"})), Err(Refusal::Issuer));
    assert_eq!(admit(json!({})), Err(Refusal::Issuer));
}

#[test]
fn only_the_configured_audience_is_accepted() {
    let policy = Policy { audience: Some("blog".into()), ..policy() };
    let admit = |changes| admit_by(&policy, &with(changes)).map(drop);
    assert_eq!(admit(json!({"aud": "blog"})), Ok(()));
    assert_eq!(admit(json!({"aud": ["shop", "blog"]})), Ok(()));
    for odd in [json!({"aud": "shop"}), json!({"aud": []}), json!({"aud": "blo"}), json!({})] {
        assert_eq!(admit(odd.clone()), Err(Refusal::Audience), "{odd}");
    }
}

#[test]
fn a_token_for_somebody_is_refused_where_no_audience_is_configured() {
    assert_eq!(admit(json!({"aud": "shop"})), Err(Refusal::Audience));
    assert_eq!(admit(json!({"aud": ["shop"]})), Err(Refusal::Audience));
}
