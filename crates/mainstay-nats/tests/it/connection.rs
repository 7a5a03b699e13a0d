use std::pin::pin;

use futures_util::future::{Either, select};
use mainstay::prelude::{Value, json};
use mainstay::serde_json;
use mainstay_nats::{Nats, NatsOptions};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// What a server that asks who comes is told by whom this address names.
async fn told(who: &str) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let servers = vec![format!("nats://{who}@{}", listener.local_addr().expect("its address"))];
    let asked = async {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut stream = BufReader::new(stream);
        let info = json!({
            "server_id": "s", "server_name": "s", "host": "127.0.0.1", "port": 4222, "version": "2.9.10", "go": "go1",
            "proto": 1, "headers": true, "max_payload": 1024, "client_id": 1, "auth_required": true,
        });
        stream.write_all(format!("INFO {info}\r\n").as_bytes()).await.expect("it reads");
        let mut line = String::new();
        while !line.starts_with("CONNECT ") {
            line.clear();
            assert!(stream.read_line(&mut line).await.expect("a line") > 0, "it went away");
        }
        serde_json::from_str(&line["CONNECT ".len()..]).expect("JSON")
    };
    let connecting = Nats::connect(NatsOptions { servers, ..NatsOptions::default() });
    match select(pin!(asked), pin!(connecting)).await {
        Either::Left((told, _)) => told,
        Either::Right((nats, _)) => panic!("it went on and told nobody: {}", nats.is_ok()),
    }
}

#[tokio::test]
async fn whom_an_address_names_is_told_to_the_broker() {
    let ann = told("ann:p%40ss").await;
    assert_eq!(
        (&ann["user"], &ann["pass"], &ann["auth_token"]),
        (&json!("ann"), &json!("p@ss"), &Value::Null)
    );
    let token = told("t0k%2Fen").await;
    assert_eq!((&token["auth_token"], &token["user"]), (&json!("t0k/en"), &Value::Null));
}
