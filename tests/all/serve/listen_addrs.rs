//! Where it listens, and where it refuses to.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use latchkey::server::Role;
use reqwest::Client;
use serde_json::json;
use tempfile::TempDir;

use crate::support::served::{Served, data, run};
use crate::support::server::{PASSWORD, add_administrator, send, text};

fn refused(home: &TempDir, arguments: &[&str]) -> String {
    let output = run(home, arguments);
    assert!(!output.status.success());
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.starts_with("latchkey: ") || output.status.code() == Some(2), "{words}");
    words
}

#[test]
fn plain_http_stays_at_home() {
    let home = TempDir::new().unwrap();
    for place in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "[::ffff:192.0.2.1]:80"] {
        let words = refused(&home, &["serve", "--listen", place]);
        assert!(words.contains("without TLS") && words.contains("--behind-proxy"), "{words}");
    }
    assert!(!data(&home).exists(), "nothing was made");
    assert!(refused(&home, &["serve", "--listen", "example.org:80"]).contains("use an address of this machine"));
    for mode in ["0777", "0060", "600x", "1600"] {
        assert!(refused(&home, &["serve", "--socket-mode", mode]).contains("from 0600 to 0666"), "{mode}");
    }
}

#[tokio::test]
async fn behind_a_proxy_any_address_will_do() {
    let mut server = Served::start(&["--listen", "0.0.0.0:0", "--behind-proxy"]);
    let place = text(&server.logs(|line| line["message"] == "listening")["place"]);
    let url = format!("http://{}/api/v2/health", place.replace("0.0.0.0", "127.0.0.1"));
    assert_eq!(send(Client::new().get(url)).await.status, 200);
}

#[tokio::test]
async fn localhost_is_both_of_its_addresses() {
    let mut server = Served::start(&["--listen", "localhost:0"]);
    let mut places = Vec::new();
    while places.len() < 2 {
        places.push(text(&server.logs(|line| line["message"] == "listening")["place"]));
    }
    let port = places[0].strip_prefix("127.0.0.1:").unwrap();
    assert_eq!(places[1], format!("[::1]:{port}"));
    for place in &places {
        assert_eq!(send(Client::new().get(format!("http://{place}/api/v2/health"))).await.status, 200, "{place}");
    }
}

#[tokio::test]
async fn a_taken_port_and_a_taken_socket_are_named() {
    let server = Served::start(&[]);
    let home = TempDir::new().unwrap();
    let words = refused(&home, &["serve", "--listen", &server.address()]);
    assert!(words.contains(&format!("cannot listen on {}", server.address())), "{words}");
    let own = format!("unix:{}/api.sock", data(&server.home).display());
    let words = refused(&server.home, &["serve", "--listen", &own]);
    assert!(words.contains("reserved for the socket of the embedded server"), "{words}");
}

#[tokio::test]
async fn a_socket_beside_an_address() {
    let home = Arc::new(TempDir::new().unwrap());
    let path = home.path().join("serve.sock");
    let place = format!("unix:{}", path.display());
    let server = Served::on(Arc::clone(&home), &["--listen", &place, "--socket-mode", "0660"]);
    add_administrator(&data(&home), "jo", Role::Administrator);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let client = || Client::builder().unix_socket(path.as_path()).build().unwrap();
    let body = json!({ "username": "jo", "password": PASSWORD });
    let answer = send(client().post("http://localhost/api/v2/auth/session").json(&body)).await;
    assert_eq!(answer.status, 200);
    let session = text(&answer.body["session_token"]);
    assert_eq!(server.get(&session, "/keys").await.status, 200, "a session is good at both");
    let words = refused(&TempDir::new().unwrap(), &["serve", "--listen", &place]);
    assert!(words.contains("another server is listening there"), "{words}");
    assert!(server.stop().0.success());
    assert!(!path.exists());

    // What a killed server leaves is taken over; its mode is private unless said otherwise.
    let mut killed = Served::on(Arc::clone(&home), &["--listen", &place]);
    killed.logs(|line| line["place"] == place.as_str());
    killed.signal(rustix::process::Signal::KILL);
    drop(killed);
    assert!(path.exists());
    let mut next = Served::on(Arc::clone(&home), &["--listen", &place]);
    next.logs(|line| line["place"] == place.as_str());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(send(client().get("http://localhost/api/v2/health")).await.status, 200);
}
