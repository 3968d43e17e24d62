//! Clients that others wrote work unchanged, over TCP and over TLS.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use latchkey::domain::hmac_token;
use latchkey::server::Role;
use serde_json::Value;

use super::tls;
use crate::support::served::{Served, data};
use crate::support::server::add_administrator;

/// With no roots but the given file; without one for plain HTTP.
pub fn python(base: &str, ca: Option<&str>, id: &str, secret: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/serve/client.py");
    let mut child = Command::new("python3")
        .args([script, base])
        .args(ca)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    child.stdin.take().unwrap().write_all(format!("{id}\n{secret}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Runs curl; gives status and body.
fn curl(url: &str, ca: Option<&str>, arguments: &[&str]) -> (u16, String) {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--write-out", "\n%{http_code}"])
        .args(ca.map(|ca| ["--cacert", ca]).into_iter().flatten())
        .args(arguments)
        .arg(url)
        .output()
        .expect("curl is installed");
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// A form, its headers in capitals and its hash too, then requests by either name of the token's header.
fn form_by_curl(base: &str, ca: Option<&str>, id: &str, secret: &str) {
    let content = "words & signs = 100 % ü";
    let hash = hmac_token(secret.as_bytes(), content.as_bytes()).expose().to_uppercase();
    let exchange = [
        "-H",
        &format!("X-KEY: {id}"),
        "-H",
        &format!("X-HASH: {hash}"),
        "-d",
        "scope=docs_api",
        "--data-urlencode",
        &format!("content={content}"),
    ];
    let (status, body) = curl(&format!("{base}/api/v2/auth/client_token"), ca, &exchange);
    let granted: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &granted["success"]), (200, &Value::Bool(true)), "{body}");
    assert!(granted["expiry_time"].is_u64());
    let token = granted["access_token"].as_str().unwrap();
    let verify = format!("{base}/api/v2/auth/verify");
    for name in ["x-access-token", "X-Access-Token", "x-api-token"] {
        assert_eq!(curl(&verify, ca, &["-H", &format!("{name}: {token}")]), (204, String::new()));
    }
    let (status, body) = curl(&verify, ca, &["-H", "x-access-token: other"]);
    assert_eq!((status, body.contains(r#""code":1006"#)), (401, true), "{body}");
    let wrong = ["-H", &format!("X-KEY: {id}"), "-H", "X-HASH: 00", "-d", "scope=docs_api&content=x"];
    let (status, body) = curl(&format!("{base}/api/v2/auth/client_token"), ca, &wrong);
    assert_eq!((status, body.contains(r#""code":1000"#)), (401, true), "{body}");
}

#[tokio::test]
async fn they_work_over_tcp_and_over_tls() {
    let home = Arc::new(tempfile::tempdir().unwrap());
    add_administrator(&data(&home), "jo", Role::Administrator);
    let certificate = tls::certificate(&home);
    let ca = tls::path(&home, "cert.pem");
    for (server, ca) in
        [(Served::on(Arc::clone(&home), &[]), None), (tls::start(&home, &certificate, &[]), Some(ca.to_str().unwrap()))]
    {
        let session = server.session("jo").await;
        let (id, secret) = server.create(&session).await;
        assert_eq!(python(&server.base, ca, &id, &secret), "done");
        form_by_curl(&server.base, ca, &id, &secret);
    }
}
