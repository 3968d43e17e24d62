//! The log: one line for each request, and nothing in it that a client could want there or no one should read.

use latchkey::domain::hmac_token;
use latchkey::server::Role;
use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::served::{Served, data};
use crate::support::server::{PASSWORD, add_administrator, send, text};

/// What may are in a line about a request, and nothing else.
const FIELDS: [&str; 9] = ["timestamp", "level", "message", "method", "route", "status", "ms", "from", "who"];

#[tokio::test]
async fn a_line_says_who_did_what_and_no_secret() {
    let server = Served::start(&["--log-level", "trace"]);
    add_administrator(&data(&server.home), "jo", Role::Administrator);
    let session = server.session("jo").await;
    let (id, secret) = server.create(&session).await;
    server.sign_in("jo", "a wrong password").await;
    server.sign_in("my password by mistake", "x").await;
    let granted = send(server.exchange_request(&id, &secret)).await;
    let token = text(&granted.body["access_token"]);
    send(server.exchange_request(&id, "sk_wrong")).await;
    send(server.exchange_request(&secret, &secret)).await; // ID and secret mixed up
    send(server.anyone(Method::GET, "/auth/verify").header("x-access-token", &token)).await;
    server.get(&session, &format!("/keys?q={secret}")).await;
    server.get(&session, &format!("/keys/{secret}")).await;
    server.get(&session, &format!("/{token}")).await;
    let (status, log) = server.stop();
    assert!(status.success());

    let requests: Vec<&Value> = log.iter().filter(|line| line["message"] == "request").collect();
    let shown: Vec<String> = requests
        .iter()
        .map(|line| {
            let keys: Vec<_> = line.as_object().unwrap().keys().collect();
            assert!(keys.iter().all(|key| FIELDS.contains(&key.as_str())), "{line}");
            assert_eq!(line["from"], "127.0.0.1");
            let route = text(&line["route"]).replace("/api/v2", "");
            let who = text(&line["who"]).replace(&id, "ID");
            format!("{} {route} {} {who}", text(&line["method"]), line["status"])
        })
        .collect();
    assert_eq!(
        shown,
        [
            "POST /auth/session 200 jo",
            "POST /keys 201 jo",
            "POST /auth/session 401 jo",
            "POST /auth/session 401 -",
            "POST /auth/client_token 200 ID",
            "POST /auth/client_token 401 ID",
            "POST /auth/client_token 401 PK------------------",
            "GET /auth/verify 204 ID",
            "GET /keys 200 jo",
            "GET /keys/{id} 404 jo",
            "GET none 404 -",
        ]
    );
    let whole = log.iter().map(Value::to_string).collect::<String>();
    let hash = hmac_token(secret.as_bytes(), b"content");
    for secret in [&secret, &session, &token, PASSWORD, "a wrong password", "by mistake", "sk_", hash.expose()] {
        assert!(!whole.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn what_a_client_makes_up_does_not_reach_the_log() {
    let server = Served::start(&["--behind-proxy"]);
    let hostile = [
        "EVIL /evil HTTP/1.1\r\nhost: evil\r\n",
        "GET /api/v2/keys/%1b%5d52;c;evil%07%0aINFO HTTP/1.1\r\nhost: x\r\nx-forwarded-for: evil\r\n",
        "POST /api/v2/auth/session HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nuser-agent: evil\r\n",
    ];
    for head in hostile {
        let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(format!("{head}connection: close\r\n\r\n{{}}").as_bytes()).await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    let (_, log) = server.stop();
    assert_eq!(log.iter().filter(|line| line["message"] == "request").count(), hostile.len(), "{log:#?}");
    assert!(!log.iter().map(Value::to_string).collect::<String>().contains("evil"), "{log:#?}");
    assert!(log.iter().any(|line| line["method"] == "other" && line["from"] == "127.0.0.1"), "{log:#?}");
}

#[tokio::test]
async fn what_breaks_inside_is_in_the_log_only() {
    let server = Served::start(&[]);
    let database = rusqlite::Connection::open(data(&server.home).join("keys.db")).unwrap();
    database.execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE administrators").unwrap();
    let answer = server.sign_in("jo", PASSWORD).await;
    assert_eq!((answer.status, text(&answer.body["message"])), (500, "Unexpected error".to_owned()));
    let (_, log) = server.stop();
    let inside = log.iter().find(|line| line["message"] == "the store failed").unwrap();
    assert!(text(&inside["error"]).contains("no such table"), "{inside}");
    assert!(log.iter().any(|line| line["level"] == "ERROR" && line["status"] == 500), "{log:#?}");
}
