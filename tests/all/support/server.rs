//! A real server on a real socket, and a client that holds every answer against the `OpenAPI` document.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use latchkey::domain::hmac_token;
use latchkey::server::auth::username::Username;
use latchkey::server::{Actor, AppState, DataError, DataFolder, Role, Sessions, StoreAccess, serve};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::openapi;

/// The password of every administrator of the tests.
pub const PASSWORD: &str = "correct horse battery staple";
pub const SESSION: &str = "session-token-of-the-tests";

/// A server on a port of its own, with a data folder of its own.
pub struct Server {
    pub base: String,
    pub folder: Arc<TempDir>,
    client: Client,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

/// A fresh data folder.
pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

impl Server {
    pub async fn start() -> Self {
        Self::on(folder(), Role::Superuser).await
    }

    /// Another server on the same folder.
    pub async fn twin(&self) -> Self {
        Self::on(Arc::clone(&self.folder), Role::Superuser).await
    }

    pub async fn on(folder: impl Into<Arc<TempDir>>, role: Role) -> Self {
        latchkey::client::install_tls();
        let folder = folder.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = state(folder.path(), role);
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, state, async { stopped.await.unwrap_or_default() }));
        Self { base, folder, client: Client::new(), stop, serving }
    }

    /// Stops the server, which writes everything down, and leaves the data.
    pub async fn stop(self) -> Arc<TempDir> {
        drop(self.client);
        drop(self.stop);
        self.serving.await.unwrap().unwrap();
        self.folder
    }

    /// A call without a session.
    pub fn anyone(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/api/v2{path}", self.base))
    }

    /// A call with the administrator's session.
    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.anyone(method, path).bearer_auth(SESSION)
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.call(Method::GET, path)).await
    }

    pub async fn patch(&self, id: &str, change: Value) -> Answer {
        send(self.call(Method::PATCH, &format!("/keys/{id}")).json(&change)).await
    }

    pub async fn delete(&self, id: &str) -> Answer {
        send(self.call(Method::DELETE, &format!("/keys/{id}"))).await
    }

    pub async fn post(&self, idempotency_key: &str, body: Value) -> Answer {
        send(self.call(Method::POST, "/keys").header("Idempotency-Key", idempotency_key).json(&body)).await
    }

    pub async fn rotate(&self, id: &str, body: Value) -> Answer {
        let call = self.call(Method::POST, &format!("/keys/{id}/rotate"));
        send(call.header("Idempotency-Key", unique()).json(&body)).await
    }

    pub async fn finish(&self, id: &str) -> Answer {
        send(self.call(Method::POST, &format!("/keys/{id}/rotation/finish"))).await
    }

    pub async fn undo(&self, id: &str) -> Answer {
        send(self.call(Method::DELETE, &format!("/keys/{id}/rotation"))).await
    }

    /// A create whose body of 15 bytes is still to come, when the server has begun to read it.
    pub async fn trickle(&self, idempotency_key: &str) -> TcpStream {
        let mut slow = TcpStream::connect(self.base.trim_start_matches("http://")).await.unwrap();
        let head = format!(
            "POST /api/v2/keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {SESSION}\r\n\
             idempotency-key: {idempotency_key}\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\
             expect: 100-continue\r\n\r\n"
        );
        slow.write_all(head.as_bytes()).await.unwrap();
        // The server says so when it begins to read the body.
        let mut go_on = [0; 25];
        slow.read_exact(&mut go_on).await.unwrap();
        assert!(go_on.starts_with(b"HTTP/1.1 100"));
        slow
    }

    /// Creates a key; gives its ID and secret.
    pub async fn create(&self, label: &str) -> (String, String) {
        let answer = self.post(&unique(), json!({ "label": label })).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        (text(&answer.body["key"]["id"]), text(&answer.body["secret_access_key"]))
    }

    pub async fn exchange(&self, id: &str, secret: &str) -> Answer {
        send(self.exchange_request(id, secret)).await
    }

    pub fn exchange_request(&self, id: &str, secret: &str) -> RequestBuilder {
        let hash = hmac_token(secret.as_bytes(), b"api-content-hash");
        self.anyone(Method::POST, "/auth/client_token")
            .header("x-key", id)
            .header("x-hash", hash.expose())
            .json(&json!({ "scope": "docs_api", "content": "api-content-hash" }))
    }

    pub async fn verify(&self, token: &str) -> Answer {
        send(self.anyone(Method::GET, "/auth/verify").header("x-access-token", token)).await
    }

    /// The labels of all pages of a list.
    pub async fn labels(&self, query: &str) -> Vec<String> {
        let mut labels = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/keys?{query}{cursor}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            labels.extend(page.body["keys"].as_array().unwrap().iter().map(|key| text(&key["label"])));
            match &page.body["next_cursor"] {
                Value::String(next) => cursor = format!("&cursor={next}"),
                _ => return labels,
            }
        }
    }

    /// Adds an administrator to the server's data.
    pub fn add(&self, username: &str, role: Role) {
        add_administrator(self.folder.path(), username, role);
    }

    /// Signs in.
    pub async fn sign_in(&self, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password });
        send(self.anyone(Method::POST, "/auth/session").json(&body)).await
    }

    /// Signs in, and gives the session token.
    pub async fn session(&self, username: &str) -> String {
        let answer = self.sign_in(username, PASSWORD).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        text(&answer.body["session_token"])
    }

    /// A call with a session of one's own.
    pub fn call_as(&self, session: &str, method: Method, path: &str) -> RequestBuilder {
        self.anyone(method, path).bearer_auth(session)
    }

    /// The server's database, to set what only time could.
    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("keys.db")).unwrap()
    }
}

/// Sends, and checks the answer against the document.
pub async fn send(request: RequestBuilder) -> Answer {
    let (client, request) = request.build_split();
    let request = request.unwrap();
    let (method, path) = (request.method().to_string(), request.url().path().to_owned());
    let response = client.execute(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    assert_eq!(headers["cache-control"], "no-store");
    openapi::check(&method, &path, status, &body);
    if status >= 400 {
        assert_eq!(body["status"], status, "{body}");
    }
    Answer { status, headers, body }
}

/// Adds an administrator whose password is [`PASSWORD`]. Its hash is cheap: what it costs is not tested so.
pub fn add_administrator(folder: &Path, username: &str, role: Role) {
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(32, 1, 4, None).unwrap());
    let hash = cheap.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    let username = Username::parse(username).unwrap();
    let store = open(folder).unwrap().store;
    assert!(wait(store.add_administrator(&username, role, &hash, root(), chrono::Utc::now())).unwrap());
}

/// Who works on the data folders of the tests.
pub fn root() -> Actor {
    Actor { name: "root".to_owned(), address: "local".to_owned() }
}

/// Opens a data folder.
pub fn open(folder: &Path) -> Result<DataFolder, DataError> {
    wait(DataFolder::open(folder, StoreAccess::Create))
}

/// Runs `work` to its end; also in a test that has a runtime.
fn wait<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

/// A server's state on `folder`.
pub fn state(folder: &Path, role: Role) -> AppState {
    AppState::new(open(folder).unwrap(), Sessions::single(&SecretString::from(SESSION), "jo", role))
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An idempotency key that was not used before.
pub fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
