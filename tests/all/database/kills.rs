//! A server that is killed again and again while it creates keys, on either engine: what was confirmed is there once, and
//! what was cut off can be repeated.
//!
//! `LATCHKEY_KILLS=1000 tests/run database::kills --nocapture` does it so often, and says what came of it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use latchkey::server::Role;
use reqwest::{Method, RequestBuilder};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{postgres, with_tables};
use crate::support::served::{Served, data};
use crate::support::server::{add_administrator, send, text};

/// How often a server is killed where nothing else is asked for.
const KILLS: usize = 5;
const CREATORS: usize = 4;

fn kills() -> usize {
    std::env::var("LATCHKEY_KILLS").map_or(KILLS, |kills| kills.parse().unwrap())
}

/// A request for a key with this label, which is its idempotency key too.
fn create(server: &Served, session: &str, label: &str) -> RequestBuilder {
    let call = server.anyone(Method::POST, "/keys").bearer_auth(session).header("Idempotency-Key", label);
    call.json(&json!({ "label": label }))
}

/// Status and body of the answer to a request, if all of it arrives.
async fn answer(request: RequestBuilder) -> Option<(u16, Value)> {
    let response = request.send().await.ok()?;
    Some((response.status().as_u16(), response.json().await.ok()?))
}

/// Kills a server that is started with these arguments.
async fn kill_many_times(home: Arc<TempDir>, arguments: &[&str]) {
    let mut session = None;
    // The IDs of keys by their labels.
    let mut known: HashMap<String, String> = HashMap::new();
    let (mut acknowledged, mut cut_off, mut had_happened) = (0, 0, 0);
    let mut last: (Vec<(String, Value)>, Vec<String>) = Default::default();
    for round in 0..=kills() {
        let server = Served::on(Arc::clone(&home), arguments);
        if session.is_none() {
            session = Some(server.session("jo").await);
        }
        let session = session.clone().unwrap();
        let (created, cut) = std::mem::take(&mut last);
        for (label, body) in created {
            let (id, secret) = (text(&body["key"]["id"]), text(&body["secret_access_key"]));
            assert_eq!(send(server.exchange_request(&id, &secret)).await.status, 200, "round {round}: {label} is lost");
            acknowledged += 1;
            known.insert(label, id);
        }
        for label in cut {
            let first = send(create(&server, &session, &label)).await;
            assert!([200, 201].contains(&first.status), "{first:?}");
            let again = send(create(&server, &session, &label)).await;
            assert_eq!((again.status, &again.body["key"]["id"]), (200, &first.body["key"]["id"]), "{label}");
            had_happened += usize::from(first.status == 200);
            cut_off += 1;
            known.insert(label, text(&first.body["key"]["id"]));
        }
        if round < kills() {
            last = create_until_killed(server, &session, round).await;
        } else {
            check_all(&server, &session, &known).await;
        }
    }
    assert!(acknowledged >= kills() && cut_off > 0);
    let said = format!(
        "{} kills: {acknowledged} keys were confirmed and {cut_off} requests cut off, of which {had_happened} had made \
         their key; none is missing, none is there twice",
        kills()
    );
    eprintln!("{said}");
}

/// Creates keys from several sides, and kills the server while it does. Gives the labels and answers of what was confirmed,
/// and the labels of what was asked for and not.
async fn create_until_killed(server: Served, session: &str, round: usize) -> (Vec<(String, Value)>, Vec<String>) {
    let (done, mut news) = mpsc::unbounded_channel();
    let creators: Vec<_> = (0..CREATORS)
        .map(|creator| {
            let requests: Vec<_> = (0..1_000)
                .map(|n| {
                    let label = format!("round {round} creator {creator} key {n}");
                    (create(&server, session, &label), label)
                })
                .collect();
            let done = done.clone();
            tokio::spawn(async move {
                for (request, label) in requests {
                    match answer(request).await {
                        Some((201, body)) => done.send((label, body)).unwrap(),
                        // A server that is killed may lose its database first.
                        Some((503, _)) | None => return label,
                        Some(other) => panic!("{other:?}"),
                    }
                }
                panic!("the server is killed before")
            })
        })
        .collect();
    drop(done);
    let mut created = Vec::new();
    while created.len() < 1 + round % 5 {
        created.push(news.recv().await.unwrap());
    }
    for _ in 0..round % 64 {
        tokio::task::yield_now().await; // a different moment each round
    }
    server.signal(Signal::KILL);
    let mut cut = Vec::new();
    for creator in creators {
        cut.push(creator.await.unwrap());
    }
    while let Some(key) = news.recv().await {
        created.push(key);
    }
    (created, cut)
}

/// All that is known is there, once, and nothing else.
async fn check_all(server: &Served, session: &str, known: &HashMap<String, String>) {
    let (mut found, mut cursor) = (HashSet::new(), String::new());
    loop {
        let page = server.get(session, &format!("/keys?limit=1000&total=false{cursor}")).await.body;
        for key in page["keys"].as_array().unwrap() {
            let label = text(&key["label"]);
            assert_eq!(known.get(&label).map(String::as_str), key["id"].as_str(), "{label}");
            assert!(found.insert(label), "{key} is there twice");
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found.len(), known.len());
}

#[tokio::test]
async fn nothing_confirmed_is_lost_or_doubled_on_postgres() {
    let address = postgres().address(&with_tables(postgres()));
    kill_many_times(Arc::new(TempDir::new().unwrap()), &["--database", &address]).await;
}

#[tokio::test]
async fn nothing_confirmed_is_lost_or_doubled_on_sqlite() {
    let home = Arc::new(TempDir::new().unwrap());
    add_administrator(&data(&home), "jo", Role::Superuser);
    kill_many_times(home, &[]).await;
}
