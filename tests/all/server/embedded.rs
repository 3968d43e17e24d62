//! The server inside a process, on its Unix socket.

use std::path::Path;

use latchkey::server::StoreAccess;
use latchkey::server::embedded;
use latchkey::server::embedded::{Embedded, EmbeddedAccess, EmbeddedServers, StartError};
use reqwest::{Client, Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::own_process::alone;
use crate::support::server::{Answer, folder, send, text, unique};

fn call(server: &Embedded, method: Method, path: &str) -> RequestBuilder {
    latchkey::client::install_tls();
    let client = Client::builder().unix_socket(server.socket.as_path()).build().unwrap();
    client.request(method, format!("http://localhost/api/v2{path}")).bearer_auth(server.session.expose_secret())
}

async fn create(server: &Embedded, label: &str) -> Answer {
    let request = call(server, Method::POST, "/keys").header("idempotency-key", unique());
    send(request.json(&json!({ "label": label }))).await
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn it_listens_when_it_has_started_and_leaves_no_socket() {
    let folder = folder();
    let server = embedded::start(folder.path(), StoreAccess::Create).await.unwrap();
    assert_eq!(server.socket, folder.path().join("api.sock"));
    let created = create(&server, "one").await;
    assert_eq!(created.status, 201);
    assert_eq!(text(&created.body["key"]["created_by"]), server.username);
    let stranger = Client::builder().unix_socket(server.socket.as_path()).build().unwrap();
    let stranger = send(stranger.get("http://localhost/api/v2/keys").bearer_auth("guess")).await;
    assert_eq!((stranger.status, &stranger.body["code"]), (401, &json!(1006)));
    server.stop().await;
    assert_eq!(
        entries(folder.path()),
        ["api.lock", "keys.db", "keys.reserve", "master.key"],
        "its log is in the database again"
    );
}

#[tokio::test]
async fn a_run_has_one_server_for_each_folder_until_it_stops_them() {
    let folders = [folder(), folder()];
    let servers = EmbeddedServers::default();
    let start = async |folder: usize| {
        let access = servers.clone().start(folders[folder].path(), StoreAccess::Create.into()).await.unwrap();
        let EmbeddedAccess { socket, session, .. } = access;
        (socket, session.expose_secret().to_owned())
    };
    let first = start(0).await;
    assert_eq!(start(0).await, first);
    assert_ne!(start(1).await.0, first.0);
    servers.stop().await;
    for folder in folders {
        assert_eq!(entries(folder.path()), ["api.lock", "keys.db", "keys.reserve", "master.key"]);
    }
}

/// In a process of its own: a program that another test starts holds our lock until it is executed.
#[test]
fn several_at_once_on_one_folder() {
    alone("server::embedded::several_at_once_on_one_folder", || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(several_at_once());
    });
}

async fn several_at_once() {
    let folder = folder();
    let one = embedded::start(folder.path(), StoreAccess::Create).await.unwrap();
    let two = embedded::start(folder.path(), StoreAccess::Create).await.unwrap();
    assert_ne!(one.socket, two.socket);
    assert_ne!(one.session.expose_secret(), two.session.expose_secret());
    create(&one, "one").await;
    create(&two, "two").await;
    for server in [&one, &two] {
        assert_eq!(send(call(server, Method::GET, "/keys")).await.body["total"], 2);
    }
    one.stop().await;
    let three = embedded::start(folder.path(), StoreAccess::Create).await.unwrap();
    assert_eq!(three.socket, folder.path().join("api.sock"), "the name is free again");
    assert_eq!(send(call(&two, Method::GET, "/keys")).await.status, 200);
    two.stop().await;
    three.stop().await;
}

#[tokio::test]
async fn a_long_path_does_not_matter() {
    let parent = folder();
    let deep = parent.path().join("x".repeat(120));
    let server = embedded::start(&deep, StoreAccess::Create).await.unwrap();
    assert!(!server.socket.starts_with(&deep));
    assert_eq!(create(&server, "one").await.status, 201);
    let socket = server.socket.clone();
    server.stop().await;
    assert!(!socket.parent().unwrap().exists());
}

#[tokio::test]
async fn a_request_that_runs_is_finished() {
    let folder = folder();
    let server = embedded::start(folder.path(), StoreAccess::Create).await.unwrap();
    let mut stream = UnixStream::connect(&server.socket).await.unwrap();
    let head = format!(
        "POST /api/v2/keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nidempotency-key: k\r\n\
         content-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n",
        server.session.expose_secret()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    let finish = async {
        stream.write_all(b"{}").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let ((), answer) = tokio::join!(server.stop(), finish);
    assert!(answer.starts_with(b"HTTP/1.1 201"));
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_said() {
    let folder = folder();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = embedded::start(&file, StoreAccess::Create).await.err().unwrap();
    assert!(matches!(error, StartError::Data(_)));
    assert!(error.to_string().contains("check that the folder exists"), "{error}");
}

#[tokio::test]
async fn a_store_that_is_gone_takes_no_key() {
    let folder = folder();
    let server = embedded::start(folder.path(), StoreAccess::Create).await.unwrap();
    create(&server, "one").await;
    for name in ["keys.db", "keys.db-wal", "keys.db-shm"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    let refused = create(&server, "two").await;
    assert_eq!(refused.status, 503, "{refused:?}");
    let words = text(&refused.body["message"]);
    assert!(words.contains(folder.path().to_str().unwrap()) && words.contains("was removed or replaced"), "{words}");
    assert_eq!(send(call(&server, Method::GET, "/keys")).await.status, 503);
    assert!(!folder.path().join("keys.db").exists(), "no other one is made");
    server.stop().await;
}
