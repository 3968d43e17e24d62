//! When the inside breaks: 500 with nothing of the inside, at every call that needs the store.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{Answer, Server, send, text, unique};

fn unexpected(answer: &Answer) {
    let body = json!({ "success": false, "message": "Unexpected error", "code": 0, "status": 500 });
    assert_eq!((answer.status, &answer.body), (500, &body));
}

#[tokio::test]
async fn nothing_of_the_inside_shows() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let access = text(&server.exchange(&id, &secret).await.body["access_token"]);
    let database = server.database();
    database
        .execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE keys; DROP TABLE events; DROP TABLE revocations;")
        .unwrap();

    unexpected(&server.get("/keys").await);
    unexpected(&server.get("/keys?q=x&status=active&sort=label").await);
    unexpected(&server.post(&unique(), json!({})).await);
    unexpected(&server.get(&format!("/keys/{id}")).await);
    unexpected(&server.patch(&id, json!({ "label": "two" })).await);
    unexpected(&server.delete(&id).await);
    unexpected(&server.get(&format!("/keys/{id}/events")).await);
    unexpected(&server.exchange(&id, &secret).await);
    unexpected(&server.verify(&access).await);
    assert_eq!(send(server.anyone(Method::GET, "/health")).await.status, 200);
}

#[tokio::test]
async fn a_create_that_fails_can_be_repeated() {
    let server = Server::start().await;
    server.database().execute_batch("ALTER TABLE events RENAME TO away").unwrap();
    unexpected(&server.post("same", json!({ "label": "one" })).await);
    server.database().execute_batch("ALTER TABLE away RENAME TO events").unwrap();
    assert_eq!(server.get("/keys").await.body["keys"], Value::Array(Vec::new()), "all of it or nothing");
    assert_eq!(server.post("same", json!({ "label": "one" })).await.status, 201);
    assert_eq!(server.labels("q=one").await, ["one"]);
}
