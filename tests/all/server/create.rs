//! Creating keys, once each.

use latchkey::domain::{KeyId, SealKey, SealedSecret, SecretKey};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::support::server::{Server, send, text, unique};

#[tokio::test]
async fn a_new_key_has_the_contracts_form() {
    let server = Server::start().await;
    let answer = server.post("one", json!({ "label": "nightly", "expires_at": "2999-01-31T12:00:00+02:00" })).await;
    assert_eq!(answer.status, 201);
    let key = &answer.body["key"];
    assert!(KeyId::looks_like_ours(key["id"].as_str().unwrap()));
    assert!(SecretKey::parse(answer.body["secret_access_key"].as_str().unwrap()).is_ok());
    assert_eq!(
        (&key["label"], &key["status"], &key["created_by"]),
        (&json!("nightly"), &json!("active"), &json!("jo"))
    );
    assert_eq!(key["expires_at"], "2999-01-31T10:00:00Z");
    assert_eq!((&key["last_used_at"], &key["last_used_from"]), (&json!(null), &json!(null)));
    assert_eq!(server.get(&format!("/keys/{}", text(&key["id"]))).await.body["key"], *key);
    assert_eq!(server.post("two", json!({})).await.body["key"]["label"], "");
}

#[tokio::test]
async fn a_repeated_call_creates_nothing_and_shows_no_secret() {
    let server = Server::start().await;
    let first = server.post("same", json!({ "label": "one", "expires_at": "2999-01-01T00:00:00Z" })).await;
    let again = server.post("same", json!({ "expires_at": "2999-01-01T01:00:00+01:00", "label": "one" })).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(again.body["key"], first.body["key"]);
    let other = server.post("same", json!({ "label": "two" })).await;
    assert_eq!(other.status, 422);
    assert_eq!(server.get("/keys").await.body["total"], 1);
    server.delete(&text(&first.body["key"]["id"])).await;
    let gone = server.post("same", json!({ "label": "one", "expires_at": "2999-01-01T00:00:00Z" })).await;
    assert_eq!(gone.status, 422);
    assert!(text(&gone.body["message"]).contains("deleted"));
}

#[tokio::test]
async fn a_repeated_call_is_answered_also_when_its_key_has_expired_meanwhile() {
    let server = Server::start().await;
    let end = "2999-01-01T00:00:00Z";
    let first = server.post("same", json!({ "expires_at": end })).await;
    // As if it had been asked for with an end that has come since.
    let body = json!({ "expires_at": "2001-01-01T00:00:00Z" });
    let asked = Sha256::digest(json!(["", 978_307_200_000_i64]).to_string());
    let database = server.database();
    database.execute("UPDATE creates SET fingerprint = ?1", [asked.as_slice()]).unwrap();
    database.execute("UPDATE keys SET expires_at = 978307200000", []).unwrap();
    let again = server.post("same", body.clone()).await;
    assert_eq!((again.status, &again.body["key"]["id"]), (200, &first.body["key"]["id"]));
    assert_eq!(again.body["key"]["status"], "expired");
    assert_eq!(server.post("other", body).await.status, 400);
}

#[tokio::test]
async fn a_sealed_secret_is_sent_again_until_it_has_arrived() {
    let server = Server::start().await;
    let key = SealKey::from_random(Zeroizing::new([7; 32]));
    let body = json!({ "label": "one", "seal_to": key.public().unwrap().text() });
    let first = server.post("same", body.clone()).await;
    assert_eq!((first.status, first.body.get("secret_access_key")), (201, None));
    let id = KeyId::parse(&text(&first.body["key"]["id"])).unwrap();
    let opened = |body: &serde_json::Value| {
        let sealed = SealedSecret::parse(body["sealed_secret"].as_str().unwrap()).unwrap();
        key.open(&sealed, &id).unwrap().expose().to_owned()
    };
    let secret = opened(&first.body);
    assert!(SecretKey::parse(&secret).is_ok());
    assert_eq!(server.exchange(id.raw_for_api(), &secret).await.status, 200);

    let again = server.twin().await.post("same", body.clone()).await;
    assert_eq!((again.status, &again.body["replayed"]), (200, &json!(true)));
    assert_eq!((&again.body["key"]["id"], opened(&again.body)), (&first.body["key"]["id"], secret));
    let other = SealKey::from_random(Zeroizing::new([8; 32])).public().unwrap().text();
    for body in [json!({ "label": "one" }), json!({ "label": "one", "seal_to": other })] {
        assert_eq!(server.post("same", body).await.status, 422, "another public key is another request");
    }

    let arrived = || send(server.call(Method::DELETE, &format!("/keys/{}/sealed", id.raw_for_api())));
    assert_eq!(arrived().await.status, 204);
    let late = server.post("same", body.clone()).await;
    assert_eq!((late.status, &late.body["secret_access_key"]), (200, &json!(null)));
    assert_eq!((late.body.get("sealed_secret"), arrived().await.status), (None, 404));
    assert_eq!(server.get("/keys").await.body["total"], 1);

    let lost = server.post("lost", body.clone()).await;
    server.database().execute("UPDATE undelivered SET until = until - 600000", []).unwrap();
    assert_eq!(server.post("lost", body).await.body["secret_access_key"], json!(null), "after ten minutes");
    assert!(lost.body["sealed_secret"].is_string());
}

#[tokio::test]
async fn after_a_day_the_key_is_free_again() {
    let server = Server::start().await;
    server.post("same", json!({})).await;
    server.database().execute("UPDATE creates SET at = at - 86400001", []).unwrap();
    assert_eq!(server.post("same", json!({ "label": "other" })).await.status, 201);
}

#[tokio::test]
async fn while_the_first_body_trickles_in_the_second_call_waits_its_turn() {
    let server = Server::start().await;
    let mut slow = server.trickle("same").await;
    let second = server.post("same", json!({ "label": "one" })).await;
    assert_eq!(second.status, 409, "{second:?}");
    assert_eq!(server.post("another", json!({})).await.status, 201);

    tokio::io::AsyncWriteExt::write_all(&mut slow, b"{\"label\":\"one\"}").await.unwrap();
    let mut answer = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut slow, &mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 201");
    assert_eq!(server.post("same", json!({ "label": "one" })).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_created_is_named() {
    let server = Server::start().await;
    let bodies = [
        (json!({ "label": "x".repeat(101) }), "label"),
        (json!({ "label": "a\u{7}" }), "label"),
        (json!({ "label": 5 }), "label"),
        (json!({ "label": null }), "label"),
        (json!({ "expires_at": "tomorrow" }), "expires_at"),
        (json!({ "expires_at": "2001-01-01T00:00:00Z" }), "expires_at"),
        (json!({ "expires_at": "9999-12-31T23:59:59-01:00" }), "expires_at: must be in the year 9999"),
        (json!({ "seal_to": "AAAA" }), "seal_to: must be an X25519 public key"),
        (json!({ "seal_to": "A".repeat(43) }), "seal_to"),
        (json!({ "colour": "red" }), "colour"),
        (json!("text"), "body"),
    ];
    for (body, field) in bodies {
        let answer = server.post(&unique(), body.clone()).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!(0)), "{body}");
        assert!(text(&answer.body["message"]).starts_with(field), "{body}: {answer:?}");
    }
    let longest = server.post(&unique(), json!({ "label": "é".repeat(100) })).await;
    assert_eq!(longest.status, 201);
}

#[tokio::test]
async fn an_idempotency_key_is_required() {
    let server = Server::start().await;
    let call = || server.call(Method::POST, "/keys").json(&json!({}));
    let cases = [call(), call().header("Idempotency-Key", ""), call().header("Idempotency-Key", "x".repeat(256))];
    for request in cases {
        let answer = send(request).await;
        assert_eq!(answer.status, 400);
        assert!(text(&answer.body["message"]).starts_with("Idempotency-Key"));
    }
    assert_eq!(server.post(&"x".repeat(255), json!({})).await.status, 201);
}
