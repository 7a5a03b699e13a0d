use serde_json::Value as Json;

use super::trial::Trial;
use crate::changes::{Most, Token};
use crate::store::changes::{now, since};
use crate::{Dialect, Statement};

/// How many rows of `mainstay_change` a plan that was run has looked at, those it left out among them.
fn looked_at(plan: &Json) -> u64 {
    let own = if plan["Relation Name"].as_str().is_some_and(|it| it.starts_with("mainstay_change_")) {
        let count = |name: &str| plan[name].as_f64().unwrap_or(0.0) as u64;
        count("Actual Rows") + count("Rows Removed by Filter") + count("Rows Removed by Index Recheck")
    } else {
        0
    };
    own + plan["Plans"].as_array().into_iter().flatten().map(looked_at).sum::<u64>()
}

#[tokio::test]
async fn a_read_looks_at_what_it_tells_and_at_nothing_else() {
    Trial::run(async |trial| {
        // It keeps everything that follows from being old.
        trial.hold("INSERT INTO mainstay_change (model, id) VALUES ('note', 'open')").await;
        for _ in 0..20 {
            trial
                .batch("INSERT INTO mainstay_change (model, id) SELECT 'note', generate_series(1, 1000)")
                .await;
        }
        let row = trial.store.point(&now(Dialect::Postgres)).await.unwrap().unwrap();
        let token = Token::read(&row).unwrap();
        trial.batch("INSERT INTO mainstay_change (model, id) VALUES ('note', 'a'), ('note', 'b')").await;
        for analysed in [false, true] {
            if analysed {
                trial.batch("ANALYZE mainstay_change").await;
            }
            let read = since(Dialect::Postgres, &token, Most::default()).unwrap();
            let text = format!("EXPLAIN (ANALYZE, FORMAT JSON) {}", read.text());
            // More often than the server plans a statement for its values.
            for _ in 0..8 {
                let rows = trial.store.rows(&Statement::with(text.clone(), read.params().to_vec())).await;
                let plan: Json = rows.unwrap()[0].at(0).unwrap();
                assert_eq!(looked_at(&plan[0]["Plan"]), 2, "{plan}");
                assert_eq!(plan[0]["JIT"], Json::Null, "compiling it takes a thousand times as long");
            }
        }
        trial.let_go().await;
    })
    .await;
}
