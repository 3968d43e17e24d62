//! `latchkey db copy`: from a data folder to PostgreSQL and back.

use std::path::Path;
use std::sync::Arc;

use latchkey::server::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{empty, postgres, sql, verify};
use crate::support::files::write_private;
use crate::support::served::{Served, data, run};
use crate::support::server::{PASSWORD, add_administrator, send, text};

/// Runs `latchkey db copy`, and gives its words if it does what is asked, or why not.
fn copy(home: &TempDir, from: &str, to: &str) -> Result<String, String> {
    let done = run(home, &["db", "copy", from, to]);
    let words = |bytes| String::from_utf8(bytes).unwrap();
    if done.status.success() { Ok(words(done.stdout)) } else { Err(words(done.stderr)) }
}

/// What a server shows of its keys and their histories.
async fn shown(server: &Served, session: &str) -> Value {
    let keys = server.get(session, "/keys?sort=label&total=true").await.body;
    let mut all = vec![json!(keys["total"])];
    for key in keys["keys"].as_array().unwrap() {
        let history = server.get(session, &format!("/keys/{}/events", text(&key["id"]))).await.body;
        all.push(json!([key, history["events"]]));
    }
    let found = server.get(session, "/keys?q=uberwach%20ops&status=inactive").await.body;
    all.push(found["keys"].clone());
    all.push(server.get(session, "/admins").await.body["admins"].clone());
    json!(all)
}

async fn exchanged(server: &Served, (id, secret): &(String, String)) -> Option<String> {
    let answer = send(server.exchange_request(id, secret)).await;
    (answer.status == 200).then(|| text(&answer.body["access_token"]))
}

fn keys(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.join("keys.db")).unwrap()
}

/// Stores a message for the webhook that waits, and the mark that one was sent.
fn make_marks(folder: &Path, key: &str) {
    let sql = "INSERT INTO webhook_messages SELECT kind, kind, ?1, 1, body, 2, next_at, 3, NULL
               FROM (SELECT 'a' AS kind, 'waits' AS body, 4 AS next_at UNION SELECT 'b', '', NULL)";
    keys(folder).execute(sql, [key]).unwrap();
}

/// How many there are, when the next is sent, what is in it, and how often they were tried in all.
fn marks(folder: &Path) -> (i64, i64, String, i64) {
    let sql = "SELECT count(*), sum(next_at), max(body), sum(tries) FROM webhook_messages";
    let all = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    keys(folder).query_row(sql, [], all).unwrap()
}

#[tokio::test]
async fn everything_goes_on_after_a_copy_there_and_back() {
    let (home, database) = (Arc::new(TempDir::new().unwrap()), empty(postgres()));
    let (folder, address) = (data(&home).to_str().unwrap().to_owned(), postgres().address(&database));
    add_administrator(&data(&home), "jo", Role::Superuser);
    add_administrator(&data(&home), "au", Role::Auditor);
    let server = Served::on(Arc::clone(&home), &[]);
    let session = server.session("jo").await;
    let patch = async |server: &Served, id: &str, change: Value| {
        let call = server.anyone(Method::PATCH, &format!("/keys/{id}")).bearer_auth(&session).json(&change);
        assert_eq!(send(call).await.status, 200);
    };
    let (kept, off, gone) =
        (server.create(&session).await, server.create(&session).await, server.create(&session).await);
    let note = json!({ "label": "Überwachung – 監視", "owner": "ops", "note": "\\ and 'quotes', \\N {1,2}" });
    patch(&server, &off.0, note).await;
    patch(&server, &kept.0, json!({ "expires_at": "2999-01-01T00:00:00Z" })).await;
    let (good, dead, of_gone) = (
        exchanged(&server, &kept).await.unwrap(),
        exchanged(&server, &off).await.unwrap(),
        exchanged(&server, &gone).await.unwrap(),
    );
    patch(&server, &off.0, json!({ "status": "inactive" })).await;
    let delete = server.anyone(Method::DELETE, &format!("/keys/{}", gone.0)).bearer_auth(&session);
    assert_eq!(delete.send().await.unwrap().status(), 204);

    let refused = copy(&home, &folder, &address).unwrap_err();
    assert!(refused.contains(&format!("a latchkey is using {folder}")), "{refused}");
    assert!(server.stop().0.success());
    let server = Served::on(Arc::clone(&home), &[]);
    let before = shown(&server, &session).await;
    assert_eq!(before[0], 2);
    assert!(server.stop().0.success());
    make_marks(&data(&home), &kept.0);
    let words = copy(&home, &folder, &address).unwrap();
    assert!(words.contains("Copied 2 keys, 2 administrators and "), "{words}");
    assert!(words.contains(&format!("copy {folder}/master.key to the data folder of each")), "{words}");

    let shared = Arc::new(TempDir::new().unwrap());
    crate::support::files::private_folder(&data(&shared));
    write_private(&data(&shared).join("master.key"), std::fs::read(data(&home).join("master.key")).unwrap());
    let server = Served::on(Arc::clone(&shared), &["--database", &address]);
    let same = async |server: &Served| {
        assert_eq!(shown(server, &session).await, before, "the session is good too");
        assert_eq!(server.sign_in("au", PASSWORD).await.status, 200);
        assert_eq!(
            (verify(server, &good).await, verify(server, &dead).await, verify(server, &of_gone).await),
            (204, 401, 401)
        );
        let trail = server.get(&session, "/events?limit=1000").await.body;
        let trail: Vec<Value> = trail["events"].as_array().unwrap().clone();
        assert!(trail.iter().any(|event| event["kind"] == "deleted" && event["key"] == gone.0.as_str()));
        trail.iter().filter(|event| event["kind"] == "copied").map(|event| text(&event["detail"])).collect::<Vec<_>>()
    };
    assert_eq!(same(&server).await, ["from SQLite to PostgreSQL"]);
    assert!(exchanged(&server, &kept).await.is_some() && exchanged(&server, &off).await.is_none());

    let refused = copy(&home, &folder, &address).unwrap_err();
    assert!(refused.contains("a latchkey is using database"), "{refused}");
    let back = home.path().join("back");
    let back = back.to_str().unwrap();
    let refused = copy(&shared, &address, back).unwrap_err();
    assert!(refused.contains("a latchkey is using database"), "{refused}");
    let new = server.create(&session).await;
    let delete = server.anyone(Method::DELETE, &format!("/keys/{}", new.0)).bearer_auth(&session);
    assert_eq!(delete.send().await.unwrap().status(), 204);
    assert!(server.stop().0.success());

    let refused = copy(&home, &folder, &address).unwrap_err();
    assert!(refused.contains("isn't empty"), "{refused}");
    let refused = copy(&shared, &address, &folder).unwrap_err();
    assert!(refused.contains(&format!("{folder} isn't empty")), "{refused}");
    let elsewhere = TempDir::new().unwrap();
    let refused = copy(&elsewhere, &address, back).unwrap_err();
    assert!(refused.contains("master.key"), "{refused}");
    let words = copy(&shared, &address, data(&shared).to_str().unwrap()).unwrap();
    assert!(words.contains("Copied 2 keys, 2 administrators and "), "{words}");
    assert_eq!(marks(&data(&shared)), (2, 4, "waits".to_owned(), 6));
    let server = Served::on(Arc::clone(&shared), &[]);
    // But for what was used and refused meanwhile.
    let used = |shown: &Value| {
        let mut shown = shown.clone();
        for entry in shown.as_array_mut().unwrap().iter_mut().filter(|entry| entry[1].is_array()) {
            entry[1] = Value::Null;
            if entry[0]["id"] == kept.0.as_str() {
                entry[0]["last_used_at"] = Value::Null;
            }
        }
        shown.as_array_mut().unwrap().pop();
        for key in shown.as_array_mut().unwrap().iter_mut().filter_map(Value::as_array_mut).flatten() {
            if key.is_object() {
                (key["refused_at"], key["refused_from"]) = (Value::Null, Value::Null);
            }
        }
        shown
    };
    assert_eq!(used(&shown(&server, &session).await), used(&before));
    assert!(exchanged(&server, &kept).await.is_some() && exchanged(&server, &off).await.is_none());
    assert_eq!((verify(&server, &good).await, verify(&server, &dead).await), (204, 401));
    let (next, _) = server.create(&session).await;
    assert_ne!(next, new.0);
}

#[test]
fn a_copy_that_is_refused_leaves_nothing() {
    let (home, name) = (TempDir::new().unwrap(), empty(postgres()));
    let (folder, address) = (data(&home).to_str().unwrap().to_owned(), postgres().address(&name));
    let refused = copy(&home, &folder, &address).unwrap_err();
    assert!(refused.contains("there are no access keys in"), "{refused}");
    let made = run(&home, &["keys", "create", "--label", "one"]);
    assert!(made.status.success(), "{made:?}");
    for (from, to) in [(&folder, &folder), (&address, &address)] {
        let refused = copy(&home, from, to).unwrap_err();
        assert!(refused.contains("from a data folder to a PostgreSQL database, or back"), "{refused}");
    }
    // One secret is damaged.
    let database = rusqlite::Connection::open(data(&home).join("keys.db")).unwrap();
    let made = run(&home, &["keys", "create", "--label", "two"]);
    assert!(made.status.success(), "{made:?}");
    database.execute("UPDATE sealed SET secret = zeroblob(100) WHERE seq = 2", []).unwrap();
    drop(database);
    let refused = copy(&home, &folder, &address).unwrap_err();
    assert!(refused.contains("the master key does not open every secret"), "{refused}");
    sql(
        postgres(),
        &name,
        "DO $$ BEGIN ASSERT (SELECT count(*) FROM keys) + (SELECT count(*) FROM events) = 0; END $$",
    );
    sql(postgres(), &name, "UPDATE meta SET version = 99");
    let refused = copy(&home, &folder, &address).unwrap_err();
    assert!(refused.contains("use a newer latchkey"), "{refused}");
    let to = home.path().join("to");
    let refused = copy(&home, &address, to.to_str().unwrap()).unwrap_err();
    assert!(refused.contains("use a newer latchkey") && !to.exists(), "{refused}");
}
