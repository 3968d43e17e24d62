//! A real nginx, configured by the example that we give away: what is behind it opens with a fresh access token, and
//! closes at once when the key is deactivated or deleted in the full-screen program.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use reqwest::{Certificate, Client, Method};
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::support::served::{Served, data};
use crate::support::server::text;
use crate::support::terminal::{self, Terminal};
use crate::support::wait::PATIENCE;

const EXAMPLE: &str = include_str!("../../../assets/nginx.conf.example");

/// An nginx of our own, all of it in one folder.
struct Nginx {
    child: Child,
    base: String,
    client: Client,
}

impl Nginx {
    /// Starts before the server on `serve.sock`.
    fn start(home: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(home.join("tls.pem"), made.cert.pem()).unwrap();
        std::fs::write(home.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
        let certificate = Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
        let client = Client::builder().tls_certs_only([certificate]).build().unwrap();
        loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            std::fs::write(home.join("nginx.conf"), configuration(home, port)).unwrap();
            // Debian has it where users do not look.
            let debian = Path::new("/usr/sbin/nginx");
            let mut child = Command::new(if debian.exists() { debian } else { Path::new("nginx") })
                .args(["-p".as_ref(), home.as_os_str(), "-c".as_ref(), home.join("nginx.conf").as_os_str()])
                .args(["-e".as_ref(), home.join("error.log").as_os_str()])
                .stderr(Stdio::null())
                .spawn()
                .expect("nginx is installed");
            if listens(&mut child, port, home) {
                return Self { child, base: format!("https://localhost:{port}"), client };
            }
        }
    }

    /// A GET with an access token and a header that only nginx may set; gives status and body.
    async fn get(&self, path: &str, token: &str) -> (u16, String) {
        let call = self.client.get(format!("{}{path}", self.base)).header("x-access-key-id", "forged");
        let call = if token.is_empty() { call } else { call.header("x-access-token", token) };
        let answer = call.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Exchanges a key for an access token, through nginx.
    async fn token(&self, id: &str, secret: &str) -> String {
        let hash = latchkey::domain::hmac_token(secret.as_bytes(), b"content");
        let call = self.client.request(Method::POST, format!("{}/api/v2/auth/client_token", self.base));
        let body = serde_json::json!({ "scope": "docs_api", "content": "content" });
        let answer = call.header("x-key", id).header("x-hash", hash.expose()).json(&body).send().await.unwrap();
        let answer: serde_json::Value = answer.json().await.unwrap();
        text(&answer["access_token"])
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The example with its places set, and an application that says what reached it.
fn configuration(home: &Path, port: u16) -> String {
    let home = home.display().to_string();
    let mut example = EXAMPLE.to_owned();
    for (there, here) in [
        ("server unix:/run/latchkey/latchkey.sock", format!("server unix:{home}/serve.sock")),
        ("listen 443 ssl", format!("listen 127.0.0.1:{port} ssl")),
        ("server_name latchkey.example.org", "server_name localhost".to_owned()),
        ("/etc/ssl/certs/latchkey.example.org.pem", format!("{home}/tls.pem")),
        ("/etc/ssl/private/latchkey.example.org.key", format!("{home}/tls.key")),
        ("proxy_pass http://127.0.0.1:3000/", format!("proxy_pass http://unix:{home}/app.sock:/")),
    ] {
        assert_eq!(example.matches(there).count(), 1, "{there}");
        example = example.replace(there, &here);
    }
    // As root, nginx would serve as another user, who may not enter the folder.
    let user = if geteuid().is_root() { "user root;" } else { "" };
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = kinds.map(|kind| format!("{kind}_temp_path {home}/{kind};")).join(" ");
    format!(
        "{user} daemon off; master_process off; pid {home}/nginx.pid;
        events {{}}
        http {{
            access_log off; {temporary} {example}
            server {{
                listen unix:{home}/app.sock;
                location / {{ return 200 \"app $uri key=$http_x_access_key_id token=$http_x_access_token\"; }}
            }}
        }}"
    )
}

/// Waits until nginx listens; false when it ends instead, as when somebody took the port meanwhile.
fn listens(child: &mut Child, port: u16, home: &Path) -> bool {
    let begun = std::time::Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = || std::fs::read_to_string(home.join("error.log")).unwrap_or_default();
        if child.try_wait().unwrap().is_some() {
            assert!(log().contains("Address already in use"), "{}", log());
            return false;
        }
        assert!(begun.elapsed() < PATIENCE, "nginx does not listen: {}", log());
        std::thread::yield_now();
    }
    true
}

#[tokio::test]
async fn what_nginx_protects_opens_and_closes_with_the_key() {
    let home = Arc::new(TempDir::new().unwrap());
    let place = format!("unix:{}/serve.sock", home.path().display());
    let server = Served::on(Arc::clone(&home), &["--listen", &place, "--behind-proxy"]);
    let nginx = Nginx::start(home.path());
    assert_eq!(nginx.get("/app/door", "").await.0, 401, "no token");
    assert_eq!(nginx.get("/app/door", "nonsense").await.0, 401);
    assert_eq!(nginx.get("/latchkey-verify", "").await.0, 404, "internal");
    assert_eq!(nginx.get("/api/v2/health", "").await.0, 200);

    let mut screen = Terminal::start(terminal::latchkey(home.path()).arg("--data").arg(data(&home)));
    screen.sees("No access keys yet");
    let secret = screen.create_and_show("door");
    let id = screen.word("PK");
    screen.close();
    screen.sees("● active");
    let token = nginx.token(&id, &secret).await;
    let opened = (200, format!("app /door key={id} token="));
    assert_eq!(nginx.get("/app/door", &token).await, opened);

    screen.press("a");
    screen.sees("Deactivate access key");
    screen.press("<Tab><Enter>");
    screen.sees("○ inactive");
    assert_eq!(nginx.get("/app/door", &token).await.0, 401, "at once");
    screen.press("a");
    screen.sees("Activate access key");
    screen.press("<Tab><Enter>");
    screen.sees("● active");
    assert_eq!(nginx.get("/app/door", &token).await.0, 401, "the old token stays dead");
    let fresh = nginx.token(&id, &secret).await;
    assert_eq!(nginx.get("/app/door", &fresh).await, opened);

    screen.press("d");
    screen.sees("Delete access key");
    screen.press(&id[16..]);
    screen.press("<Enter>");
    screen.sees("Deleted ");
    assert_eq!(nginx.get("/app/door", &fresh).await.0, 401, "at once");
    screen.press("q");
    assert!(screen.ends().0.success());

    let (status, log) = server.stop();
    assert!(status.success());
    let verified = log.iter().filter(|line| line["route"] == "/api/v2/auth/verify").collect::<Vec<_>>();
    assert_eq!(verified.len(), 7, "nothing was cached");
    assert!(verified.iter().all(|line| line["from"] == "127.0.0.1"), "nginx names the client: {verified:#?}");
}
