//! Editing and deleting keys, and their history.

use chrono::{SecondsFormat, TimeDelta, Utc};
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::server::{Answer, Server, send, text};

#[tokio::test]
async fn absent_stays_and_null_is_never() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    let end = "2999-01-01T00:00:00Z";
    assert_eq!(server.patch(&id, json!({ "expires_at": end })).await.body["key"]["expires_at"], end);
    let renamed = server.patch(&id, json!({ "label": "two" })).await;
    assert_eq!((&renamed.body["key"]["label"], &renamed.body["key"]["expires_at"]), (&json!("two"), &json!(end)));
    let never = server.patch(&id, json!({ "expires_at": null })).await;
    assert_eq!((&never.body["key"]["label"], &never.body["key"]["expires_at"]), (&json!("two"), &json!(null)));
    let same = server.patch(&id, json!({})).await;
    assert_eq!(same.body["key"], never.body["key"]);
}

#[tokio::test]
async fn expired_wins_over_inactive_and_yields_to_a_later_end() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    server.patch(&id, json!({ "status": "inactive" })).await;
    server.database().execute("UPDATE keys SET expires_at = 1", []).unwrap();
    assert_eq!(server.get(&format!("/keys/{id}")).await.body["key"]["status"], "expired");
    assert_eq!(server.labels("status=expired").await, ["one"]);
    assert!(server.labels("status=inactive").await.is_empty());
    let revived = server.patch(&id, json!({ "expires_at": "2999-01-01T00:00:00Z" })).await;
    assert_eq!(revived.body["key"]["status"], "inactive");
    assert_eq!(server.labels("status=inactive").await, ["one"]);
    assert_eq!(server.get("/keys?status=expired").await.body["total"], 0);
}

#[tokio::test]
async fn a_key_deactivated_for_a_while_is_accepted_again_when_its_time_has_come() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let token = text(&server.exchange(&id, &secret).await.body["access_token"]);
    let later = |time: TimeDelta| (Utc::now() + time).to_rfc3339_opts(SecondsFormat::Millis, true);
    let off = |until: &str| json!({ "status": "inactive", "reactivates_at": until });
    let until = later(TimeDelta::minutes(15));
    let key = server.patch(&id, off(&until)).await.body["key"].clone();
    assert_eq!((&key["status"], &key["reactivates_at"]), (&json!("inactive"), &json!(until)));
    assert_eq!((server.exchange(&id, &secret).await.status, server.verify(&token).await.status), (401, 401));
    for (change, words) in [
        (off(&later(TimeDelta::seconds(20))), "must be 1 minute to 7 days from now"),
        (off(&later(TimeDelta::days(8))), "must be 1 minute to 7 days from now"),
        (off("tomorrow"), "must be an RFC 3339 time"),
        (json!({ "reactivates_at": until }), "needs the status inactive"),
        (json!({ "status": "active", "reactivates_at": until }), "needs the status inactive"),
    ] {
        let answer = server.patch(&id, change).await;
        let message = text(&answer.body["message"]);
        assert!(answer.status == 400 && message.starts_with("reactivates_at") && message.contains(words), "{answer:?}");
    }
    let for_good = server.patch(&id, json!({ "status": "inactive", "reactivates_at": null })).await;
    assert_eq!(for_good.body["key"]["reactivates_at"], json!(null));
    server.patch(&id, off(&until)).await;
    server.database().execute("UPDATE keys SET reactivates_at = 1700000000000", []).unwrap();
    assert_eq!(server.exchange(&id, &secret).await.status, 200);
    assert_eq!(server.verify(&token).await.status, 401, "tokens from before stay refused");
    assert_eq!(server.labels("status=active").await, ["one"]);
    let key = server.get(&format!("/keys/{id}")).await.body["key"].clone();
    assert_eq!((&key["status"], &key["reactivates_at"]), (&json!("active"), &json!(null)));
    let events = server.get(&format!("/keys/{id}/events")).await.body["events"].clone();
    let event = events.as_array().unwrap().iter().find(|event| event["kind"] == "reactivated").unwrap();
    assert_eq!((&event["by"], &event["from"]), (&json!(null), &json!(null)));
    assert_eq!(event["changes"][0], json!({ "field": "status", "old": "inactive", "new": "active" }));
}

#[tokio::test]
async fn what_cannot_be_edited_is_named() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    let changes = [
        (json!({ "status": "expired" }), "status"),
        (json!({ "status": null }), "status"),
        (json!({ "label": null }), "label"),
        (json!({ "expires_at": "2001-01-01T00:00:00Z" }), "expires_at"),
        (json!({ "id": "PK1" }), "id"),
    ];
    for (change, field) in changes {
        let answer = server.patch(&id, change).await;
        assert_eq!(answer.status, 400);
        assert!(text(&answer.body["message"]).starts_with(field), "{answer:?}");
    }
}

#[tokio::test]
async fn what_does_not_exist() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    assert_eq!(server.delete(&id).await.status, 204);
    assert_eq!(server.delete(&id).await.status, 404);
    assert_eq!(server.get(&format!("/keys/{id}")).await.status, 404);
    assert_eq!(server.patch(&id, json!({})).await.status, 404);
    assert_eq!(server.get("/keys/PK1/events").await.status, 404);
    assert_eq!(server.get("/keys?q=one").await.body["keys"], json!([]));
    let rows: i64 = server.database().query_row("SELECT count(*) FROM sealed", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0, "its secret is gone");
}

#[tokio::test]
async fn the_history_stays_and_comes_in_pages() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    server.patch(&id, json!({ "label": "two", "status": "inactive" })).await;
    server.patch(&id, json!({ "label": "two" })).await;
    server.patch(&id, json!({ "status": "active", "expires_at": "2999-01-01T00:00:00Z" })).await;
    server.delete(&id).await;
    let mut lines = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.get(&format!("/keys/{id}/events?limit=2{cursor}")).await;
        assert_eq!(page.status, 200);
        for event in page.body["events"].as_array().unwrap() {
            assert_eq!((&event["by"], &event["from"]), (&json!("jo"), &json!("local")));
            lines.push(format!("{} {}", text(&event["kind"]), event["detail"].as_str().unwrap_or_default()));
        }
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(lines, ["deleted ", "edited activated, expires_at", "edited label, deactivated", "created "]);
    assert_eq!(server.get(&format!("/keys/{id}/events?cursor=x")).await.status, 400);
    assert_eq!(server.get(&format!("/keys/{id}/events?limit=0")).await.status, 400);
}

#[tokio::test]
async fn a_change_for_another_revision_gets_the_key_as_it_is() {
    let server = Server::start().await;
    let created = server.post("one", json!({ "label": "one" })).await;
    let id = text(&created.body["key"]["id"]);
    let etag = |answer: &Answer| answer.headers[header::ETAG].to_str().unwrap().to_owned();
    assert_eq!((etag(&created).as_str(), &created.body["key"]["revision"]), ("\"1\"", &json!(1)));
    assert_eq!(etag(&server.get(&format!("/keys/{id}")).await), "\"1\"");
    let path = format!("/keys/{id}");
    let call = async |method: Method, if_match: &str, body: Value| {
        send(server.call(method, &path).header(header::IF_MATCH, if_match).json(&body)).await
    };
    let renamed = call(Method::PATCH, "\"1\"", json!({ "label": "two" })).await;
    assert_eq!((renamed.status, etag(&renamed).as_str()), (200, "\"2\""));
    for stale in ["\"1\"", "\"3\"", "2", "W/\"2\"", "\"abc\"", ""] {
        for (method, body) in [(Method::PATCH, json!({ "status": "inactive" })), (Method::DELETE, json!({}))] {
            let answer = call(method.clone(), stale, body).await;
            assert_eq!(answer.status, 412, "{method} {stale}: {answer:?}");
            assert_eq!(answer.body["key"], renamed.body["key"], "the key as it is");
        }
    }
    assert_eq!(call(Method::PATCH, "\"1\", \"2\"", json!({})).await.status, 400);
    assert_eq!(server.get(&path).await.body["key"], renamed.body["key"], "nothing was done");
    assert_eq!(call(Method::PATCH, "*", json!({ "note": "any" })).await.body["key"]["revision"], 3);
    assert_eq!(server.patch(&id, json!({ "note": "more" })).await.body["key"]["revision"], 4, "without a condition");
    assert_eq!(call(Method::DELETE, "\"4\"", json!({})).await.status, 204);
    assert_eq!(call(Method::DELETE, "\"4\"", json!({})).await.status, 404);
    assert_eq!(call(Method::PATCH, "\"4\"", json!({})).await.status, 404);
}
