//! Requests as other people's clients send them: joined with one slash too many, compressed, without what HTTP demands.

use latchkey::server::Role;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::served::{Served, data};
use crate::support::server::{PASSWORD, add_administrator, send, text};
use crate::support::wait::PATIENCE;

/// Sends bytes, and gives all that comes back until the server closes.
async fn raw(server: &Served, head: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes");
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn slashes_too_many_do_no_harm() {
    let server = Served::start(&[]);
    add_administrator(&data(&server.home), "jo", Role::Administrator);
    let session = server.session("jo").await;
    let (id, secret) = server.create(&session).await;
    let url = |path: &str| server.base.clone() + path;
    let client = reqwest::Client::new();
    for path in ["/api/v2/keys", "//api/v2/keys", "/api/v2/keys/", "//api//v2/keys//?limit=1"] {
        assert_eq!(client.get(url(path)).bearer_auth(&session).send().await.unwrap().status(), 200, "{path}");
    }
    let hash = latchkey::domain::hmac_token(secret.as_bytes(), b"content");
    let exchange = client.post(url("//api/v2/auth/client_token/")).header("x-key", &id).header("x-hash", hash.expose());
    let granted = exchange.json(&json!({ "scope": "docs_api", "content": "content" })).send().await.unwrap();
    let granted: serde_json::Value = granted.json().await.unwrap();
    let verify = |path: &str| client.get(url(path)).header("x-access-token", text(&granted["access_token"])).send();
    assert_eq!(verify("//api/v2/auth/verify").await.unwrap().status(), 204);
    // Envoy's question about the path /, and about one with two slashes.
    assert_eq!(verify("/api/v2/auth/verify/").await.unwrap().status(), 200);
    assert_eq!(verify("/api/v2/auth/verify//app//").await.unwrap().status(), 200);
}

#[tokio::test]
async fn http_1_1_names_its_host_once() {
    let server = Served::start(&[]);
    let health = "GET /api/v2/health HTTP/1.1\r\nconnection: close\r\n";
    for (host, expected) in [("", "400"), ("host: a\r\nhost: b\r\n", "400"), ("host: a\r\n", "200")] {
        let answer = raw(&server, &format!("{health}{host}\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected} ")), "{host:?}: {answer}");
        assert_eq!(answer.contains(r#""message":"Host: is "#), expected == "400", "{answer}");
    }
    let old = raw(&server, "GET /api/v2/health HTTP/1.0\r\n\r\n").await;
    assert!(old.contains(" 200 OK"), "HTTP/1.0 has no Host: {old}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_asked_for() {
    let server = Served::start(&[]);
    let head = |length: usize| {
        format!(
            "POST /api/v2/auth/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n"
        )
    };
    let answer = raw(&server, &head(65_537)).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("larger than 64 KiB"), "{answer}");
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(head(2).as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    timeout(PATIENCE, stream.read_exact(&mut go_on)).await.expect("an answer").unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n", "one that is small is asked for");
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_said() {
    let server = Served::start(&[]);
    let post = |body: Vec<u8>| server.anyone(Method::POST, "/auth/client_token").header("x-key", "a").body(body);
    let says = async |call: reqwest::RequestBuilder, status: u16, words: &str| {
        let answer = send(call.header("x-hash", "00")).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(text(&answer.body["message"]).contains(words), "{answer:?}");
        answer
    };
    let json = br#"{"scope": "docs_api", "content": "x"}"#.to_vec();
    // gzip, with and without the header that says so.
    let gzip = [b"\x1f\x8b\x08\x00".as_slice(), &[0; 20]].concat();
    let typed = |body| post(body).header("content-type", "application/json");
    let answer = says(typed(gzip.clone()).header("content-encoding", "gzip"), 415, "send the body uncompressed").await;
    assert_eq!(answer.headers["accept-encoding"], "identity");
    says(typed(gzip), 415, "compressed bodies are not accepted").await;
    for body in [&b"{\"scope\": \"\xff\"}"[..], b"\xfe\xff\0{"] {
        says(typed(body.to_vec()), 400, "body: is not UTF-8").await;
    }
    says(typed(json.clone()).header("content-encoding", "identity"), 401, "Key verification failed").await;
    says(post(json.clone()), 400, "content-type: is missing; send application/json").await;
    let form = "application/x-www-form-urlencoded";
    says(post(json).header("content-type", form), 400, "must be application/json, since the body is JSON").await;
    says(post(b"content=x".to_vec()).header("content-type", form), 400, "scope: is missing").await;
    says(post(b"content=%FF".to_vec()).header("content-type", form), 400, "body: is not UTF-8").await;
    let sign_in = server.anyone(Method::POST, "/auth/session").body(format!(r#"{{"password": "{PASSWORD}"}}"#));
    says(sign_in, 400, "content-type: is missing; send application/json").await;
}

/// What hyper refuses itself has the contract's body as well, also behind an answer on the same connection, and is logged.
#[tokio::test]
async fn what_is_not_http_is_refused_in_json_and_logged() {
    let mut server = Served::start(&[]);
    let health = "GET /api/v2/health HTTP/1.1\r\nhost: x\r\n\r\n";
    for (request, status, words) in [
        ("GET /api/v2/health BANANA/1.1\r\n\r\n".to_owned(), 400, "Request: is not valid HTTP/1.1"),
        (
            "GET /api/v2/health HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n".to_owned(),
            400,
            "Request: is not valid HTTP/1.1",
        ),
        (format!("{health}GET /\u{7f} HTTP/1.1\r\n\r\n"), 400, "Request: is not valid HTTP/1.1"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "a".repeat(20_000)), 431, "Headers: are too large"),
    ] {
        let answer = raw(&server, &request).await;
        let answer = answer.rsplit_once("HTTP/1.1 ").unwrap().1;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&status.to_string()) && head.contains("content-type: application/json"), "{answer}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((&body["status"], &body["success"]), (&json!(status), &json!(false)), "{answer}");
        assert!(text(&body["message"]).starts_with(words), "{body}");
    }
    server.logs(|line| line["message"].as_str().is_some_and(|words| words.starts_with("refused a request: 400")));
}

#[tokio::test]
async fn a_header_that_proxies_read_in_two_ways_is_refused() {
    let server = Served::start(&[]);
    add_administrator(&data(&server.home), "jo", Role::Administrator);
    let session = server.session("jo").await;
    let post = |headers: &str| {
        format!(
            "POST /api/v2/keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {session}\r\nconnection: close\r\n\
             content-type: application/json\r\n{headers}\r\n"
        )
    };
    let answer =
        raw(&server, &(post("idempotency-key: a\r\nidempotency-key: b\r\ncontent-length: 2\r\n") + "{}")).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("Idempotency-Key: is given twice"), "{answer}");
    for coding in ["gzip, chunked", "gzip"] {
        let chunked = post(&format!("idempotency-key: a\r\ntransfer-encoding: {coding}\r\n")) + "2\r\n{}\r\n0\r\n\r\n";
        let answer = raw(&server, &chunked).await;
        let is_clear = answer.starts_with("HTTP/1.1 501") && answer.contains("only chunked is supported")
            || coding == "gzip" && answer.starts_with("HTTP/1.1 400") && answer.contains("is not valid HTTP/1.1");
        assert!(is_clear, "{coding}: {answer}");
    }
    let plain =
        raw(&server, &(post("idempotency-key: a\r\ntransfer-encoding: Chunked\r\n") + "2\r\n{}\r\n0\r\n\r\n")).await;
    assert!(plain.starts_with("HTTP/1.1 201"), "{plain}");
}
