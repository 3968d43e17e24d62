//! Two servers, one of which reaches the database over a line that is slow, cut and good by turns.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::json;

use super::{postgres, servers, verify, with_tables};
use crate::support::relay::{Line, Relay, pass};
use crate::support::served::Served;
use crate::support::server::{text, unique};
use crate::support::wait::until_async;

/// What the line is like, and for how many milliseconds. The lease is 2 s.
const TURNS: [(Line, u64); 8] = [
    (Line::Slow(Duration::from_millis(30)), 600),
    (Line::Cut, 700),
    (Line::Slow(Duration::from_millis(200)), 900),
    (Line::Slow(Duration::ZERO), 400),
    (Line::Cut, 3_500),
    (Line::Slow(Duration::from_millis(600)), 2_000),
    (Line::Slow(Duration::ZERO), 1_000),
    (Line::Cut, 2_100),
];

/// What clients did.
#[derive(Default)]
struct Record {
    is_over: Cell<bool>,
    kept: RefCell<Vec<String>>,
    /// Access tokens whose key's deletion was answered, the newest ones.
    dead: RefCell<VecDeque<String>>,
    deleted: Cell<usize>,
    checks: Cell<usize>,
}

/// For longer than the suite takes: `LATCHKEY_LINE_SECONDS=600 cargo test --test all database::line -- --nocapture`.
#[tokio::test]
async fn over_a_bad_line_nothing_revoked_is_accepted_and_nothing_confirmed_is_lost() {
    let seconds = std::env::var("LATCHKEY_LINE_SECONDS").map_or(12, |seconds| seconds.parse().unwrap());
    let database = with_tables(postgres());
    let relay = Relay::to(postgres().folder());
    let all = servers([postgres().address(&database), relay.address(&database)], &["--lease", "2"]);
    let session = all[0].session("jo").await;
    let record = Record::default();
    let client = async || {
        while !record.is_over.get() {
            live(&all, &record, &session).await;
        }
    };
    let line = async || {
        let end = Instant::now() + Duration::from_secs(seconds);
        for (line, time) in TURNS.into_iter().cycle().take_while(|_| Instant::now() < end) {
            relay.set(line);
            pass(Duration::from_millis(time)).await;
        }
        relay.mend();
        record.is_over.set(true);
    };
    tokio::join!(client(), client(), client(), client(), line());

    let kept = record.kept.take();
    until_async(async || all[1].get(&session, &format!("/keys/{}", kept[0])).await.status == 200).await;
    for key in &kept {
        assert_eq!(all[1].get(&session, &format!("/keys/{key}")).await.status, 200, "{key} was confirmed");
    }
    let (checks, deleted) = (record.checks.get(), record.deleted.get());
    assert!(checks > 20 && deleted > 2, "{checks} checks, {deleted} deletions");
    eprintln!(
        "{} keys confirmed and there, {deleted} deleted, {checks} checks of revoked tokens, 0 accepted",
        kept.len()
    );
}

/// Creates two keys and deletes one; looks at the tokens of those that were deleted.
async fn live(all: &[Served], record: &Record, session: &str) {
    let (kept, _) = create(all, session).await;
    record.kept.borrow_mut().push(kept);
    let (id, secret) = create(all, session).await;
    let answer = retried(all, async |server| server.exchange_request(&id, &secret).send().await.ok()).await;
    let body: serde_json::Value = answer.json().await.unwrap();
    let token = text(&body["access_token"]);
    let delete = async |server: &Served| {
        server.anyone(Method::DELETE, &format!("/keys/{id}")).bearer_auth(session).send().await.ok()
    };
    // 404: it was deleted, and the answer didn't come.
    let answer = retried(all, delete).await;
    assert!([204, 404].contains(&answer.status().as_u16()), "{answer:?}");
    record.deleted.update(|deleted| deleted + 1);
    let some: Vec<String> = {
        let mut dead = record.dead.borrow_mut();
        dead.push_front(token);
        dead.truncate(50);
        dead.iter().take(5).chain(dead.back()).cloned().collect()
    };
    for token in &some {
        for server in all {
            assert_ne!(verify(server, token).await, 204, "accepted after its key's deletion was answered");
            record.checks.update(|checks| checks + 1);
        }
    }
}

async fn create(all: &[Served], session: &str) -> (String, String) {
    loop {
        let key = unique();
        let create = async |server: &Served| {
            let call = server.anyone(Method::POST, "/keys").bearer_auth(session).header("Idempotency-Key", &key);
            call.json(&json!({ "label": "one" })).send().await.ok()
        };
        let answer = retried(all, create).await;
        let status = answer.status();
        let body: serde_json::Value = answer.json().await.unwrap();
        // A repetition has no secret: the first answer had it, and didn't come.
        if status == 201 {
            return (text(&body["key"]["id"]), text(&body["secret_access_key"]));
        }
        assert_eq!(status, 200, "{body}");
    }
}

/// The answer of one server or the other, once it isn't that the database can't be reached.
async fn retried(all: &[Served], call: impl AsyncFn(&Served) -> Option<Response>) -> Response {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    for server in all.iter().cycle().skip(TURN.fetch_add(1, Ordering::Relaxed) % all.len()) {
        match call(server).await {
            Some(answer) if ![409, 503].contains(&answer.status().as_u16()) => return answer,
            _ => pass(Duration::from_millis(20)).await,
        }
    }
    unreachable!("there are servers")
}
