//! Replacing a key by another one.

use serde_json::{Value, json};

use crate::support::server::{Server, text};

#[tokio::test]
async fn both_keys_work_until_the_rotation_is_finished() {
    let server = Server::start().await;
    let (old, secret) = server.create("nightly").await;
    let end = "2999-01-01T00:00:00Z";
    server.patch(&old, json!({ "expires_at": end, "owner": "ops" })).await;
    let token = text(&server.exchange(&old, &secret).await.body["access_token"]);
    let rotated = server.rotate(&old, json!({ "overlap_seconds": 3600 })).await;
    assert_eq!(rotated.status, 201, "{rotated:?}");
    let (new, replaced) = (&rotated.body["key"], &rotated.body["replaced"]);
    let (id, fresh) = (text(&new["id"]), text(&rotated.body["secret_access_key"]));
    assert_eq!((&new["label"], &new["owner"], &new["expires_at"]), (&json!("nightly"), &json!("ops"), &json!(end)));
    assert_eq!((&new["replaces"], &new["replaced_by"]), (&json!(old), &Value::Null));
    assert_eq!((&replaced["replaced_by"], &replaced["status"]), (&json!(id), &json!("active")));
    for (id, secret) in [(&old, &secret), (&id, &fresh)] {
        assert_eq!(server.exchange(id, secret).await.status, 200);
    }
    assert_eq!(server.verify(&token).await.status, 204);

    let finished = server.finish(&id).await;
    assert_eq!(finished.status, 200, "{finished:?}");
    assert_eq!(
        (&finished.body["replaced"]["status"], &finished.body["key"]["status"]),
        (&json!("expired"), &json!("active"))
    );
    assert_eq!(finished.body["replaced"]["replaced_by"], Value::Null);
    assert_eq!(server.verify(&token).await.status, 401, "with the old key its tokens end");
    assert_eq!(server.exchange(&id, &fresh).await.status, 200);
    // Someone still has it: this is an event, and a mark of the key.
    assert_eq!(server.exchange(&old, &secret).await.status, 401);
    server.get(&format!("/keys/{old}/usage")).await; // which has what was recorded stored first
    let refused = server.get(&format!("/keys/{old}/events")).await.body["events"][0].clone();
    assert_eq!((&refused["kind"], &refused["detail"]), (&json!("refused"), &json!("used after rotation")));
    let marked = server.get(&format!("/keys/{old}")).await.body["key"].clone();
    assert!(marked["used_after_rotation_at"].is_string() && marked["refused_at"].is_string(), "{marked}");
    let unmarked = server.get(&format!("/keys/{id}")).await.body["key"].clone();
    assert_eq!((&unmarked["used_after_rotation_at"], &unmarked["refused_at"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn what_is_given_differs_from_the_old_key() {
    let server = Server::start().await;
    let (old, secret) = server.create("nightly").await;
    let given = json!({ "overlap_seconds": 0, "label": "", "owner": "dev", "expires_at": "2999-01-01T00:00:00Z" });
    let rotated = server.rotate(&old, given).await;
    let new = &rotated.body["key"];
    assert_eq!((&new["label"], &new["owner"]), (&json!(""), &json!("dev")));
    assert_eq!((&new["expires_at"], &new["replaces"]), (&json!("2999-01-01T00:00:00Z"), &Value::Null));
    assert_eq!(rotated.body["replaced"]["status"], "expired", "without an overlap it has ended");
    assert_eq!(server.exchange(&old, &secret).await.status, 401);
}

#[tokio::test]
async fn a_rotation_is_undone_until_the_new_key_is_used() {
    let server = Server::start().await;
    let (old, secret) = server.create("nightly").await;
    let rotate = async || {
        let rotated = server.rotate(&old, json!({ "overlap_seconds": 60 })).await;
        (text(&rotated.body["key"]["id"]), text(&rotated.body["secret_access_key"]))
    };
    let (new, fresh) = rotate().await;
    let undone = server.undo(&old).await;
    assert_eq!((undone.status, &undone.body["key"]), (200, &Value::Null));
    assert_eq!(
        (&undone.body["replaced"]["expires_at"], &undone.body["replaced"]["replaced_by"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(server.exchange(&new, &fresh).await.status, 401);
    assert_eq!(server.exchange(&old, &secret).await.status, 200);

    let (new, fresh) = rotate().await;
    assert_eq!(server.exchange(&new, &fresh).await.status, 200);
    let refused = server.undo(&old).await;
    assert_eq!(
        (refused.status, text(&refused.body["message"])),
        (409, "The new key was used, so the rotation can't be undone".to_owned())
    );
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    for (body, field) in [
        (json!({}), "overlap_seconds"),
        (json!({ "overlap_seconds": -1 }), "overlap_seconds"),
        (json!({ "overlap_seconds": "60" }), "overlap_seconds"),
        (json!({ "overlap_seconds": 2_592_001 }), "overlap_seconds"),
        (json!({ "overlap_seconds": 60, "expires_at": "2001-01-01T00:00:00Z" }), "expires_at"),
        (json!({ "overlap_seconds": 60, "label": "\u{1b}" }), "label"),
    ] {
        let answer = server.rotate(&id, body).await;
        assert_eq!(answer.status, 400);
        assert!(text(&answer.body["message"]).starts_with(field), "{answer:?}");
    }
    server.patch(&id, json!({ "status": "inactive" })).await;
    let refused = server.rotate(&id, json!({ "overlap_seconds": 60 })).await;
    assert_eq!(text(&refused.body["message"]), "This key is inactive; only an active key can be rotated");
}
