use super::trial::{Trial, answer, bind, record, request, sql};
use crate::store::Commit;
use crate::{ErrorKind, Statement};

const TABLE: &str = "CREATE TABLE thing (id bigint PRIMARY KEY, name text)";
const INSERT: &str = "INSERT INTO thing VALUES ($1, $2) RETURNING name, id";
const COUNT: &str = "SELECT count(*) FROM thing";

fn insert(id: i64) -> Statement {
    Statement::new(INSERT).bind(id).bind("a")
}

#[tokio::test]
async fn a_single_write_keeps_its_answer_in_the_same_instant() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let (request, answer) = (request("one"), answer("{}"));
        for _ in 0..2 {
            let (commit, rows) =
                trial.store.write_one(&insert(1), Some(record(&request, &answer))).await.unwrap();
            if matches!(commit, Commit::Duplicate) {
                break;
            }
            assert!(matches!(commit, Commit::Done), "{commit:?}");
            assert_eq!(
                (rows[0].at::<String>(0).unwrap(), rows[0].at::<i64>(1).unwrap()),
                ("a".to_owned(), 1)
            );
            assert_eq!(trial.store.kept(&request).await.unwrap().unwrap().answer, answer);
            trial.batch("DELETE FROM thing").await;
        }
        assert_eq!(trial.see::<i64>(COUNT).await, 0, "the repeat wrote nothing");
    })
    .await;
}

#[tokio::test]
async fn a_single_write_that_touches_nothing_keeps_nothing() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let (request, answer) = (request("one"), answer("{}"));
        let update = bind("UPDATE thing SET name = 'b' WHERE id = $1", 7);
        let (commit, rows) = trial.store.write_one(&update, Some(record(&request, &answer))).await.unwrap();
        assert!(matches!(commit, Commit::Done), "{commit:?}");
        assert!(rows.is_empty());
        assert!(trial.store.kept(&request).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_single_write_tells_how_many_rows_it_touched() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        trial.batch("INSERT INTO thing VALUES (1), (2), (3)").await;
        let (request, answer) = (request("one"), answer("{}"));
        for record in [None, Some(record(&request, &answer))] {
            let update = sql("UPDATE thing SET name = 'b' -- all of them");
            let (commit, rows) = trial.store.write_one(&update, record).await.unwrap();
            assert!(matches!(commit, Commit::Done), "{commit:?}");
            assert_eq!(rows.len(), 3);
        }
    })
    .await;
}

#[tokio::test]
async fn a_single_write_that_is_refused_says_why_and_keeps_nothing() {
    Trial::run(async |trial| {
        trial.batch(TABLE).await;
        let (request, answer) = (request("one"), answer("{}"));
        trial.store.write_one(&insert(1), None).await.unwrap();
        let (commit, _) = trial.store.write_one(&insert(1), Some(record(&request, &answer))).await.unwrap();
        assert!(matches!(&commit, Commit::Failed(error) if error.is_unique_violation()), "{commit:?}");
        assert!(trial.store.kept(&request).await.unwrap().is_none());
        let (commit, _) = trial.store.write_one(&sql("UPDATE nothing SET a = 1"), None).await.unwrap();
        let Commit::Failed(error) = commit else { panic!("{commit:?}") };
        assert!(matches!(error.kind(), ErrorKind::Internal(text) if !text.contains("nothing")), "{error}");
    })
    .await;
}

#[tokio::test]
async fn expired_answers_leave_in_batches() {
    Trial::run(async |trial| {
        for number in 0..5 {
            let (request, answer) = (request(&number.to_string()), answer("{}"));
            let mut record = record(&request, &answer);
            record.expires = crate::Timestamp::from_micros(number);
            trial.store.begin(None).await.unwrap().commit(Some(record)).await;
        }
        let now = crate::Timestamp::from_micros(3);
        assert_eq!(trial.store.expire_results(now, 2).await.unwrap(), 2);
        assert_eq!(trial.store.expire_results(now, 2).await.unwrap(), 1);
        assert_eq!(trial.store.expire_results(now, 2).await.unwrap(), 0);
        assert_eq!(trial.see::<i64>("SELECT count(*) FROM mainstay_result").await, 2);
    })
    .await;
}
