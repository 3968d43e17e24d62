//! The webhook: reminders and alarms that the server sends.

mod settings;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use latchkey::server::Role;
use reqwest::Method;
use rustix::net::{AddressFamily, SocketType};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::inbox::{Inbox, Message, status};
use crate::support::served::{Served, data};
use crate::support::server::{add_administrator, send, text, unique};

fn home() -> Arc<TempDir> {
    Arc::new(TempDir::new().unwrap())
}

fn secret_file(home: &TempDir) -> PathBuf {
    home.path().join("webhook.secret")
}

fn database(home: &TempDir) -> rusqlite::Connection {
    rusqlite::Connection::open(data(home).join("keys.db")).unwrap()
}

/// A server that sends to this URL.
fn sending(home: &Arc<TempDir>, url: &str, more: &[&str]) -> Served {
    let file = secret_file(home);
    let arguments = ["--webhook-url", url, "--webhook-secret-file", file.to_str().unwrap()];
    Served::on(home.clone(), &[&arguments[..], more].concat())
}

fn kill(server: Served) -> Vec<Value> {
    server.signal(Signal::KILL);
    server.ended().1
}

/// Creates a key; gives its ID and secret.
async fn create(server: &Served, session: &str, label: &str, end: Option<DateTime<Utc>>) -> (String, String) {
    let call = server.anyone(Method::POST, "/keys").bearer_auth(session).header("Idempotency-Key", unique());
    let answer = send(call.json(&json!({ "label": label, "owner": "jo", "expires_at": end }))).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    (text(&answer.body["key"]["id"]), text(&answer.body["secret_access_key"]))
}

/// A folder with a key that expires in three days; gives that and the key's ID and secret.
async fn with_key() -> (Arc<TempDir>, String, String) {
    let home = home();
    let server = Served::on(home.clone(), &[]);
    add_administrator(&data(&home), "jo", Role::Superuser);
    let session = server.session("jo").await;
    let (id, secret) = create(&server, &session, "soon", Some(Utc::now() + TimeDelta::days(3))).await;
    assert!(server.stop().0.success());
    (home, id, secret)
}

#[tokio::test]
async fn what_is_due_and_what_is_wrong_is_sent_once_and_signed() {
    let (home, soon, secret) = with_key().await;
    let server = Served::on(home.clone(), &[]);
    let session = server.session("jo").await;
    let (late, _) = create(&server, &session, "late", Some(Utc::now() + TimeDelta::days(30))).await;
    let (old, _) = create(&server, &session, "old", None).await;
    let (off, _) = create(&server, &session, "off", None).await;
    let rotate = server.anyone(Method::POST, &format!("/keys/{old}/rotate")).header("Idempotency-Key", unique());
    assert_eq!(send(rotate.bearer_auth(&session).json(&json!({ "overlap_seconds": 3600 }))).await.status, 201);
    let until = (Utc::now() + TimeDelta::minutes(15)).to_rfc3339();
    let change = json!({ "status": "inactive", "reactivates_at": until });
    let change = server.anyone(Method::PATCH, &format!("/keys/{off}")).bearer_auth(&session).json(&change);
    assert_eq!(send(change).await.status, 200);
    server.stop();
    let now = Utc::now().timestamp_millis();
    database(&home).execute("UPDATE keys SET late_use_at = ?1 WHERE id = ?2", (now, &late)).unwrap();
    let handover =
        "INSERT INTO handovers (id, lookup, proof, key_id, has_pin, created_by, created_at, until, tries, by_address,
                        opened_at, opened_from, again_at, again_from)
                    VALUES ('h1', x'01', x'02', ?2, 0, 'jo', ?1, ?1 + 3600000, 0, 0, ?1, '192.0.2.1', ?1, '192.0.2.7')";
    database(&home).execute(handover, (now, &soon)).unwrap();
    // One that was tried too often, and one that was not opened in time.
    let ended = "INSERT INTO handovers (id, lookup, proof, key_id, has_pin, created_by, created_at, until, tries,
                        by_address, ended_at, ended_from)
                 VALUES ('h2', x'02', x'01', ?2, 1, 'jo', ?1, ?1 + 3600000, 5, 0, ?1, '192.0.2.8')";
    database(&home).execute(ended, (now, &soon)).unwrap();
    let expired =
        "INSERT INTO handovers (id, lookup, proof, sealed, key_id, has_pin, created_by, created_at, until, tries,
                        by_address)
                   VALUES ('h3', x'03', x'01', x'00', ?2, 0, 'jo', ?1 - 60000, ?1 - 1, 0, 0)";
    database(&home).execute(expired, (now, &late)).unwrap();

    let inbox = Inbox::new();
    let mut server = sending(&home, &inbox.url(), &[]);
    let mut messages: Vec<_> = (0..7).map(|_| inbox.next()).collect();
    for _ in &messages {
        server.logs(|line| line["message"] == "webhook message accepted");
    }
    messages.sort_by(|one, other| one.kind().cmp(other.kind()));
    let key = |message: usize| text(&messages[message].body["data"]["key"]["id"]);
    let kinds: Vec<_> = messages.iter().map(Message::kind).collect();
    assert_eq!(
        kinds,
        [
            "deactivation.ends_soon",
            "handover.expired",
            "handover.opened_again",
            "handover.tried_too_often",
            "key.expires_soon",
            "key.used_after_rotation",
            "rotation.waiting"
        ]
    );
    assert_eq!([key(0), key(4), key(5), key(6)], [off, soon.clone(), late.clone(), old]);
    let alarm = |message: usize| {
        let data = &messages[message].body["data"];
        [&data["handover_id"], &data["key_id"], &data["from"]].map(|value| value.as_str().unwrap_or("").to_owned())
    };
    assert_eq!(alarm(1), ["h3", &*late, ""]);
    assert_eq!(alarm(2), ["h1", &*soon, "192.0.2.7"]);
    assert_eq!(alarm(3), ["h2", &*soon, "192.0.2.8"]);
    let reminder = &messages[4].body["data"];
    assert_eq!((&reminder["at"], &reminder["key"]["label"]), (&reminder["key"]["expires_at"], &json!("soon")));
    assert!(messages[4].body["timestamp"].as_str().unwrap().parse::<DateTime<Utc>>().is_ok());
    let file = secret_file(&home);
    let signs = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    for message in &messages {
        message.verify(&signs);
        assert!((message.timestamp - Utc::now().timestamp()).abs() < 120);
        assert!(message.id.starts_with("msg_") && !message.text.contains(&secret), "{}", message.text);
    }

    // A crash loses nothing and doubles nothing: only what is new comes.
    kill(server);
    database(&home).execute("UPDATE keys SET expires_at = expires_at + 60000 WHERE id = ?1", [&soon]).unwrap();
    let server = sending(&home, &inbox.url(), &[]);
    let edited = inbox.next();
    assert_eq!((edited.kind(), text(&edited.body["data"]["key"]["id"])), ("key.expires_soon", soon));
    assert_ne!(edited.id, messages[4].id);
    let (ended, log) = server.stop();
    assert!(ended.success());
    assert_eq!(inbox.rest().len(), 0);

    // What must stay secret is nowhere.
    let log = Value::from(log).to_string();
    let stored = fs::read(data(&home).join("keys.db")).unwrap();
    let stored = String::from_utf8_lossy(&stored);
    assert!(log.contains("sending messages to the webhook") && stored.contains("key.expires_soon"));
    for secret in ["geheim", signs.trim(), secret.as_str()] {
        assert!(!log.contains(secret) && !stored.contains(secret));
    }
}

#[tokio::test]
async fn a_message_that_is_not_accepted_is_sent_again_by_the_next_server_too() {
    let (home, _, _) = with_key().await;
    let (_closed, nothing) = closed();
    let mut server = sending(&home, &format!("http://{nothing}/?token=geheim"), &[]);
    let said = server.logs(|line| line["message"] == "webhook message not accepted; it will be sent again");
    assert!(text(&said["why"]).contains("refused") && !said.to_string().contains("geheim"), "{said}");
    kill(server);
    // Its time has come; the next pause is the first one again, a short one.
    assert_eq!(database(&home).execute("UPDATE webhook_messages SET next_at = 1, tries = 0", []).unwrap(), 1);
    let inbox = Inbox::answering(|number| status(if number == 0 { "500 Broken" } else { "204 No Content" }));
    let mut server = sending(&home, &inbox.url(), &[]);
    let (first, second) = (inbox.next(), inbox.next());
    let accepted = server.logs(|line| line["message"] == "webhook message accepted");
    assert_eq!((accepted["tries"].as_i64(), accepted["id"].as_str()), (Some(2), said["id"].as_str()));
    assert_eq!((said["id"].as_str(), &first.id, &first.text), (Some(&*first.id), &second.id, &second.text));
    assert!(second.timestamp >= first.timestamp + 5 && second.signature != first.signature);
    second.verify(&fs::read_to_string(secret_file(&home)).unwrap());
}

#[tokio::test]
async fn a_reminder_of_a_time_that_was_edited_since_is_dropped() {
    let (home, _, _) = with_key().await;
    let (_closed, nothing) = closed();
    let mut server = sending(&home, &format!("http://{nothing}/"), &[]);
    let first = text(&server.logs(|line| line["level"] == "WARN" && line["kind"] == "key.expires_soon")["id"]);
    kill(server);
    database(&home).execute("UPDATE keys SET expires_at = expires_at + 60000", []).unwrap();
    database(&home).execute("UPDATE webhook_messages SET next_at = 1", []).unwrap();
    let inbox = Inbox::new();
    let mut server = sending(&home, &inbox.url(), &[]);
    server.logs(|line| line["message"] == "webhook message accepted");
    assert_ne!(inbox.next().id, first);
    assert!(server.stop().0.success());
    assert_eq!(inbox.rest().len(), 0);
    // Nor is it taken for sent, should the key have that time again.
    let left = "SELECT count(*), count(next_at) FROM webhook_messages";
    let left = database(&home).query_row(left, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
    assert_eq!(left.unwrap(), (1, 0));
}

#[tokio::test]
async fn a_receiver_that_never_answers_delays_nothing_else() {
    let (home, id, _) = with_key().await;
    let inbox = Inbox::answering(|number| {
        if number == 0 {
            loop {
                std::thread::park();
            }
        }
        status("204 No Content")
    });
    let mut server = sending(&home, &inbox.url(), &[]);
    let first = inbox.next();
    let session = server.session("jo").await;
    let began = std::time::Instant::now();
    assert_eq!(server.get(&session, "/keys").await.status, 200);
    assert_eq!(server.get(&session, &format!("/keys/{id}")).await.status, 200);
    assert!(began.elapsed().as_secs() < 10, "nothing has waited for the receiver");
    let said = server.logs(|line| line["message"] == "webhook message not accepted; it will be sent again");
    assert_eq!(said["why"], "no answer within 15 seconds");
    assert_eq!(inbox.next().id, first.id);
}

#[tokio::test]
async fn what_is_never_accepted_is_given_up_and_counted() {
    let (home, soon, _) = with_key().await;
    let inbox = Inbox::answering(|number| match number {
        0 => status("500 Broken"),
        1 => raw_redirect(),
        _ => status("410 Gone"),
    });
    let mut server = sending(&home, &inbox.url(), &[]);
    let first = inbox.next();
    server.logs(|line| line["message"] == "webhook message not accepted; it will be sent again");
    kill(server);
    database(&home).execute("UPDATE webhook_messages SET next_at = 1, tries = 9", []).unwrap();
    let mut server = sending(&home, &inbox.url(), &["--metrics-listen", "127.0.0.1:0"]);
    let said = server.logs(|line| line["message"] == "webhook message given up");
    assert_eq!((&*inbox.next().id, said["tries"].as_i64()), (&*first.id, Some(10)));
    assert!(text(&said["why"]).ends_with("redirects are not followed"), "{said}");
    let metrics = server.log.iter().find(|line| line["message"] == "serving metrics").map(|line| text(&line["place"]));
    let metrics = format!("http://{}/metrics", metrics.unwrap());
    let metrics = reqwest::get(metrics).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("latchkey_webhook_messages_total{outcome=\"given_up\"} 1"), "{metrics}");
    assert!(metrics.contains("latchkey_webhook_messages_total{outcome=\"sent\"} 0"), "{metrics}");
    kill(server);
    let failed = "SELECT count(*) FROM webhook_messages WHERE failed_at > 0 AND next_at IS NULL AND body <> ''";
    assert_eq!(database(&home).query_row(failed, [], |row| row.get::<_, i64>(0)).unwrap(), 1);

    // One that is gone gets no more.
    database(&home).execute("UPDATE keys SET expires_at = expires_at + 60000 WHERE id = ?1", [&soon]).unwrap();
    let mut server = sending(&home, &inbox.url(), &[]);
    let said = server.logs(|line| text(&line["message"]).contains("410 Gone"));
    assert_eq!(said["level"], "ERROR");
    assert_ne!(inbox.next().id, first.id);
}

/// An address where nothing listens, and the socket that keeps it from others.
fn closed() -> (OwnedFd, SocketAddr) {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = rustix::net::getsockname(&socket).unwrap().try_into().unwrap();
    (socket, address)
}

/// To where nobody must be sent.
fn raw_redirect() -> Vec<u8> {
    crate::support::raw::raw("302 Found", &[("location", "http://127.0.0.1:1/")], "")
}
