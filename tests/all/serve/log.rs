//! The log: one line for each request, and nothing in it that a client could want there or no one should read.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::sync::Arc;

use latchkey::domain::hmac_token;
use latchkey::server::Role;
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::served::{Served, data, latchkey};
use crate::support::server::{PASSWORD, add_administrator, send, text};

/// What may be in a line about a request, and nothing else.
const FIELDS: [&str; 12] =
    ["timestamp", "level", "message", "method", "route", "status", "ms", "from", "who", "key", "reason", "request_id"];

#[tokio::test]
async fn a_line_says_who_did_what_and_no_secret() {
    let server = Served::start(&["--log-level", "trace", "--log-verifies"]);
    add_administrator(&data(&server.home), "jo", Role::Administrator);
    let session = server.session("jo").await;
    let (id, secret) = server.create(&session).await;
    server.sign_in("jo", "a wrong password").await;
    server.sign_in("my password by mistake", "x").await;
    let granted = send(server.exchange_request(&id, &secret)).await;
    let token = text(&granted.body["access_token"]);
    send(server.exchange_request(&id, "sk_wrong")).await;
    send(server.exchange_request(&secret, &secret)).await; // ID and secret mixed up
    send(server.anyone(Method::GET, "/auth/verify").header("x-access-token", &token)).await;
    server.get(&session, &format!("/keys?q={secret}")).await;
    server.get(&session, &format!("/keys/{secret}")).await;
    server.get(&session, &format!("/{token}")).await;
    let edit = |body: Value| server.anyone(Method::PATCH, &format!("/keys/{id}")).bearer_auth(&session).json(&body);
    send(edit(json!({ "status": "inactive" }))).await;
    send(edit(json!({ &secret: "x" }))).await;
    send(server.exchange_request(&id, &secret)).await;
    send(server.anyone(Method::GET, "/auth/verify").header("x-access-token", &token)).await;
    send(server.anyone(Method::DELETE, &format!("/keys/{id}")).bearer_auth(&session)).await;
    let (status, log) = server.stop();
    assert!(status.success());

    let requests: Vec<&Value> = log.iter().filter(|line| line["message"] == "request").collect();
    let shown: Vec<String> = requests
        .iter()
        .map(|line| {
            let keys: Vec<_> = line.as_object().unwrap().keys().collect();
            assert!(keys.iter().all(|key| FIELDS.contains(&key.as_str())), "{line}");
            assert_eq!(line["from"], "127.0.0.1");
            let route = text(&line["route"]).replace("/api/v2", "");
            let who = text(&line["who"]).replace(&id, "ID");
            let key = line["key"].as_str().map_or(String::new(), |key| format!(" of {}", key.replace(&id, "ID")));
            let reason = line["reason"].as_str().map_or(String::new(), |reason| format!(": {reason}"));
            format!("{} {route} {} {who}{key}{reason}", text(&line["method"]), line["status"])
        })
        .collect();
    assert_eq!(
        shown,
        [
            "POST /auth/session 200 jo",
            "POST /keys 201 jo of ID",
            "POST /auth/session 401 jo: wrong password",
            "POST /auth/session 401 -: unknown name",
            "POST /auth/client_token 200 ID",
            "POST /auth/client_token 401 ID: wrong hash",
            "POST /auth/client_token 401 PK------------------: unknown key",
            "GET /auth/verify 204 ID",
            "GET /keys 200 jo",
            "GET /keys/{id} 404 jo: This key was not found",
            "GET none 404 -: This path was not found",
            "PATCH /keys/{id} 200 jo of ID",
            "PATCH /keys/{id} 400 jo of ID: a field is unknown or given twice",
            "POST /auth/client_token 401 ID: inactive",
            "GET /auth/verify 401 ID: Invalid token: it was revoked",
            "DELETE /keys/{id} 204 jo of ID",
        ]
    );
    let ids: std::collections::HashSet<_> = requests.iter().map(|line| text(&line["request_id"])).collect();
    assert_eq!(ids.len(), requests.len(), "each has its own");
    let whole = log.iter().map(Value::to_string).collect::<String>();
    let hash = hmac_token(secret.as_bytes(), b"content");
    for secret in [&secret, &session, &token, PASSWORD, "a wrong password", "by mistake", "sk_", hash.expose()] {
        assert!(!whole.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn what_a_client_makes_up_does_not_reach_the_log() {
    let server = Served::start(&["--behind-proxy"]);
    let hostile = [
        "EVIL /evil HTTP/1.1\r\nhost: evil\r\n",
        "GET /api/v2/keys/%1b%5d52;c;evil%07%0aINFO HTTP/1.1\r\nhost: x\r\nx-forwarded-for: evil\r\n",
        "POST /api/v2/auth/session HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nuser-agent: evil\r\n",
    ];
    for head in hostile {
        let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(format!("{head}connection: close\r\n\r\n{{}}").as_bytes()).await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    let (_, log) = server.stop();
    assert_eq!(log.iter().filter(|line| line["message"] == "request").count(), hostile.len(), "{log:#?}");
    assert!(!log.iter().map(Value::to_string).collect::<String>().contains("evil"), "{log:#?}");
    assert!(log.iter().any(|line| line["method"] == "other" && line["from"] == "127.0.0.1"), "{log:#?}");
}

#[tokio::test]
async fn what_breaks_inside_is_in_the_log_only() {
    let server = Served::start(&[]);
    let database = rusqlite::Connection::open(data(&server.home).join("keys.db")).unwrap();
    database.execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE administrators").unwrap();
    let answer = server.sign_in("jo", PASSWORD).await;
    assert_eq!((answer.status, text(&answer.body["message"])), (500, "Unexpected error".to_owned()));
    let (_, log) = server.stop();
    let inside = log.iter().find(|line| line["level"] == "ERROR" && line["status"] == 500).unwrap();
    assert!(text(&inside["reason"]).contains("no such table"), "{inside}");
}

#[tokio::test]
async fn good_tokens_have_lines_only_where_that_is_asked_for() {
    for (arguments, expected) in [(&[][..], vec![401]), (&["--log-verifies"], vec![204, 200, 401])] {
        let server = Served::start(arguments);
        add_administrator(&data(&server.home), "jo", Role::Administrator);
        let session = server.session("jo").await;
        let (id, secret) = server.create(&session).await;
        let token = text(&send(server.exchange_request(&id, &secret)).await.body["access_token"]);
        for (path, token) in [("/auth/verify", &*token), ("/auth/verify/below", &token), ("/auth/verify", "none")] {
            send(server.anyone(Method::GET, path).header("x-access-token", token)).await;
        }
        let (_, log) = server.stop();
        let verifies = log.iter().filter(|line| line["route"].as_str().is_some_and(|route| route.contains("verify")));
        assert_eq!(verifies.map(|line| line["status"].as_u64().unwrap()).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_request_has_the_id_of_its_proxy_or_a_new_one() {
    for (arguments, given, is_taken) in [
        (&["--behind-proxy"][..], "0af7651916cd43dd8448eb211c80319c", true),
        (&["--trusted-proxies", "127.0.0.1"], "a-b_c.d:e", true),
        (&["--behind-proxy"], "not \"plain\"", false),
        (&[], "0af7651916cd43dd8448eb211c80319c", false),
    ] {
        let mut server = Served::start(arguments);
        for _ in 0..2 {
            let answer = send(server.anyone(Method::GET, "/health").header("x-request-id", given)).await;
            let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
            assert_eq!(id == given, is_taken, "{arguments:?}: {id}");
            assert!(is_taken || id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            assert_eq!(server.logs(|line| line["message"] == "request")["request_id"], id);
        }
    }
}

/// As many requests as fill the pipe and the queue: a line has more than 150 bytes.
const MANY: usize = 9000;

/// A server whose standard error is a pipe that nobody reads once it listens, after many requests.
async fn with_a_stalled_log(home: &Arc<TempDir>) -> (std::process::Child, BufReader<std::process::ChildStderr>) {
    let mut command = latchkey(home, &["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let place = loop {
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["message"] == "listening" {
            break text(&line["place"]);
        }
    };
    let mut stream = TcpStream::connect(place).await.unwrap();
    let one = "GET /nowhere HTTP/1.1\r\nhost: x\r\n";
    let all = format!("{}{one}connection: close\r\n\r\n", format!("{one}\r\n").repeat(MANY - 1));
    let (mut reading, mut writing) = stream.split();
    let mut answers = String::new();
    let (sent, read) = tokio::join!(writing.write_all(all.as_bytes()), reading.read_to_string(&mut answers));
    sent.and(read.map(drop)).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 404").count(), MANY, "every request is answered");
    (child, log)
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_up_no_answer_and_no_end() {
    let home = Arc::new(TempDir::new().unwrap());
    let (mut child, _unread) = with_a_stalled_log(&home).await;
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn what_was_dropped_is_told_when_the_log_is_read_again() {
    let home = Arc::new(TempDir::new().unwrap());
    let (mut child, mut log) = with_a_stalled_log(&home).await;
    let (mut lines, mut dropped) = (0, 0);
    while dropped == 0 {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ends without saying so");
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("half a line: {line}"));
        match text(&line["message"]).as_str() {
            "request" => lines += 1,
            message => {
                assert!(message.starts_with("dropped log lines"), "{line}");
                dropped = line["lines"].as_u64().unwrap();
            }
        }
    }
    assert_eq!(lines + dropped, MANY as u64);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\"stopped\""), "{rest}");
    assert!(child.wait().unwrap().success());
}
