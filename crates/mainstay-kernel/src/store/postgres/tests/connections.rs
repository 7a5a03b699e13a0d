use std::error::Error as _;

use super::proxy::SOON;
use super::trial::{Trial, base_url, options, see};
use crate::store::postgres::Postgres;
use crate::store::postgres::fault::Use;
use crate::store::postgres::prepared::Shape;
use crate::store::postgres::target::Target;
use crate::{ErrorKind, Owned};

#[tokio::test]
async fn a_server_that_is_not_there_is_named_with_the_fix_and_without_the_password() {
    // Nothing listens on a port that was just given back.
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let url = format!("postgres://ann:s3cret@127.0.0.1:{port}/shop");
    let error = tokio::time::timeout(SOON, Postgres::open(&options(&url))).await.unwrap().err().unwrap();
    assert_eq!(error.kind(), &ErrorKind::Unavailable);
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains(&format!("127.0.0.1:{port}")) && cause.contains("DATABASE_URL"), "{cause}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named_with_the_fix() {
    let url = base_url().replace("/test", "/no_such_database");
    let error = Postgres::open(&options(&url)).await.err().unwrap();
    assert_eq!(error.kind(), &ErrorKind::Unavailable);
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(it) = cause {
        causes.push(it.to_string());
        cause = it.source();
    }
    assert!(causes[0].contains("refused"), "{causes:?}");
    assert!(causes.iter().any(|it| it.contains("no_such_database")), "{causes:?}");
}

/// The local server's certificate is its own: taken unproven, refused where proof is asked for.
#[tokio::test]
async fn tls_is_used_and_proven_when_required() {
    let url = base_url().replace("127.0.0.1", "localhost");
    let connect = async |mode: &str| {
        let url = format!("{url}?sslmode={mode}");
        Target::new(&url, Use::Reads, &options(&url), &Owned::new()).unwrap().connect().await
    };
    let plain = connect("prefer").await.unwrap();
    if see::<String>(&plain, "SHOW ssl").await == "on" {
        let error = connect("require").await.err().unwrap();
        assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    }
}

#[tokio::test]
async fn each_connection_has_its_limits() {
    Trial::run(async |trial| {
        let options = options(&trial.url);
        let shown = async |how: Use, name: &str| {
            let target = Target::new(&trial.url, how, &options, &Owned::new()).unwrap();
            see::<String>(&target.connect().await.unwrap(), &format!("SELECT current_setting('{name}')"))
                .await
        };
        assert_eq!(shown(Use::Reads, "statement_timeout").await, "5s");
        assert_eq!(shown(Use::Reads, "default_transaction_read_only").await, "on");
        assert_eq!(shown(Use::Writes, "default_transaction_read_only").await, "off");
        assert_eq!(shown(Use::Writes, "lock_timeout").await, "10s");
        assert_eq!(shown(Use::Tasks, "lock_timeout").await, "10s");
        assert_eq!(shown(Use::Tasks, "enable_bitmapscan").await, "off");
        assert_eq!(shown(Use::Writes, "enable_bitmapscan").await, "on");
        assert_eq!(shown(Use::Writes, "idle_in_transaction_session_timeout").await, "5s");
        assert_eq!(shown(Use::Writes, "client_encoding").await, "UTF8");
        assert_eq!(shown(Use::Writes, "application_name").await, "mainstay");
        assert!(shown(Use::Writes, "search_path").await.starts_with("mainstay_test_"));
    })
    .await;
}

#[tokio::test]
async fn a_connection_keeps_no_more_than_its_share_of_statements() {
    Trial::run(async |trial| {
        for number in 0..300 {
            trial.beside.prepare(Shape::Plain, &format!("SELECT {number}"), 0).await.unwrap();
        }
        let kept: i64 = trial.see("SELECT count(*) FROM pg_prepared_statements").await;
        assert!(kept <= 257, "{kept}");
        let first = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 0'";
        assert_eq!(trial.see::<i64>(first).await, 0, "the oldest left first");
    })
    .await;
}
