//! The data folder: who may read it, what is in it, and several servers on it at once.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use latchkey::server::{Role, Store, StoreError, embedded};
use reqwest::{Client, Method};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::support::{SESSION, Server, folder, send, text};

#[tokio::test]
async fn no_secret_is_in_any_file_and_no_file_is_open_to_others() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let granted = server.exchange(&id, &secret).await;
    server.exchange(&id, "wrong").await;
    server.patch(&id, json!({ "label": "two" })).await;
    let hash = latchkey::model::hmac_token(secret.as_bytes(), b"api-content-hash");
    let access = text(&granted.body["access_token"]);
    let refresh = text(&granted.body["refresh_token"]);
    for entry in fs::read_dir(server.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
        let bytes = fs::read(&path).unwrap();
        for word in [&secret[..20], hash.expose(), SESSION, access.as_str(), refresh.as_str()] {
            assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()), "{path:?}");
        }
    }
}

#[tokio::test]
async fn the_folder_is_made_for_us_alone() {
    let outer = folder();
    let inner = outer.path().join("a/b");
    Store::open(&inner).unwrap();
    assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(Store::open(&inner), Err(StoreError::OpenFolder(_))));
}

#[tokio::test]
async fn without_its_master_key_a_store_does_not_open() {
    let server = Server::start().await;
    let path = server.folder.path().join("master.key");
    server.create("one").await;
    let folder = server.stop().await;
    let key = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(StoreError::MasterKeyMissing(_))));
    assert!(!path.exists(), "no new one is made");
    fs::write(&path, [7; 64]).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(StoreError::MasterKey { .. })));
    fs::write(&path, key).unwrap();
    assert!(Store::open(folder.path()).is_ok());
}

#[test]
fn a_newer_or_broken_database_is_left_alone() {
    let newer = folder();
    Store::open(newer.path()).unwrap();
    rusqlite::Connection::open(newer.path().join("keys.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Store::open(newer.path()), Err(StoreError::Newer { found: 99, .. })));
    let broken = folder();
    fs::write(broken.path().join("keys.db"), "this is no database, whatever its name says".repeat(50)).unwrap();
    assert!(matches!(Store::open(broken.path()), Err(StoreError::Damaged)));
}

#[test]
fn many_may_make_the_same_store_at_once() {
    let folder = folder();
    let openers: Vec<_> = (0..8)
        .map(|_| {
            let path = folder.path().to_owned();
            std::thread::spawn(move || Store::open(&path).map(drop))
        })
        .collect();
    for opener in openers {
        opener.join().unwrap().unwrap();
    }
}

fn client(server: &embedded::Embedded) -> Client {
    Client::builder().unix_socket(server.socket.clone()).build().unwrap()
}

fn create(server: &embedded::Embedded, label: &str) -> reqwest::RequestBuilder {
    client(server)
        .request(Method::POST, "http://localhost/api/v2/keys")
        .bearer_auth(server.session.expose_secret())
        .header("Idempotency-Key", label)
        .json(&json!({ "label": label }))
}

#[tokio::test]
async fn two_embedded_servers_share_one_folder() {
    let folder = folder();
    let first = embedded::start(folder.path()).await.unwrap();
    let second = embedded::start(folder.path()).await.unwrap();
    assert_eq!(first.socket, folder.path().join("api.sock"));
    assert_ne!(first.socket, second.socket);
    for (server, label) in [(&first, "one"), (&second, "two")] {
        assert_eq!(send(create(server, label)).await.status, 201);
    }
    let list = client(&second).get("http://localhost/api/v2/keys").bearer_auth(second.session.expose_secret());
    assert_eq!(send(list).await.body["total"], 2);
    let foreign = client(&second).get("http://localhost/api/v2/keys").bearer_auth(first.session.expose_secret());
    assert_eq!(send(foreign).await.status, 401);
    let sockets = [first.socket.clone(), second.socket.clone()];
    first.stop().await;
    second.stop().await;
    assert!(sockets.iter().all(|socket| !socket.exists()));
}

#[tokio::test]
async fn a_long_path_is_no_obstacle() {
    let outer = folder();
    let long = outer.path().join("x".repeat(100)).join("y".repeat(100));
    let server = embedded::start(&long).await.unwrap();
    assert!(server.socket.as_os_str().len() <= 107);
    assert_eq!(send(create(&server, "one")).await.status, 201);
    let socket = server.socket.clone();
    server.stop().await;
    assert!(!socket.exists());
}

/// The client hangs up in the midst of a search; the readers are free again for the next ones.
#[tokio::test]
async fn who_hangs_up_is_not_waited_for() {
    let folder = folder();
    latchkey::server::fill::fill(folder.path(), 20_000, &mut |_| {}).unwrap();
    let server = Server::on(folder, Role::Administrator).await;
    for _ in 0..40 {
        let call = server.call(Method::GET, "/keys?q=a&limit=1000&sort=label").send();
        tokio::select! {
            biased;
            _ = call => {}
            () = async { for _ in 0..20 { tokio::task::yield_now().await; } } => {}
        }
    }
    assert_eq!(server.get("/keys?q=zzzzzz").await.body["total"], 0);
    assert_eq!(server.get("/keys?limit=1000").await.body["keys"].as_array().unwrap().len(), 1000);
    server.stop().await;
}
