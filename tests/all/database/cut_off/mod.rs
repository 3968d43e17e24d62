//! Creates and rotations that are cut off at any moment, on either engine: the line breaks at any byte of a request or its
//! answer, the command or the server is killed, or the database fails over. At the next start the command has the very
//! secret, and there is one key.
//!
//! `LATCHKEY_CREATES=1000 tests/run database::cut_off --nocapture` does each so often, and says what came of it. A fail-over
//! takes seconds: `LATCHKEY_FAIL_OVERS=100` is for them.

mod standby;
mod team;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use latchkey::client::session_file::{SessionFile, SessionStorage};
use latchkey::client::{AdminSession, Target};
use latchkey::domain::{BaseUrl, SecretKey, Untrusted};
use latchkey::server::Role;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::standby::Replicated;
use self::team::{Random, Team, Trouble};
use super::{postgres, with_tables};
use crate::support::files;
use crate::support::home::Home;
use crate::support::lossy::Lossy;
use crate::support::memory::{Wanted, forgets, may_look};
use crate::support::served::{Served, data};
use crate::support::server::{add_administrator, send, text, unique};
use crate::support::unfinished;
use crate::support::wait::until_async;

/// How many keys are made where nothing else is asked for, and with how many fail-overs.
const CREATES: usize = 20;
const FAIL_OVERS: usize = 6;
const TROUBLES: [Trouble; 5] = [Trouble::Line, Trouble::Client, Trouble::ClientInTime, Trouble::Server, Trouble::Both];

/// How a key is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Create,
    /// In place of an old one.
    Rotate,
}

/// What is done on a server that is started with these arguments.
struct Run<'a> {
    engine: &'a str,
    works: &'a [Work],
    troubles: &'a [Trouble],
    count: usize,
    at: Arc<TempDir>,
    arguments: &'a [&'a str],
    /// A folder that holds what is stored.
    stored: &'a Path,
    database: Option<Arc<Replicated>>,
}

/// What is known of the keys, by their labels.
#[derive(Default)]
struct Known {
    secrets: HashMap<String, String>,
    /// The IDs of those that were to be replaced.
    old: HashMap<String, String>,
}

impl Run<'_> {
    async fn cut_off_many_times(self) {
        let begun = Instant::now();
        let Self { engine, works, troubles, count, at, arguments, stored, database } = self;
        let served = Served::on(Arc::clone(&at), arguments);
        let (line, home) = (Lossy::to(served.address().parse().unwrap()), Home::new());
        let session = served.session("jo").await;
        remember(&home, line.port, session.clone());
        let mut team = Team { served: Some(served), at, arguments, line, home, database };
        let mut random = Random(u64::from(std::process::id()));
        eprintln!("seed {}", random.0);
        let mut known = Known::default();
        let (mut cut, mut had_again, mut twice) = (0, 0, 0);
        for n in 0..=count {
            let (label, work) = (format!("key {n}"), works[n % works.len()]);
            // The last one leaves the server that has made the key, or finishes it.
            let trouble = if n == count { Trouble::Client } else { troubles[n / works.len() % troubles.len()] };
            let old = match work {
                Work::Create => None,
                Work::Rotate => Some(create(team.served.as_ref().unwrap(), &session, &label).await),
            };
            let words = match &old {
                None => ["create", "--label", &label],
                Some(old) => ["rotate", old, "--overlap=24h"],
            };
            let is_cut = tokio::task::block_in_place(|| team.make(&words, &label, trouble, &mut random));
            cut += usize::from(is_cut);
            let served = team.served.as_ref().unwrap();
            until_async(async || send(served.anyone(Method::GET, "/ready")).await.status == 200).await;
            let first = team.secret(&label);
            let finished = team.finish(&label);
            had_again += usize::from(first.is_none() && finished.is_some());
            if let (Some(first), Some(finished)) = (&first, &finished) {
                assert_eq!(first, finished, "{label}: {trouble:?}");
                twice += 1;
            }
            let secret = first.or(finished);
            if let Some(secret) = secret.as_ref().filter(|_| n == count && may_look()) {
                forgets(served.pid(), &[Wanted::text("the secret", secret)]);
            }
            known.old.extend(old.map(|old| (label.clone(), old)));
            known.secrets.extend(secret.map(|secret| (label, secret)));
            assert_eq!(unfinished::notes(team.home.0.path()).len(), 0);
            if let Some(database) = team.database.as_ref().filter(|_| is_cut && trouble.is_of_database()) {
                tokio::task::block_in_place(|| database.attach());
            }
        }
        let served = team.served.take().unwrap();
        let found = known.check(&served).await;
        hold_no_secret(stored);
        let log = served.stop().1;
        assert!(!log.is_empty() && log.iter().all(|line| !line.to_string().contains("sk_")), "{log:#?}");
        eprintln!(
            "{engine}, {works:?}, {troubles:?}: {count} times, {cut} cut off: {found} keys made, each with its secret; \
             {had_again} secrets were had at the next start, {twice} a second time; no secret is lost, no key is there \
             twice, no key that nobody knows of; {} s",
            begun.elapsed().as_secs(),
        );
        assert!(cut > 0 && found > 0 && (had_again > 0 || count < CREATES));
    }
}

impl Known {
    /// Holds what the server has against it, and counts the keys that were made.
    async fn check(self, served: &Served) -> usize {
        let session = served.session("jo").await;
        let keys = all(served, &session).await;
        let of_id: HashMap<String, &Value> = keys.iter().map(|key| (text(&key["id"]), key)).collect();
        let mut found = 0;
        for (id, key) in &of_id {
            let label = text(&key["label"]);
            let old = self.old.get(&label);
            if old == Some(id) {
                let is_replaced = self.secrets.contains_key(&label);
                assert_eq!((key["expires_at"].is_string(), key["replaced_by"].is_string()), (is_replaced, is_replaced));
                continue;
            }
            let secret = self.secrets.get(&label);
            let secret = secret.unwrap_or_else(|| panic!("nobody has the secret of {label}: {key}"));
            let exchanged = send(served.exchange_request(id, secret)).await;
            assert_eq!(exchanged.status, 200, "{label}: not its secret, or it is there twice");
            if let Some(old) = old {
                let replaced = of_id[old];
                assert_eq!((&key["replaces"], &replaced["replaced_by"]), (&json!(old), &json!(id)), "{label}");
                let overlap = time(&replaced["expires_at"]) - time(&key["created_at"]);
                assert!((overlap - TimeDelta::hours(24)).abs() < TimeDelta::seconds(10), "{label}: {replaced}");
            }
            found += 1;
        }
        assert_eq!(found, self.secrets.len(), "no key has one of the secrets");
        found
    }
}

fn time(value: &Value) -> DateTime<Utc> {
    text(value).parse().unwrap()
}

/// Every key.
async fn all(served: &Served, session: &str) -> Vec<Value> {
    let (mut keys, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = served.get(session, &format!("/keys?limit=1000{cursor}")).await.body;
        keys.extend(page["keys"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return keys };
        cursor = format!("&cursor={next}");
    }
}

/// Creates a key that is to be replaced, and gives its ID.
async fn create(served: &Served, session: &str, label: &str) -> String {
    let call = served.anyone(Method::POST, "/keys").bearer_auth(session).header("Idempotency-Key", unique());
    let answer = send(call.json(&json!({ "label": label }))).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    text(&answer.body["key"]["id"])
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |number| number.parse().unwrap())
}

/// The files below a folder know of the keys, and hold no secret.
fn hold_no_secret(folder: &Path) {
    let mut know = false;
    for file in files::below(folder) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        know |= bytes.windows(5).any(|bytes| bytes == b"key 0");
        for at in bytes.windows(3).enumerate().filter_map(|(at, bytes)| (bytes == b"sk_").then_some(at)) {
            let text = bytes.get(at..at + SecretKey::CHARS).and_then(|bytes| std::str::from_utf8(bytes).ok());
            assert!(text.is_none_or(|text| SecretKey::parse(text).is_err()), "a secret is in {}", file.display());
        }
    }
    assert!(know);
}

/// Remembers a session for the server behind a port, as `login --remember` does.
fn remember(home: &Home, port: u16, token: String) {
    let (base, _) = BaseUrl::parse(&format!("http://127.0.0.1:{port}")).unwrap();
    let name = base.host_for_screen().to_owned();
    let session = AdminSession {
        token: SecretString::from(token),
        expires_at: Utc::now() + TimeDelta::hours(8),
        username: Untrusted::new("jo"),
        role: Untrusted::new("superuser"),
    };
    let state = home.path(".local/state/latchkey");
    SessionFile::of(&state, &name, &Target::Url(base)).store(&session, "jo", SessionStorage::File).unwrap();
}

async fn on_postgres(work: Work) {
    let address = postgres().address(&with_tables(postgres()));
    let run = Run {
        engine: "PostgreSQL",
        works: &[work],
        troubles: &TROUBLES,
        count: number("LATCHKEY_CREATES", CREATES),
        at: Arc::new(TempDir::new().unwrap()),
        arguments: &["--database", &address, "--lease", "1"],
        stored: postgres().folder(),
        database: None,
    };
    run.cut_off_many_times().await;
}

async fn on_sqlite(work: Work) {
    let home = Arc::new(TempDir::new().unwrap());
    add_administrator(&data(&home), "jo", Role::Superuser);
    let folder = home.path().to_owned();
    let run = Run {
        engine: "SQLite",
        works: &[work],
        troubles: &TROUBLES,
        count: number("LATCHKEY_CREATES", CREATES),
        at: home,
        arguments: &[],
        stored: &folder,
        database: None,
    };
    run.cut_off_many_times().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_lose_no_secret_and_make_one_key_on_postgres() {
    on_postgres(Work::Create).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_lose_no_secret_and_make_one_key_on_sqlite() {
    on_sqlite(Work::Create).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_lose_no_secret_and_make_one_key_on_postgres() {
    on_postgres(Work::Rotate).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_lose_no_secret_and_make_one_key_on_sqlite() {
    on_sqlite(Work::Rotate).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_over_loses_no_secret_and_makes_no_second_key() {
    let replicated = Arc::new(Replicated::start());
    let address = replicated.address(&with_tables(&replicated.postgres));
    let run = Run {
        engine: "PostgreSQL",
        works: &[Work::Create, Work::Rotate],
        troubles: &[Trouble::Database, Trouble::DatabaseAndClient],
        count: number("LATCHKEY_FAIL_OVERS", FAIL_OVERS),
        at: Arc::new(TempDir::new().unwrap()),
        arguments: &["--database", &address, "--lease", "1"],
        stored: replicated.postgres.folder(),
        database: Some(Arc::clone(&replicated)),
    };
    run.cut_off_many_times().await;
}
