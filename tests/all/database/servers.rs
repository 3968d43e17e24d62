//! What is done on one server is true on all.

use std::time::Instant;

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use super::{postgres, revoked, servers, token, verify, with_tables};
use crate::support::served::run;
use crate::support::server::{send, unique};

#[tokio::test]
async fn what_is_revoked_on_one_server_is_refused_by_all_when_the_answer_comes() {
    let database = with_tables(postgres());
    let address = postgres().address(&database);
    let all = servers([address.clone(), address.clone(), address], &[]);
    let each: Vec<_> = all.iter().collect();
    let session = all[1].session("jo").await;
    for way in ["delete", "deactivate", "expire"] {
        let (id, token) = token(&each, &session).await;
        let path = format!("/keys/{id}");
        let soon = Utc::now() + TimeDelta::seconds(2);
        let call = match way {
            "delete" => all[2].anyone(Method::DELETE, &path),
            "deactivate" => all[2].anyone(Method::PATCH, &path).json(&json!({ "status": "inactive" })),
            _ => all[2].anyone(Method::PATCH, &path).json(&json!({ "expires_at": soon.to_rfc3339() })),
        };
        let answer = call.bearer_auth(&session).send().await.unwrap();
        assert!(answer.status().is_success(), "{way}: {answer:?}");
        assert_eq!((revoked(answer.headers(), "servers"), revoked(answer.headers(), "silent")), (3, 0));
        if way == "expire" {
            // Each knows the end by now, and needs no word of it when it comes.
            let left = (soon - Utc::now()).to_std().unwrap_or_default();
            tokio::time::timeout(left, std::future::pending::<()>()).await.unwrap_err();
        }
        for server in &each {
            assert_eq!(verify(server, &token).await, 401, "{way}");
        }
    }
    let renamed = all[0].anyone(Method::PATCH, "/keys/unknown").bearer_auth(&session).json(&json!({ "label": "x" }));
    assert!(!renamed.send().await.unwrap().headers().contains_key("x-revoked"));
}

#[tokio::test]
async fn sessions_and_repeated_creates_are_shared() {
    let database = with_tables(postgres());
    let address = postgres().address(&database);
    let all = servers([address.clone(), address], &[]);
    let session = all[0].session("jo").await;
    let key = unique();
    let create = |server: usize| {
        let call = all[server].anyone(Method::POST, "/keys").bearer_auth(&session).header("Idempotency-Key", &key);
        send(call.json(&json!({ "label": "one" })))
    };
    let (first, second, third, fourth) = tokio::join!(create(0), create(1), create(0), create(1));
    let answers = [first, second, third, fourth];
    let created: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(created.len(), 1, "{answers:?}");
    for answer in &answers {
        match answer.status {
            201 => assert!(answer.body["secret_access_key"].is_string()),
            200 => assert_eq!(answer.body["key"]["id"], created[0].body["key"]["id"]),
            status => assert_eq!(status, 409, "one that still runs on the same server: {answer:?}"),
        }
    }
    assert_eq!(all[1].get(&session, "/keys").await.body["total"], 1);
    let out = all[1].anyone(Method::DELETE, "/auth/session").bearer_auth(&session).send().await.unwrap();
    assert_eq!(out.status(), 204);
    assert_eq!(all[0].get(&session, "/keys").await.status, 401);
}

#[tokio::test]
async fn guesses_at_three_servers_are_counted_as_at_one() {
    let database = with_tables(postgres());
    let address = postgres().address(&database);
    let all = servers([address.clone(), address.clone(), address], &[]);
    let (begun, mut passed) = (Instant::now(), 0);
    for n in 0..24 {
        let answer = all[n % 3].sign_in("nobody", "a wrong password").await;
        assert!([401, 429].contains(&answer.status), "{answer:?}");
        assert_eq!(answer.status == 429, answer.headers.contains_key("retry-after"));
        passed += u64::from(answer.status == 401);
    }
    // Ten from one address, and ten more for each minute that it all takes.
    let most = 10 + 1 + begun.elapsed().as_secs() * 10 / 60;
    assert!((10..=most).contains(&passed), "{passed} tries passed, at most {most} may");
}

#[test]
fn a_lease_longer_than_a_request_is_refused() {
    let home = TempDir::new().unwrap();
    let address = postgres().address("postgres");
    let serve = ["serve", "--database", &address, "--lease", "20", "--request-timeout", "24"];
    let done = run(&home, &serve);
    let words = String::from_utf8(done.stderr).unwrap();
    assert!(words.contains("--request-timeout must be at least 25 with --lease 20"), "{words}");
}
