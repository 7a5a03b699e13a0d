//! What a caller shapes ends at a limit, and the answer names it.

use mainstay_test::TestApp;

use crate::app;

/// Conditions of different names, as many as wanted.
fn conditions(many: usize) -> String {
    let fields = ["text", "big", "small", "ratio", "maybeBig"];
    let operators = ["eq", "ne", "lt", "lte", "gt", "gte", "in", "nin"];
    let all =
        fields.iter().flat_map(|field| operators.map(|operator| format!("where[{field}][{operator}]=1")));
    all.take(many).collect::<Vec<_>>().join("&")
}

fn steps(inner: &str, deep: usize) -> String {
    let open = "[{\"method\":\"where\",\"args\":[{\"__nested\":".repeat(deep);
    let text = format!("{open}{inner}{}", "}]}]".repeat(deep));
    format!("__query={}", text.replace('"', "%22"))
}

#[mainstay::test(app = app)]
async fn every_limit_of_a_list_is_400_beyond_and_named(app: TestApp) {
    let ann = app.user("ann").await;
    let one = "[{\"method\":\"where\",\"args\":[\"big\",1]}]";
    let sorts = ["id", "text", "big", "small", "ratio", "flag", "at", "key", "blob"];
    let many = |last: usize| (0..=last).map(|it| it.to_string()).collect::<Vec<_>>().join(",");
    let keys = |many: usize| ["k"; 9][..many].join(".");
    let padded = |bytes: usize| format!("__query=[{}]", "+".repeat(bytes - 2));
    for (within, beyond, named) in [
        ("limit=100".to_owned(), "limit=101".to_owned(), "100"),
        ("page=1001&limit=100".to_owned(), "page=1002&limit=100".to_owned(), "100000"),
        (conditions(32), conditions(33), "32 conditions"),
        (format!("where[big][in]={}", many(99)), format!("where[big][in]={}", many(100)), "100"),
        (
            format!("where[text][like]={}", "a".repeat(1000)),
            format!("where[text][like]={}", "a".repeat(1001)),
            "1000",
        ),
        (
            format!("where[text][contains]={}", "a".repeat(1000)),
            format!("where[text][contains]={}", "a".repeat(1001)),
            "1000",
        ),
        (format!("where[doc.{}]=1", keys(8)), format!("where[doc.{}]=1", keys(9)), "8 keys"),
        (format!("sort={}", sorts[..8].join(",")), format!("sort={}", sorts.join(",")), "8 fields"),
        (steps(one, 5), steps(one, 6), "5 deep"),
        (padded(16 * 1024), padded(16 * 1024 + 1), "16384"),
    ] {
        let _ = ann.get(&format!("/v1/things?{within}")).await.expect_status(200);
        let answer = ann.get(&format!("/v1/things?{beyond}")).await.expect_error(400, "bad_request");
        assert!(answer.description().contains(named), "{named}: {}", answer.description());
    }
    let parameters = (0..65).map(|it| format!("p{it}=1")).collect::<Vec<_>>().join("&");
    let answer = ann.get(&format!("/v1/things?{parameters}")).await.expect_error(400, "bad_request");
    assert!(answer.description().contains("64"), "{}", answer.description());
}
