//! A whole story as a Passportal client lives it: keys are made and deleted in the real screen, everything between
//! is done with `curl` and `openssl` alone.

use std::path::Path;
use std::process::Command;

use crate::support::terminal::{Terminal, latchkey};
use tempfile::TempDir;

const CONTENT: &str = "api-content-hash";

/// Runs curl on the program's socket; gives status and body.
fn curl(socket: &Path, arguments: &[&str]) -> (u16, String) {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--write-out", "\n%{http_code}", "--unix-socket"])
        .arg(socket)
        .args(arguments)
        .output()
        .expect("curl is installed");
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// HMAC-SHA256 as hex. openssl takes a key only as an argument; this one is made up and lives for a moment.
fn openssl_hmac(secret: &str, content: &str) -> String {
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", secret])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), content.as_bytes()).unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    output.trim().rsplit(' ').next().unwrap().to_owned()
}

/// The exchange of key ID and HMAC token for an access token.
fn exchange(socket: &Path, id: &str, hash: &str, form: bool) -> (u16, serde_json::Value) {
    let (kind, body) = if form {
        ("application/x-www-form-urlencoded", format!("scope=docs_api&content={CONTENT}"))
    } else {
        ("application/json", format!(r#"{{"scope":"docs_api","content":"{CONTENT}"}}"#))
    };
    let (status, body) = curl(
        socket,
        &[
            "http://localhost/api/v2/auth/client_token",
            "-H",
            &format!("x-key: {id}"),
            "-H",
            &format!("x-hash: {hash}"),
            "-H",
            &format!("content-type: {kind}"),
            "-d",
            &body,
        ],
    );
    (status, serde_json::from_str(&body).unwrap())
}

fn verify(socket: &Path, token: &str) -> (u16, String) {
    let header = format!("x-access-token: {token}");
    curl(socket, &["--include", "http://localhost/api/v2/auth/verify", "-H", &header])
}

#[test]
fn a_key_made_in_the_screen_works_until_it_is_deleted_there() {
    let home = TempDir::new().unwrap();
    let socket = home.path().join(".local/share/latchkey/api.sock");
    let mut screen = Terminal::start(latchkey(home.path()));
    screen.sees("No access keys yet");
    let secret = screen.create_and_show("story");
    let id = screen.word("PK");
    screen.close();
    screen.sees("never");

    let hash = openssl_hmac(&secret, CONTENT);
    assert_eq!(hash.len(), 64);
    let (status, answer) = exchange(&socket, &id, &hash, false);
    assert_eq!((status, &answer["success"]), (200, &serde_json::json!(true)));
    let token = answer["access_token"].as_str().unwrap();
    assert!(token.starts_with("eyJ0eX") && answer["expiry_time"].is_u64());
    let (status, answer) = verify(&socket, token);
    assert_eq!(status, 204);
    assert!(answer.contains(&format!("x-access-key-id: {id}")), "{answer}");

    // The use shows in the list.
    loop {
        screen.press("r");
        screen.press("?");
        screen.sees("Help");
        screen.press("<Esc>");
        screen.loses("Help");
        if ["just now", "min ago"].iter().any(|words| screen.text().contains(words)) {
            break;
        }
    }

    // A form, its headers in capitals as clients in the field send them.
    let (status, _) = exchange(&socket, &id, &hash.to_uppercase(), true);
    assert_eq!(status, 200);
    let (status, answer) = exchange(&socket, &id, &openssl_hmac(&secret, "other"), false);
    assert_eq!((status, answer["code"].as_u64()), (401, Some(1000)));

    screen.press("d");
    screen.sees("! Last used");
    screen.press(&id[16..]);
    screen.press("<Enter>");
    screen.sees("are now refused");
    let (status, answer) = verify(&socket, token);
    assert_eq!(status, 401);
    assert!(answer.contains(r#""code":1006"#), "{answer}");
    let (status, answer) = exchange(&socket, &id, &hash, false);
    assert_eq!((status, answer["message"].as_str()), (401, Some("Key verification failed")));
    screen.press("q");
    assert!(screen.ends().0.success());
}
