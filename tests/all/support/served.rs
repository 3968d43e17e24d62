//! `latchkey serve` as a process of its own, on ports and sockets of its own, and every line of its log.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use reqwest::{Client, ClientBuilder, Method, RequestBuilder};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::program::{binary, environment};
use crate::support::server::{Answer, PASSWORD, send, text, unique};
use crate::support::wait::PATIENCE;

/// What a server is started with.
pub const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"];

/// A process that serves.
pub struct Served {
    /// Scheme, host and port of the first address.
    pub base: String,
    pub home: Arc<TempDir>,
    client: Client,
    child: Child,
    lines: Receiver<String>,
    /// The log so far.
    pub log: Vec<Value>,
}

/// The data folder below a home.
pub fn data(home: &TempDir) -> PathBuf {
    home.path().join("data")
}

/// The program, its environment ours and small.
pub fn latchkey(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.env_clear().envs(environment(home.path()));
    command.arg("--data").arg(data(home)).args(arguments).stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn run(home: &TempDir, arguments: &[&str]) -> Output {
    latchkey(home, arguments).output().unwrap()
}

impl Served {
    /// Serves a new data folder on a port of its own.
    pub fn start(arguments: &[&str]) -> Self {
        Self::on(Arc::new(TempDir::new().unwrap()), arguments)
    }

    pub fn on(home: Arc<TempDir>, arguments: &[&str]) -> Self {
        Self::with(home, arguments, Client::builder())
    }

    /// Serves, and calls it by a client that is built so.
    pub fn with(home: Arc<TempDir>, arguments: &[&str], client: ClientBuilder) -> Self {
        let mut command = latchkey(&home, &SERVE);
        command.args(arguments);
        Self::by(home, command, client)
    }

    /// Serves by a command that ends in [`SERVE`] and more arguments.
    pub fn by(home: Arc<TempDir>, mut command: Command, client: ClientBuilder) -> Self {
        latchkey::client::install_tls();
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let client = client.build().unwrap();
        let mut served = Self { base: String::new(), home, client, child, lines, log: Vec::new() };
        let place = text(&served.logs(|line| line["message"] == "listening")["place"]);
        let scheme = if command.get_args().any(|word| word == "--tls-cert") { "https" } else { "http" };
        served.base = format!("{scheme}://{}", place.replace("127.0.0.1", "localhost"));
        served
    }

    /// Where it listens, without the scheme.
    pub fn address(&self) -> String {
        self.base.rsplit('/').next().unwrap().replace("localhost", "127.0.0.1")
    }

    /// Waits for such a line of the log, the first that was not waited for before.
    #[track_caller]
    pub fn logs(&mut self, such: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no such line in {:#?}", self.log));
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line:?}"));
            self.log.push(line.clone());
            if such(&line) {
                return line;
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// SIGTERM; gives its end and what it still logged.
    pub fn stop(self) -> (ExitStatus, Vec<Value>) {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// Waits for its end, and gives that and what it still logged. Its last line may be no JSON: why it ended.
    pub fn ended(mut self) -> (ExitStatus, Vec<Value>) {
        let status = self.child.wait().unwrap();
        while let Ok(line) = self.lines.recv() {
            self.log.extend(serde_json::from_str(&line).ok());
        }
        (status, std::mem::take(&mut self.log))
    }

    /// A call without a session.
    pub fn anyone(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/api/v2{path}", self.base))
    }

    pub async fn sign_in(&self, username: &str, password: &str) -> Answer {
        send(self.sign_in_request(username, password)).await
    }

    pub fn sign_in_request(&self, username: &str, password: &str) -> RequestBuilder {
        self.anyone(Method::POST, "/auth/session").json(&json!({ "username": username, "password": password }))
    }

    pub async fn session(&self, username: &str) -> String {
        let answer = self.sign_in(username, PASSWORD).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        text(&answer.body["session_token"])
    }

    pub async fn get(&self, session: &str, path: &str) -> Answer {
        send(self.anyone(Method::GET, path).bearer_auth(session)).await
    }

    /// Creates a key; gives its ID and secret.
    pub async fn create(&self, session: &str) -> (String, String) {
        let call = self.anyone(Method::POST, "/keys").bearer_auth(session).header("Idempotency-Key", unique());
        let answer = send(call.json(&json!({ "label": "one" }))).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        (text(&answer.body["key"]["id"]), text(&answer.body["secret_access_key"]))
    }

    pub fn exchange_request(&self, id: &str, secret: &str) -> RequestBuilder {
        let hash = latchkey::domain::hmac_token(secret.as_bytes(), b"content");
        let call = self.anyone(Method::POST, "/auth/client_token").header("x-key", id).header("x-hash", hash.expose());
        call.json(&json!({ "scope": "docs_api", "content": "content" }))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
