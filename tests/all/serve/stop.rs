//! An orderly end.

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::served::{Served, data};
use crate::support::server::{add_administrator, send, text};
use latchkey::server::{Role, StoreAccess};

/// A create whose body of 2 bytes is still to come, when the server has begun to read it.
async fn trickle(server: &Served, session: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /api/v2/keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {session}\r\nidempotency-key: k\r\n\
         content-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100"));
    stream
}

#[tokio::test]
async fn a_running_request_is_finished_and_the_last_uses_are_written_down() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Served::start(&[]);
        add_administrator(&data(&server.home), "jo", Role::Administrator);
        let session = server.session("jo").await;
        let (id, secret) = server.create(&session).await;
        let mut slow = trickle(&server, &session).await;
        assert_eq!(send(server.exchange_request(&id, &secret)).await.status, 200);
        server.signal(signal);
        server.logs(|line| line["message"] == "stopping");
        while TcpStream::connect(server.address()).await.is_ok() {
            tokio::task::yield_now().await; // until the listener is gone
        }
        slow.write_all(b"{}").await.unwrap();
        let mut answer = String::new();
        slow.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        server.logs(|line| line["message"] == "stopped");
        let home = server.home.clone();
        let (status, _) = server.stop();
        assert!(status.success(), "{status}");
        let database = rusqlite::Connection::open(data(&home).join("keys.db")).unwrap();
        let sql = "SELECT last_used_from FROM keys WHERE id = ?1";
        assert_eq!(database.query_row(sql, [&id], |row| row.get::<_, String>(0)).unwrap(), "127.0.0.1");
    }
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_keep_it() {
    let server = Served::start(&["--stop-timeout", "1", "--request-timeout", "600"]);
    add_administrator(&data(&server.home), "jo", Role::Administrator);
    let session = server.session("jo").await;
    let _slow = trickle(&server, &session).await;
    let begun = std::time::Instant::now();
    let (status, log) = server.stop();
    assert!(status.success() && begun.elapsed().as_secs() < 20, "{status} after {:?}", begun.elapsed());
    assert_eq!(log.last().unwrap()["message"], "stopped");
}

#[tokio::test]
async fn the_programs_own_server_runs_beside_it_on_the_same_data() {
    let server = Served::start(&[]);
    add_administrator(&data(&server.home), "jo", Role::Administrator);
    let session = server.session("jo").await;
    let (id, secret) = server.create(&session).await;
    let beside = latchkey::server::embedded::start(&data(&server.home), StoreAccess::Create).await.unwrap();
    let socket = reqwest::Client::builder().unix_socket(beside.socket.as_path()).build().unwrap();
    let own = secrecy::ExposeSecret::expose_secret(&beside.session).to_owned();
    let granted = send(server.exchange_request(&id, &secret)).await;
    let token = text(&granted.body["access_token"]);
    let verify = || send(server.anyone(reqwest::Method::GET, "/auth/verify").header("x-access-token", &token));
    assert_eq!(verify().await.status, 204);
    let url = format!("http://localhost/api/v2/keys/{id}");
    assert_eq!(send(socket.delete(url).bearer_auth(&own)).await.status, 204);
    assert_eq!(verify().await.status, 401, "at once");
    let history = server.get(&session, &format!("/keys/{id}/events")).await;
    // By their kinds: a use is recorded up to a second later than it happens, perhaps after the deletion.
    let events = history.body["events"].as_array().unwrap();
    let from = |kind: &str| &events.iter().find(|event| event["kind"] == kind).unwrap()["from"];
    assert_eq!(from("created"), "127.0.0.1", "over TCP");
    assert_eq!(from("deleted"), "local", "over the socket");
    beside.stop().await;
}
