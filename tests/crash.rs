//! A server killed in the midst of creating keys: what it confirmed is there, and the rest is whole.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use latchkey::model::hmac_token;
use latchkey::server::embedded;
use reqwest::{Client, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

const ROUNDS: usize = 30;
const CREATORS: usize = 4;
const FOLDER: &str = "LATCHKEY_TEST_CRASH_FOLDER";

/// What the creators know of their keys, all rounds together.
#[derive(Default)]
struct Book {
    /// ID and secret, as the server confirmed them.
    confirmed: Vec<(String, String)>,
    /// Idempotency keys without an answer.
    open: Vec<String>,
}

/// Not a test by itself: the process that is killed, when the environment says so.
#[tokio::test]
async fn the_process_that_is_killed() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let server = embedded::start(Path::new(&folder)).await.unwrap();
    let ready = format!("\nREADY {} {}\n", server.socket.display(), server.session.expose_secret());
    std::io::stdout().write_all(ready.as_bytes()).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn what_was_confirmed_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let book = Arc::new(Mutex::new(Book::default()));
    for round in 0..ROUNDS {
        let (mut child, client, session) = spawn(folder.path()).await;
        let (confirmations, mut confirmed) = mpsc::unbounded_channel();
        let creators: Vec<_> = (0..CREATORS)
            .map(|n| {
                let name = format!("{round}-{n}");
                tokio::spawn(create_until_killed(
                    name,
                    client.clone(),
                    session.clone(),
                    book.clone(),
                    confirmations.clone(),
                ))
            })
            .collect();
        for _ in 0..=round % 7 {
            confirmed.recv().await.unwrap();
        }
        child.kill().await.unwrap();
        for creator in creators {
            creator.await.unwrap();
        }
    }
    let book = std::mem::take(&mut *book.lock().unwrap());
    check(folder.path(), &book).await;
}

async fn spawn(folder: &Path) -> (Child, Client, String) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some((socket, session)) = line.strip_prefix("READY ").and_then(|rest| rest.split_once(' ')) {
            return (child, Client::builder().unix_socket(socket).build().unwrap(), session.to_owned());
        }
    }
}

async fn create(client: &Client, session: &str, name: &str) -> reqwest::Result<Response> {
    let call = client.post("http://localhost/api/v2/keys").bearer_auth(session).header("Idempotency-Key", name);
    call.json(&json!({ "label": name })).send().await
}

async fn create_until_killed(
    name: String,
    client: Client,
    session: String,
    book: Arc<Mutex<Book>>,
    confirmations: mpsc::UnboundedSender<()>,
) {
    for n in 0.. {
        let name = format!("{name}-{n}");
        let body = match create(&client, &session, &name).await {
            Ok(answer) => answer.json::<Value>().await,
            Err(error) => Err(error),
        };
        let Ok(body) = body else {
            book.lock().unwrap().open.push(name);
            return;
        };
        let pair =
            (body["key"]["id"].as_str().unwrap().to_owned(), body["secret_access_key"].as_str().unwrap().to_owned());
        book.lock().unwrap().confirmed.push(pair);
        // The test listens no longer once it has seen enough.
        let _ = confirmations.send(());
    }
}

async fn check(folder: &Path, book: &Book) {
    let server = embedded::start(folder).await.unwrap();
    let client = Client::builder().unix_socket(server.socket.clone()).build().unwrap();
    assert!(book.confirmed.len() >= ROUNDS && book.open.len() == ROUNDS * CREATORS);
    for (id, secret) in &book.confirmed {
        let hash = hmac_token(secret.as_bytes(), b"content");
        let call = client
            .post("http://localhost/api/v2/auth/client_token")
            .header("x-key", id)
            .header("x-hash", hash.expose());
        let answer = call.json(&json!({ "scope": "docs_api", "content": "content" })).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{id}");
    }
    let mut kept = 0;
    for name in &book.open {
        let first = create(&client, server.session.expose_secret(), name).await.unwrap().status();
        assert!(first == 201 || first == 200, "{name}: {first}");
        kept += usize::from(first == 200);
        assert_eq!(create(&client, server.session.expose_secret(), name).await.unwrap().status(), 200, "{name}");
    }
    let database = rusqlite::Connection::open(folder.join("keys.db")).unwrap();
    let keys: usize =
        database.query_row("SELECT count(*) FROM keys", [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap();
    assert_eq!(keys, book.confirmed.len() + book.open.len(), "{kept} of the unanswered were kept");
    for sql in [
        "SELECT integrity_check = 'ok' FROM pragma_integrity_check",
        "SELECT count(DISTINCT label) = count(*) FROM keys",
        "SELECT (SELECT sum(n) FROM counts) = (SELECT count(*) FROM keys)",
        "SELECT (SELECT count(*) FROM sealed) = (SELECT count(*) FROM keys)",
        "SELECT (SELECT count(*) FROM events WHERE kind = 'created') = (SELECT count(*) FROM keys)",
        "SELECT NOT EXISTS (SELECT 1 FROM pragma_foreign_key_check)",
    ] {
        assert!(database.query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap(), "{sql}");
    }
    database.execute_batch("INSERT INTO grams (grams) VALUES ('integrity-check')").unwrap();
    server.stop().await;
}
