//! The database is removed or replaced under a server that runs.

use std::fs;
use std::path::Path;

use latchkey::server::Role;
use reqwest::Method;
use serde_json::json;

use crate::support::served::{Served, data};
use crate::support::server::{add_administrator, unique};

fn remove(data: &Path) {
    for file in fs::read_dir(data).unwrap().map(Result::unwrap) {
        if file.file_name().to_string_lossy().starts_with("keys.db") {
            fs::remove_file(file.path()).unwrap();
        }
    }
}

fn move_away(data: &Path) {
    fs::rename(data, data.with_extension("away")).unwrap();
}

/// Puts another file of the same content there.
fn replace(data: &Path) {
    fs::copy(data.join("keys.db"), data.join("other.db")).unwrap();
    fs::rename(data.join("other.db"), data.join("keys.db")).unwrap();
}

/// Puts another store into the same file.
fn overwrite(data: &Path) {
    let other = tempfile::tempdir().unwrap();
    add_administrator(&other.path().join("data"), "mo", Role::Administrator);
    fs::copy(other.path().join("data/keys.db"), data.join("keys.db")).unwrap();
}

fn remove_log(data: &Path) {
    fs::remove_file(data.join("keys.db-wal")).unwrap();
}

#[tokio::test]
async fn it_answers_no_create_and_ends() {
    for take in [remove, move_away, replace, overwrite, remove_log] {
        let mut server = Served::start(&[]);
        let data = data(&server.home);
        add_administrator(&data, "jo", Role::Administrator);
        let session = server.session("jo").await;
        server.create(&session).await;
        take(&data);
        let create = server.anyone(Method::POST, "/keys").bearer_auth(&session).header("idempotency-key", unique());
        let health = server.anyone(Method::GET, "/health");
        let ready = server.anyone(Method::GET, "/ready");
        for call in [create.json(&json!({})), health, ready] {
            // The server may have ended by now; else it says so.
            if let Ok(answer) = call.send().await {
                assert_eq!(answer.status(), 503);
                let body: serde_json::Value = answer.json().await.unwrap();
                assert_eq!(body["message"], "The server's database was removed or replaced", "no path is told");
            }
        }
        let line = server.logs(|line| line["message"] == "the store is gone");
        assert!(line["error"].as_str().unwrap().contains(data.join("keys.db").to_str().unwrap()), "{line}");
        let (status, _) = server.ended();
        assert_eq!(status.code(), Some(1));
    }
}
