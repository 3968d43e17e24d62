//! Real proxies, each configured by the example that we give away, in front of an application of ours.

mod app;
mod caddy;
mod haproxy;
mod nginx;

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;

use latchkey::server::Role;
use reqwest::{Certificate, Client, Method, RequestBuilder};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::served::{Served, data};
use crate::support::server::{PASSWORD, add_administrator, send, text, unique};
use crate::support::wait::PATIENCE;

/// What an example is set to, and what its proxy can take.
struct Site<'a> {
    /// Where the certificate is (`tls.pem`, `tls.key`, both in `both.pem`) and the server's socket (`serve.sock`).
    home: &'a Path,
    /// Where the proxy is to listen.
    port: u16,
    /// Where the application listens.
    app: u16,
}

/// A proxy of our own, all of it in one folder.
struct Proxy {
    child: Child,
    base: String,
    client: Client,
}

impl Proxy {
    /// Starts it before the server on `serve.sock` and before the application; `command` configures it.
    fn start(home: &Path, app: u16, command: impl Fn(&Site<'_>) -> Command) -> Self {
        latchkey::client::install_tls();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        for (name, content) in
            [("tls.pem", certificate.clone()), ("tls.key", key.clone()), ("both.pem", format!("{certificate}{key}"))]
        {
            std::fs::write(home.join(name), content).unwrap();
        }
        let certificate = Certificate::from_pem(certificate.as_bytes()).unwrap();
        let client = Client::builder().tls_certs_only([certificate]).build().unwrap();
        loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let log = home.join("proxy.log");
            let mut command = command(&Site { home, port, app });
            command.stdout(File::create(&log).unwrap()).stderr(File::options().append(true).open(&log).unwrap());
            let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
            if listens(&mut child, port, &log) {
                return Self { child, base: format!("https://localhost:{port}"), client };
            }
        }
    }

    fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        let call = self.client.request(method, format!("{}{path}", self.base));
        if token.is_empty() { call } else { call.header("x-access-token", token) }
    }

    /// A GET with an access token and a header that only the proxy may set; gives status and body.
    async fn get(&self, path: &str, token: &str) -> (u16, String) {
        let call = self.request(Method::GET, path, token);
        let forged = ["x-access-key-id", "x_access_key_id", "x-access_key-id", "x-access-key_id"];
        ask(forged.iter().fold(call, |call, name| call.header(*name, "forged"))).await
    }

    /// Exchanges a key for an access token, through the proxy.
    async fn token(&self, id: &str, secret: &str) -> String {
        let hash = latchkey::domain::hmac_token(secret.as_bytes(), b"content");
        let call = self.request(Method::POST, "/api/v2/auth/client_token", "");
        let body = json!({ "scope": "docs_api", "content": "content" });
        let answer = call.header("x-key", id).header("x-hash", hash.expose()).json(&body).send().await.unwrap();
        let answer: serde_json::Value = answer.json().await.unwrap();
        text(&answer["access_token"])
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn ask(call: RequestBuilder) -> (u16, String) {
    let answer = call.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// An example with its places set, each of which is there once.
fn set(example: &str, places: &[(&str, String)]) -> String {
    places.iter().fold(example.to_owned(), |example, (there, here)| {
        assert_eq!(example.matches(there).count(), 1, "{there}");
        example.replace(there, here)
    })
}

/// Waits until a proxy listens; false when it ends instead, as when someone took the port meanwhile.
fn listens(child: &mut Child, port: u16, log: &Path) -> bool {
    let begun = std::time::Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = || std::fs::read_to_string(log).unwrap_or_default();
        if child.try_wait().unwrap().is_some() {
            assert!(log().to_lowercase().contains("address already in use"), "{}", log());
            return false;
        }
        assert!(begun.elapsed() < PATIENCE, "the proxy does not listen: {}", log());
        std::thread::yield_now();
    }
    true
}

/// What every example promises.
async fn protects(command: impl Fn(&Site<'_>) -> Command, largest_cookies: usize, most_headers: usize) {
    let home = Arc::new(TempDir::new().unwrap());
    let place = format!("unix:{}/serve.sock", home.path().display());
    let server = Served::on(Arc::clone(&home), &["--listen", &place, "--behind-proxy", "--log-verifies"]);
    let proxy = Proxy::start(home.path(), app::serve(), command);
    add_administrator(&data(&home), "jo", Role::Administrator);
    let signed_in = proxy.request(Method::POST, "/api/v2/auth/session", "");
    let signed_in = send(signed_in.json(&json!({ "username": "jo", "password": PASSWORD }))).await;
    let session = text(&signed_in.body["session_token"]);
    let created = proxy.request(Method::POST, "/api/v2/keys", "").bearer_auth(&session);
    let created = send(created.header("idempotency-key", unique()).json(&json!({}))).await;
    let (id, secret) = (text(&created.body["key"]["id"]), text(&created.body["secret_access_key"]));
    let token = proxy.token(&id, &secret).await;

    assert_eq!(proxy.get("/api/v2/health", "").await.0, 200);
    for wrong in ["", "nonsense"] {
        let refused = proxy.request(Method::GET, "/app/door", wrong).send().await.unwrap();
        assert_eq!(
            (refused.status().as_u16(), refused.headers()["www-authenticate"].as_bytes()),
            (401, &b"Bearer"[..])
        );
    }
    let opened = |method: &str, bytes: u64| (200, format!("app {method} /door?a=1 key={id} token= bytes={bytes}"));
    assert_eq!(proxy.get("/app/door?a=1", &token).await, opened("GET", 0));
    for header in ["x-api-token", "authorization"] {
        let value = if header == "authorization" { format!("Bearer {token}") } else { token.clone() };
        let call = proxy.request(Method::GET, "/app/door?a=1", "").header(header, value);
        assert_eq!(ask(call).await, opened("GET", 0), "{header}");
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let call = proxy.request(method.clone(), "/app/door?a=1", &token).body("abc");
        assert_eq!(ask(call).await, opened(method.as_str(), 3));
    }
    // Larger than nginx takes by default, and than latchkey takes.
    let upload = proxy.request(Method::POST, "/app/door?a=1", &token).body(vec![0; 2 << 20]);
    assert_eq!(ask(upload).await, opened("POST", 2 << 20));
    let cookies = (0..largest_cookies / 4000).fold(proxy.request(Method::GET, "/app/door?a=1", &token), |call, n| {
        call.header("cookie", format!("c{n}={}", "x".repeat(4000)))
    });
    assert_eq!(ask(cookies).await, opened("GET", 0), "{largest_cookies} bytes of cookies");
    let headers = (0..most_headers)
        .fold(proxy.request(Method::GET, "/app/door?a=1", &token), |call, n| call.header(format!("x-n-{n}"), "x"));
    assert_eq!(ask(headers).await, opened("GET", 0), "{most_headers} headers");
    // What a client claims of its address does not count.
    let forged = proxy.request(Method::GET, "/app/door?a=1", &token).header("x-forwarded-for", "198.51.100.9");
    assert_eq!(ask(forged).await, opened("GET", 0));

    // An open WebSocket outlives its key; nothing else does.
    let call = proxy.request(Method::GET, "/app/socket", &token).header("connection", "Upgrade");
    let call = call.header("upgrade", "websocket").header("sec-websocket-version", "13");
    let answer = call.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 101);
    let mut socket = answer.upgrade().await.unwrap();
    let off = proxy.request(Method::PATCH, &format!("/api/v2/keys/{id}"), "").bearer_auth(&session);
    assert_eq!(send(off.json(&json!({ "status": "inactive" }))).await.status, 200);
    assert_eq!(proxy.get("/app/door", &token).await.0, 401, "at once");
    socket.write_all(b"still here").await.unwrap();
    let mut echo = [0; 10];
    tokio::time::timeout(PATIENCE, socket.read_exact(&mut echo)).await.expect("an echo").unwrap();
    assert_eq!(&echo, b"still here");

    let (status, log) = server.stop();
    assert!(status.success());
    let proxied = log.iter().filter(|line| line["message"] == "request" && line["route"] == "/api/v2/auth/verify");
    let sources: Vec<_> = proxied.map(|line| text(&line["from"])).collect();
    assert!(sources.len() > 10 && sources.iter().all(|from| from == "127.0.0.1"), "{sources:?}");
    assert!(!log.iter().any(|line| text(&line["message"]).contains("X-Forwarded-For")), "the proxy names its clients");
}

/// What the guide shows is what the examples have.
#[test]
fn the_guide_shows_lines_of_the_examples() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let guide = std::fs::read_to_string(assets.join("guide/proxies.md")).unwrap();
    for (kind, examples) in [
        ("nginx", &["nginx.conf.example"][..]),
        ("caddyfile", &["Caddyfile.example"]),
        ("haproxy", &["haproxy.cfg.example"]),
        ("yaml", &["traefik.yaml.example", "envoy.yaml.example"]),
    ] {
        let mut lines = Vec::new();
        for example in examples {
            assert!(guide.contains(&format!("(../{example})")), "{example} is not linked");
            let example = std::fs::read_to_string(assets.join(example)).unwrap();
            lines.extend(example.lines().map(|line| line.trim().to_owned()));
        }
        let fence = format!("```{kind}\n");
        for block in guide.split(&fence).skip(1).map(|rest| rest.split_once("```").unwrap().0) {
            let words = block.lines().map(|line| line.split("   #").next().unwrap().trim());
            for line in words {
                assert!(line.is_empty() || lines.iter().any(|there| there == line), "{kind} has no {line:?}");
            }
        }
    }
}

/// Those of the proxies that no test runs.
#[test]
fn the_other_examples_are_yaml() {
    for (example, path) in [
        (
            include_str!("../../../../assets/traefik.yaml.example"),
            "/http/middlewares/latchkey-verify/forwardAuth/address",
        ),
        (include_str!("../../../../assets/envoy.yaml.example"), "/static_resources/clusters/0/name"),
    ] {
        let read: serde_json::Value = serde_saphyr::from_str(example).unwrap();
        assert!(
            read.pointer(path)
                .is_some_and(|value| text(value).contains("latchkey") || text(value).contains("/api/v2/auth/verify"))
        );
    }
}
