//! Whose secret or token is this?

use latchkey::domain::hmac_token;
use latchkey::server::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{Answer, Server, send, text};

async fn identify(server: &Server, body: Value) -> Answer {
    send(server.call(Method::POST, "/keys/identify").json(&body)).await
}

/// The ID of the key that was found, or the status.
async fn owner(server: &Server, body: Value) -> Result<String, u16> {
    let answer = identify(server, body).await;
    if answer.status == 200 { Ok(text(&answer.body["key"]["id"])) } else { Err(answer.status) }
}

#[tokio::test]
async fn a_secret_is_that_of_its_key_and_nothing_of_that_is_kept() {
    let server = Server::start().await;
    let ((id, secret), (other, its_secret)) = (server.create("nightly").await, server.create("other").await);
    server.patch(&id, json!({ "owner": "team", "status": "inactive" })).await;
    let before = server.get("/events").await.body["events"].as_array().unwrap().len();
    let found = identify(&server, json!({ "secret": secret })).await;
    assert_eq!(found.body["key"], server.get(&format!("/keys/{id}")).await.body["key"], "as it is now");
    assert_eq!(owner(&server, json!({ "secret": its_secret })).await, Ok(other.clone()));
    let wrong = identify(&server, json!({ "secret": &secret[..51] })).await;
    assert_eq!((wrong.status, text(&wrong.body["message"]).as_str()), (404, "A key with this secret was not found"));
    for body in [
        json!({}),
        json!({ "secret": secret, "access_token": "x" }),
        json!({ "secret": 1 }),
        json!({ "secret": secret, "id": id }),
        json!({ "hmac_token": "00" }),
        json!({ "hmac_token": "00", "content": "x" }),
    ] {
        let refused = identify(&server, body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(!refused.body.to_string().contains(&secret), "{refused:?}");
    }
    assert_eq!(server.get("/events").await.body["events"].as_array().unwrap().len(), before);
    let key = server.get(&format!("/keys/{id}")).await.body["key"].clone();
    assert_eq!((&key["last_used_at"], &key["revision"]), (&Value::Null, &json!(2)));
    server.delete(&id).await;
    assert_eq!(owner(&server, json!({ "secret": secret })).await, Err(404));

    let folder = server.stop().await;
    let server = Server::on(folder, Role::Auditor).await;
    assert_eq!(owner(&server, json!({ "secret": its_secret })).await, Ok(other), "an auditor may ask");
    let nobody = send(server.anyone(Method::POST, "/keys/identify").json(&json!({ "secret": its_secret }))).await;
    assert_eq!(nobody.status, 401);
    for file in std::fs::read_dir(server.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        assert!(memchr::memmem::find(&bytes, &its_secret.as_bytes()[3..19]).is_none());
    }
}

#[tokio::test]
async fn an_access_token_is_that_of_its_key_until_long_after_its_end() {
    let server = Server::start().await;
    let (id, secret) = server.create("nightly").await;
    let token = text(&server.exchange(&id, &secret).await.body["access_token"]);
    let of = |token: &str| json!({ "access_token": token });
    let status = |answer: &Answer| answer.body["token"]["status"].as_str().map(str::to_owned);
    let found = identify(&server, of(&token)).await;
    assert_eq!((text(&found.body["key"]["id"]), status(&found).as_deref()), (id.clone(), Some("valid")));
    assert!(found.body["token"]["issued_at"].is_string() && found.body["token"]["expires_at"].is_string());
    assert_eq!(server.get(&format!("/keys/{id}/usage")).await.body["uses"], 1, "the exchange alone");
    let (message, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}{}", if signature.starts_with('A') { "B" } else { "A" }, &signature[1..]);
    for none in [forged.as_str(), message, "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.", ""] {
        assert_eq!(identify(&server, of(none)).await.status, 404, "{none}");
    }
    for (status_after, word) in [("inactive", "revoked"), ("active", "revoked")] {
        server.patch(&id, json!({ "status": status_after })).await;
        assert_eq!(status(&identify(&server, of(&token)).await).as_deref(), Some(word));
    }
    server.patch(&id, json!({ "label": "gone", "owner": "team" })).await;
    server.delete(&id).await;
    let found = identify(&server, of(&token)).await;
    let deleted = &found.body["deleted_key"];
    assert_eq!((found.status, found.body.get("key"), status(&found).as_deref()), (200, None, Some("revoked")));
    assert_eq!(
        (&deleted["id"], &deleted["label"], &deleted["owner"], &deleted["deleted_by"]),
        (&json!(id), &json!("gone"), &json!("team"), &json!("jo"))
    );
    assert!(deleted["deleted_at"].is_string());
}

#[tokio::test]
async fn an_hmac_token_is_compared_with_that_of_the_key_that_is_named() {
    let server = Server::start().await;
    let ((id, secret), (other, _)) = (server.create("nightly").await, server.create("other").await);
    let token = hmac_token(secret.as_bytes(), b"content");
    let body = |id: &str, content: &str, token: &str| json!({ "id": id, "content": content, "hmac_token": token });
    assert_eq!(owner(&server, body(&id, "content", token.expose())).await, Ok(id.clone()));
    let upper = token.expose().to_ascii_uppercase();
    assert_eq!(owner(&server, body(&id, "content", &upper)).await, Ok(id.clone()));
    for none in
        [body(&other, "content", token.expose()), body(&id, "other", token.expose()), body("PK1", "content", "00")]
    {
        assert_eq!(owner(&server, none).await, Err(404));
    }
    let usage = server.get(&format!("/keys/{id}/usage")).await.body;
    assert_eq!((&usage["uses"], &usage["refusals"], &usage["tokens"]), (&json!(0), &json!(0), &json!(0)));
}

#[tokio::test]
async fn keys_from_before_are_prepared_in_the_background_and_no_answer_is_wrong_meanwhile() {
    let server = Server::start().await;
    let mut keys = Vec::new();
    for label in ["a", "b", "c"] {
        keys.push(server.create(label).await);
    }
    let folder = server.stop().await;
    // As an earlier version has left it, which a program of that version still writes to.
    let path = folder.path().join("keys.db");
    let before = rusqlite::Connection::open(&path).unwrap();
    before.execute("UPDATE digests SET digest = NULL", []).unwrap();
    let unreadable =
        "INSERT INTO keys (id, label, label_fold, state, created_at, created_by) VALUES ('PK1', '', '', 0, 0, 'jo');
                      INSERT INTO sealed SELECT seq, x'00' FROM keys WHERE id = 'PK1';";
    before.execute_batch(unreadable).unwrap();
    let server = Server::on(folder, Role::Superuser).await;
    let (id, secret) = keys.remove(0);
    let (mut waited, mut answers) = (0, Vec::new());
    while answers.last() != Some(&Ok(id.clone())) {
        let answer = identify(&server, json!({ "secret": secret })).await;
        answers.push(if answer.status == 200 { Ok(text(&answer.body["key"]["id"])) } else { Err(answer.status) });
        if answer.status == 503 {
            assert!(answer.headers.contains_key("retry-after") && text(&answer.body["message"]).contains("preparing"));
            waited += 1;
        }
    }
    assert_eq!(answers.len(), waited + 1, "nothing but 503 before: {answers:?}");
    assert!(waited > 0, "it is not done before the first answer");
    for (id, secret) in keys {
        assert_eq!(owner(&server, json!({ "secret": secret })).await, Ok(id));
    }
    // One secret that no master key opens holds up no answer.
    assert_eq!(owner(&server, json!({ "secret": "none" })).await, Err(404));
}
