//! What a client may not do: be slow, be large, be many.

use std::time::Duration;

use latchkey::server::Role;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::served::{Served, data};
use crate::support::server::{add_administrator, text, unique};
use crate::support::wait::PATIENCE;

const HEALTH: &[u8] = b"GET /api/v2/health HTTP/1.1\r\nhost: x\r\n\r\n";

async fn connect(server: &Served) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

/// All that comes until the server closes.
async fn to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server closes");
    let _ = read; // a reset is an end too
    String::from_utf8(bytes).unwrap()
}

/// The status of the next answer.
async fn status(stream: &mut TcpStream) -> String {
    let mut start = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut start)).await.expect("the server answers").unwrap();
    String::from_utf8(start[9..].to_vec()).unwrap()
}

#[tokio::test]
async fn a_slow_head_ends_the_connection() {
    let server = Served::start(&["--header-timeout", "1"]);
    let mut silent = connect(&server).await;
    let mut half = connect(&server).await;
    half.write_all(&HEALTH[..HEALTH.len() - 2]).await.unwrap();
    let mut used = connect(&server).await;
    used.write_all(HEALTH).await.unwrap();
    assert_eq!(to_end(&mut silent).await, "");
    assert!(!to_end(&mut half).await.contains("HTTP/1.1 200"));
    assert_eq!(to_end(&mut used).await.matches("HTTP/1.1 200").count(), 1, "and so does idling after a request");

    // Byte by byte does not help: the head as a whole has its time.
    let mut drip = connect(&server).await;
    drip.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
    let begun = std::time::Instant::now();
    let mut byte = [0; 1];
    while let Err(_still_open) = timeout(Duration::from_millis(50), drip.read(&mut byte)).await {
        assert!(begun.elapsed() < PATIENCE, "it goes on for ever");
        let _ = drip.write_all(b"x").await;
    }
}

#[tokio::test]
async fn a_slow_body_is_told_so() {
    let server = Served::start(&["--request-timeout", "1"]);
    let mut slow = connect(&server).await;
    let head = b"POST /api/v2/auth/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                 content-length: 50\r\n\r\n{\"username\": ";
    slow.write_all(head).await.unwrap();
    let answer = to_end(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("cache-control: no-store"), "{answer}");
    assert!(answer.contains(r#""message":"The request took too long""#), "{answer}");
}

#[tokio::test]
async fn answers_that_nobody_takes_end_the_connection() {
    let server = Served::start(&["--request-timeout", "1"]);
    let mut deaf = connect(&server).await;
    // Until every buffer on the way back is full, the server stops reading, and so do we stop writing.
    // A path that isn't there needs no look at the store, so the buffers are soon full.
    let ask = b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    let asks = async { while deaf.write_all(&ask).await.is_ok() {} };
    timeout(PATIENCE, asks).await.expect("the server closes");
}

#[tokio::test]
async fn a_large_head_and_a_large_body_are_refused() {
    let mut server = Served::start(&[]);
    for (length, expected) in [(12_000, "200"), (17_000, "431")] {
        let mut stream = connect(&server).await;
        let head = format!("GET /api/v2/health HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "x".repeat(length));
        stream.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(status(&mut stream).await, expected, "{length} bytes");
    }
    let mut stream = connect(&server).await;
    let head = format!("GET /api/v2/health HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(150));
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(status(&mut stream).await, "431", "many headers");
    let line = server.logs(|line| text(&line["message"]).starts_with("refused a request: 431"));
    assert_eq!((&line["level"], &line["from"]), (&"WARN".into(), &"127.0.0.1".into()));
    assert!(text(&line["message"]).contains("--max-header"), "{line}");
    let body = server.sign_in("jo", &"x".repeat(65 * 1024)).await;
    assert_eq!(body.status, 413);
    let small = Served::start(&["--max-header", "8192"]);
    let mut stream = connect(&small).await;
    let head = format!("GET /api/v2/health HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "x".repeat(8192));
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(status(&mut stream).await, "431");
}

#[tokio::test]
async fn too_many_from_one_address_are_closed() {
    let mut server = Served::start(&["--max-per-address", "2"]);
    let mut kept = [connect(&server).await, connect(&server).await];
    for stream in &mut kept {
        stream.write_all(HEALTH).await.unwrap();
        assert_eq!(status(stream).await, "200");
    }
    for _ in 0..5 {
        assert_eq!(to_end(&mut connect(&server).await).await, "");
    }
    let refused = |line: &Value| line["message"] == "refused a connection: too many from this address";
    let line = server.logs(refused);
    assert_eq!((&line["level"], &line["from"], &line["limit"]), (&"WARN".into(), &"127.0.0.1".into(), &2.into()));
    drop(kept);
    let (_, log) = server.stop();
    assert_eq!(log.iter().filter(|line| refused(line)).count(), 1, "a flood does not fill the log: {log:#?}");
    // Only the peers that are named are proxies.
    let beside = Served::start(&["--max-per-address", "2", "--trusted-proxies", "192.0.2.7,10.0.0.0/8"]);
    let _kept = [connect(&beside).await, connect(&beside).await];
    assert_eq!(to_end(&mut connect(&beside).await).await, "");
    let named = Served::start(&["--max-per-address", "2", "--trusted-proxies", "127.0.0.0/8"]);
    for mut stream in [connect(&named).await, connect(&named).await, connect(&named).await] {
        stream.write_all(HEALTH).await.unwrap();
        assert_eq!(status(&mut stream).await, "200");
    }
    let proxied = Served::start(&["--max-per-address", "2", "--behind-proxy"]);
    let many = [connect(&proxied).await, connect(&proxied).await, connect(&proxied).await];
    for mut stream in many {
        stream.write_all(HEALTH).await.unwrap();
        assert_eq!(status(&mut stream).await, "200", "a proxy is many");
    }
}

#[tokio::test]
async fn too_many_connections_wait_until_one_ends() {
    let server = Served::start(&["--max-connections", "2"]);
    add_administrator(&data(&server.home), "jo", Role::Administrator);
    let session = server.session("jo").await;
    let other = rusqlite::Connection::open(data(&server.home).join("keys.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut running = Vec::new();
    for _ in 0..2 {
        let mut create = connect(&server).await;
        let head = format!(
            "POST /api/v2/keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {session}\r\nidempotency-key: {}\r\n\
             content-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n",
            unique()
        );
        create.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(status(&mut create).await, "100");
        create.write_all(b"{}").await.unwrap();
        running.push(create);
    }
    let mut third = connect(&server).await;
    third.write_all(HEALTH).await.unwrap();
    let mut byte = [0; 1];
    let early = timeout(Duration::from_millis(300), third.peek(&mut byte)).await;
    assert!(early.is_err(), "it is answered though all slots are taken");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(status(&mut third).await, "200");
}

/// Connects from an address of its own.
async fn connect_from(server: &Served, from: [u8; 4]) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((std::net::Ipv4Addr::from(from), 0).into()).unwrap();
    socket.connect(server.address().parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn requests_that_are_never_whole_keep_nobody_out() {
    let mut server = Served::start(&["--max-connections", "32", "--header-timeout", "600", "--request-timeout", "600"]);
    let half_a_head = &HEALTH[..HEALTH.len() - 2];
    let half_a_body = b"POST /api/v2/auth/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                        content-length: 50\r\n\r\n{";
    for half in [half_a_head, half_a_body] {
        let mut held = Vec::new();
        for n in 1..=25 {
            for _ in 0..4 {
                let mut stream = connect_from(&server, [127, 0, 1, n]).await;
                let _ = stream.write_all(half).await; // it may be closed by now
                held.push(stream);
            }
        }
        let mut honest = connect(&server).await;
        honest.write_all(HEALTH).await.unwrap();
        assert_eq!(status(&mut honest).await, "200");
    }
    let line = server.logs(|line| text(&line["message"]).starts_with("closed a connection that sent nothing"));
    assert_eq!((&line["level"], &line["limit"]), (&"WARN".into(), &32.into()));
}
