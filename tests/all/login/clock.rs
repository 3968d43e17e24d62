//! A server whose clock is two days behind ours: what is given for a time counts from its clock.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::home::Home;
use crate::support::mock::PASSWORD;
use crate::support::raw::{self, Asked};

fn its_time() -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(2)
}

/// The server, and the ends of keys that it was given.
fn two_days_behind() -> (Home, Arc<Mutex<Vec<Value>>>) {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&ends);
    let port = raw::serve(move |asked: &Asked| {
        let answer = |status: &str, body: &Value| {
            let date = its_time().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            raw::raw(status, &[("content-type", "application/json"), ("date", &date)], &body.to_string())
        };
        let key = json!({ "id": "PK7QW3N5ZJ0V4T8M2XHC", "status": "active", "created_at": its_time() });
        let note = || {
            let body: Value = serde_json::from_slice(&asked.body).unwrap();
            noted.lock().unwrap().push(body["expires_at"].clone());
        };
        match (asked.method.as_str(), asked.path.trim_start_matches("/api/v2")) {
            ("POST", "/auth/session") => {
                let end = its_time() + TimeDelta::hours(8);
                let session =
                    json!({ "session_token": "st_x", "expires_at": end, "username": "jo", "role": "administrator" });
                answer("200 OK", &session)
            }
            ("POST", "/keys") => {
                note();
                answer("201 Created", &json!({ "key": key, "secret_access_key": "sk_of-another-time" }))
            }
            ("PATCH", _) => {
                note();
                answer("200 OK", &json!({ "key": key }))
            }
            ("GET", "/health") => answer("200 OK", &json!({ "version": "1" })),
            _ => answer("200 OK", &json!({ "keys": [], "total": 0, "key": key })),
        }
    });
    (Home::with_team(&format!("http://127.0.0.1:{port}"), ""), ends)
}

#[tokio::test]
async fn a_session_is_remembered_for_as_long_as_the_server_keeps_it() {
    let (home, _) = two_days_behind();
    assert!(home.run(&["keys", "list"], "", &[]).await.err.contains("not signed in"));
    let ended = home.login(PASSWORD, &["--remember=file"]).await;
    assert!(ended.good, "{ended:?}");
    let ended = home.run(&["keys", "list"], "", &[]).await;
    assert!(ended.good, "{ended:?}");
}

#[tokio::test]
async fn days_count_from_the_servers_time() {
    let (home, ends) = two_days_behind();
    assert!(home.login(PASSWORD, &["--remember=file"]).await.good);
    for args in
        [&["keys", "create", "--expires", "90d"][..], &["keys", "edit", "PK7QW3N5ZJ0V4T8M2XHC", "--expires", "90d"]]
    {
        let ended = home.run(args, "", &[]).await;
        assert!(ended.good, "{ended:?}");
    }
    let ended = home.run(&["--plain"], "create\n\n\n\n90d\nquit\n", &[]).await;
    assert_eq!(ends.lock().unwrap().len(), 3, "{ended:?}");
    for end in ends.lock().unwrap().iter() {
        let end: DateTime<Utc> = end.as_str().unwrap().parse().unwrap();
        let off = end - (its_time() + TimeDelta::days(90));
        assert!(off.num_seconds().abs() < 60, "{off}");
    }
}
