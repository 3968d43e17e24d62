//! How often a key was used and refused.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::server::{Server, text};

async fn usage(server: &Server, id: &str, query: &str) -> Value {
    let answer = server.get(&format!("/keys/{id}/usage{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test]
async fn uses_refusals_and_tokens_of_a_key_are_told() {
    let server = Server::start().await;
    let ((id, secret), (_, other)) = (server.create("nightly").await, server.create("other").await);
    let nothing = usage(&server, &id, "").await;
    assert_eq!((&nothing["uses"], &nothing["counts"], &nothing["span"]), (&json!(0), &json!([]), &json!("day")));
    // Thirty days, of which today is one.
    let first = Utc::now().date_naive() - TimeDelta::days(29);
    assert_eq!(text(&nothing["since"]), format!("{first}T00:00:00Z"));
    let token = text(&server.exchange(&id, &secret).await.body["access_token"]);
    server.exchange(&id, &secret).await;
    for _ in 0..3 {
        assert_eq!(server.verify(&token).await.status, 204);
        assert_eq!(server.exchange(&id, &other).await.status, 401);
    }
    let used = usage(&server, &id, "?days=1").await;
    assert_eq!((&used["uses"], &used["refusals"], &used["span"]), (&json!(5), &json!(3), &json!("hour")));
    assert_eq!((&used["address_count"], &used["more_addresses"]), (&json!(1), &json!(false)));
    let address = &used["addresses"][0];
    assert_eq!((&address["uses"], &address["refusals"]), (&json!(5), &json!(3)));
    assert!(address["last_used_at"].is_string() && address["last_refused_at"].is_string());
    assert!(used["tokens"] == 2 && used["tokens_until"].is_string(), "{used}");
    // A deactivation revokes them, also after the key works again.
    for status in ["inactive", "active"] {
        server.patch(&id, json!({ "status": status })).await;
        let after = usage(&server, &id, "").await;
        assert_eq!((&after["tokens"], &after["tokens_until"], &after["uses"]), (&json!(0), &Value::Null, &json!(5)));
    }
    // The same in the list, if it is asked for.
    let listed = server.get("/keys?usage_days=3&order=asc").await.body;
    let strips = listed["keys"].as_array().unwrap().iter().map(|key| key["daily_uses"].clone()).collect::<Vec<_>>();
    assert_eq!(strips, [json!([0, 0, 5]), json!([0, 0, 0])]);
    assert!(server.get("/keys").await.body["keys"][0].get("daily_uses").is_none());
    for wrong in ["usage_days=0", "usage_days=91", "usage_days=x", "usage_days=3&limit=201"] {
        assert_eq!(server.get(&format!("/keys?{wrong}")).await.status, 400, "{wrong}");
    }
    server.exchange(&id, &secret).await;
    server.patch(&id, json!({ "expires_at": "2099-01-01T00:00:00Z" })).await;
    assert_eq!(usage(&server, &id, "").await["tokens"], 1);
    for wrong in ["?days=0", "?days=91", "?days=x", "?day=1"] {
        assert_eq!(server.get(&format!("/keys/{id}/usage{wrong}")).await.status, 400, "{wrong}");
    }
    assert_eq!(server.get("/keys/PK000000000000000000/usage").await.status, 404);
    let folder = server.stop().await;
    let server = Server::on(folder, latchkey::server::Role::Auditor).await;
    assert_eq!(usage(&server, &id, "").await["uses"], 6, "an auditor may look, and it is stored");
}
