//! A server in a process of its own, to be killed: this test program, started again for a test that serves instead.

use std::io::{Read, Write};
use std::ops::Deref;
use std::path::Path;
use std::process::Stdio;

use latchkey::domain::hmac_token;
use latchkey::server::StoreAccess;
use latchkey::server::embedded;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::support::own_process;

const FOLDER: &str = "LATCHKEY_TEST_FOLDER";
/// What the process says when it listens, before socket and session.
const READY: &str = "listens: ";

/// A key as its creator knows it.
#[derive(Clone, Debug)]
pub struct Created {
    pub name: String,
    pub id: String,
    /// None when the answer that bore it was lost.
    pub secret: Option<String>,
}

/// Calls to one process.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    session: String,
}

/// A process that serves.
pub struct Process {
    pub client: Client,
    child: Child,
}

/// Serves until the parent is gone if this process was started for that, and says whether it was.
pub async fn has_served() -> bool {
    let Ok(folder) = std::env::var(FOLDER) else { return false };
    let server = embedded::start(Path::new(&folder), StoreAccess::Create).await.unwrap();
    let line = format!("\n{READY}{} {}\n", server.socket.display(), server.session.expose_secret());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
    true
}

/// Starts a process, which may be killed before it listens.
pub fn spawn(folder: &Path) -> Child {
    Command::from(own_process::command("crash::nothing_acknowledged_is_lost"))
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

impl Process {
    /// Starts a process and waits until it listens.
    pub async fn start(folder: &Path) -> Self {
        let mut child = spawn(folder);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (socket, session) = said(&mut lines).await;
        latchkey::client::install_tls();
        let http = reqwest::Client::builder().unix_socket(socket).build().unwrap();
        Self { client: Client { http, session }, child }
    }

    /// SIGKILL; returns when the process is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

impl Deref for Process {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Socket and session.
async fn said(lines: &mut tokio::io::Lines<BufReader<ChildStdout>>) -> (String, String) {
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((socket, session)) = line.strip_prefix(READY).and_then(|rest| rest.split_once(' ')) {
            return (socket.to_owned(), session.to_owned());
        }
    }
    panic!("the process ended before it listened");
}

impl Client {
    /// Creates a key; the name is its label and the idempotency key. None when no answer came.
    pub async fn create(&self, name: &str) -> Option<Created> {
        let request = self.http.post("http://localhost/api/v2/keys").header("idempotency-key", name);
        let (status, body) = self.send(request.json(&json!({ "label": name }))).await?;
        assert!([200, 201].contains(&status), "{status} {body}");
        let id = body["key"]["id"].as_str().unwrap().to_owned();
        let secret = body["secret_access_key"].as_str().map(str::to_owned);
        assert_eq!(secret.is_some(), status == 201);
        Some(Created { name: name.to_owned(), id, secret })
    }

    /// Whether the key's secret is exchanged for a token.
    pub async fn exchanges(&self, key: &Created) -> bool {
        let hash = hmac_token(key.secret.as_ref().unwrap().as_bytes(), b"content");
        let request = self.http.post("http://localhost/api/v2/auth/client_token").header("x-key", &key.id);
        let request =
            request.header("x-hash", hash.expose()).json(&json!({ "scope": "docs_api", "content": "content" }));
        self.send(request).await.unwrap().0 == 200
    }

    /// How many keys match.
    pub async fn total(&self, text: &str) -> usize {
        let request = self.http.get("http://localhost/api/v2/keys").query(&[("q", text), ("limit", "1")]);
        let (_, body) = self.send(request).await.unwrap();
        usize::try_from(body["total"].as_u64().unwrap()).unwrap()
    }

    async fn send(&self, request: RequestBuilder) -> Option<(u16, Value)> {
        let response = request.bearer_auth(&self.session).send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.json().await.ok()?))
    }
}
