//! A rotation on PostgreSQL: begun on one server, finished by another administrator on another one.

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{postgres, servers, sql, with_tables};
use crate::support::files::write_private;
use crate::support::home::{Home, text};
use crate::support::served::Served;
use crate::support::server::{PASSWORD, send, unique};
use crate::support::wait::until_async;

/// The program of an administrator, at a server.
fn administrator(name: &str, server: &Served) -> (Home, String) {
    let home = Home::new();
    write_private(&home.path("password"), PASSWORD);
    let url = server.base.clone();
    let sign_in = ["--url", &url, "login", "--username", name, "--password-file", "password", "--remember=file"];
    assert_eq!(home.run(&sign_in).code, 0);
    (home, url)
}

#[tokio::test]
async fn another_administrator_finishes_it_on_another_server() {
    let database = with_tables(postgres());
    let address = postgres().address(&database);
    let [first, second] = servers([address.clone(), address], &[]);
    let session = first.session("jo").await;
    let add = first.anyone(Method::POST, "/admins").bearer_auth(&session);
    let mo = json!({ "username": "mo", "password": PASSWORD, "role": "administrator" });
    assert!(add.json(&mo).send().await.unwrap().status().is_success());
    rotate_and_finish(&first, &second); // both are processes of their own
    sql(postgres(), &database, "SELECT 1 / count(*) FROM keys WHERE replaced_by IS NOT NULL AND rotates_until = 0");
}

/// A server that is killed has stored no use but the first of a key that replaces another.
#[tokio::test]
async fn a_use_on_one_server_keeps_another_from_undoing_a_rotation() {
    let address = postgres().address(&with_tables(postgres()));
    let [first, second] = servers([address.clone(), address], &["--lease", "1"]);
    let session = first.session("jo").await;
    let (old, of_old) = first.create(&session).await;
    // After a use has been stored, the next ones wait for others.
    assert_eq!(send(second.exchange_request(&old, &of_old)).await.status, 200);
    let path = format!("/keys/{old}");
    until_async(async || first.get(&session, &path).await.body["key"]["last_used_at"].is_string()).await;
    let rotate = first.anyone(Method::POST, &format!("/keys/{old}/rotate")).bearer_auth(&session);
    let rotate = rotate.header("Idempotency-Key", unique()).json(&json!({ "overlap_seconds": 3600 }));
    let rotated = send(rotate).await.body;
    let (new, secret) = (text(&rotated["key"]["id"]), text(&rotated["secret_access_key"]));
    assert_eq!(send(second.exchange_request(&new, &secret)).await.status, 200);
    second.signal(Signal::KILL);
    let undo = async |key: &str| {
        send(first.anyone(Method::DELETE, &format!("/keys/{key}/rotation")).bearer_auth(&session)).await
    };
    for key in [&old, &new] {
        let refused = undo(key).await;
        assert_eq!(refused.status, 409, "{refused:?}");
        assert!(text(&refused.body["message"]).contains("was used"));
    }
    assert_eq!(send(first.exchange_request(&new, &secret)).await.status, 200);
}

fn rotate_and_finish(first: &Served, second: &Served) {
    let (jo, at_first) = administrator("jo", first);
    let (mo, at_second) = administrator("mo", second);
    let jo_runs = |args: &[&str]| jo.run(&[&["--url", &at_first], args].concat());
    let mo_runs = |args: &[&str]| mo.run(&[&["--url", &at_second], args].concat());
    let made = jo_runs(&["keys", "create", "--label", "nightly", "--secret-file", "old", "--output", "json"]).json();
    let old = text(&made["key"]["id"]);
    let made = jo_runs(&["keys", "rotate", &old, "--secret-file", "new", "--output", "json"]).json();
    let new = text(&made["key"]["id"]);
    assert_eq!(made["key"]["replaces"], json!(old));
    let works = |id: &str, file: &str| jo_runs(&["token", id, "--secret-file", file]).code;
    assert_eq!((works(&old, "old"), works(&new, "new")), (0, 0));

    let found = mo_runs(&["keys", "list", "--search", "rotating", "--output", "json"]).json();
    assert_eq!(found.as_array().unwrap().len(), 2);
    let refused = mo_runs(&["keys", "rotate", &old, "--finish"]).failed(5);
    assert!(refused.contains("not safe to finish"), "{refused}");
    let finished = mo_runs(&["keys", "rotate", &old, "--finish", "--yes", "--output", "json"]);
    let keys: Value = serde_json::from_str(&finished.out).unwrap();
    assert_eq!((finished.code, &keys["old"]["status"]), (0, &json!("expired")), "{finished:?}");
    assert_eq!((works(&old, "old"), works(&new, "new")), (7, 0));
    jo_runs(&["keys", "usage", &old]).good(); // has what was recorded stored first
    let shown = jo_runs(&["keys", "show", &old, "--events"]).good();
    assert!(shown.contains("used after rotation") && shown.contains("mo"), "{shown}");
}
