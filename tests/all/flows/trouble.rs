//! When the server is away, or says no.

use std::time::Duration;

use super::Bench;
use crate::support::bench::{client_of, server_named};
use latchkey::client::{ApiError, Client, ConnectionSettings, Target};
use latchkey::domain::BaseUrl;
use latchkey::server::{AppState, DataFolder, Role, Sessions, StoreAccess, embedded, serve};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A client of a server of this machine.
pub fn client_at(base: &str, session: &SecretString) -> Client {
    let (base, _) = BaseUrl::parse(base).unwrap();
    Client::connect(&ConnectionSettings::new(Target::Url(base)), Some(session)).unwrap()
}

#[tokio::test]
async fn the_server_goes_away_and_comes_back() {
    let mut bench = Bench::new().await;
    bench.create("kept on screen").await;
    let server = bench.server.take().unwrap();
    server.stop().await;
    bench.type_keys("r").await;
    bench.sees("kept on screen");
    bench.sees("Offline: showing data from");
    bench.sees("Can't reach the server");
    bench.sees("Next try at ");
    // What fails now is told in its dialog, and nothing that was typed is lost.
    bench.type_keys("c typed<Enter>").await;
    bench.sees("Press Enter to retry.");
    bench.sees("typed");
    bench.server = Some(embedded::start(bench.folder.path(), StoreAccess::Create).await.unwrap());
    bench.pass(Duration::from_secs(1)).await;
    // Another session: the old one ended with its server.
    bench.type_keys("<Esc>").await;
    bench.sees("Not signed in");
}

/// A page with the dialog of a new key, which was made already: the answer has reached no one.
async fn with_lost_answer() -> Bench {
    let mut bench = Bench::new().await;
    bench.type_keys("c").await;
    let Some(latchkey::tui::state::Dialog::Create(dialog)) = &bench.state().dialog else { panic!("no dialog") };
    let name = dialog.attempt.attempt.clone();
    // The first try reaches the server; its answer reaches no one.
    let server = bench.server.as_ref().unwrap();
    let client = Client::unix(&server.socket, &server.session).unwrap();
    let new = latchkey::client::NewKey {
        attempt: name,
        texts: latchkey::domain::Texts::default(),
        expires_at: None,
        replaces: None,
    };
    client.create(&new).await.unwrap();
    bench.type_keys("<Enter>").await;
    bench.sees("Enter a label to identify the key");
    bench
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_not_made_twice() {
    let mut bench = with_lost_answer().await;
    bench.type_keys("<Enter>").await;
    bench.sees("Access key created");
    bench.type_keys("s").await;
    bench.sees(bench.secret().expose());
    assert_eq!(bench.state().list.total, Some(1));
}

#[tokio::test]
async fn a_secret_that_the_server_keeps_no_more_is_lost() {
    let mut bench = with_lost_answer().await;
    let database = rusqlite::Connection::open(bench.folder.path().join("keys.db")).unwrap();
    database.execute("UPDATE undelivered SET until = 0", []).unwrap();
    bench.type_keys("<Enter>").await;
    bench.sees("The key already exists");
    assert_eq!(bench.state().list.total, Some(1));
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("Delete access key");
}

#[tokio::test]
async fn an_auditor_sees_keys_and_is_told_what_is_not_allowed() {
    let folder = TempDir::new().unwrap();
    let token = SecretString::from("auditors-session");
    let state = AppState::new(
        DataFolder::open(folder.path(), StoreAccess::Create).await.unwrap(),
        Sessions::single(&token, "jo", Role::Auditor),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(serve(listener, state, std::future::pending()));
    let client = client_at(&base, &token);
    let mut bench = Bench::with(folder, client_of(client, server_named("test")));
    bench.settle().await;
    bench.sees("No access keys yet");
    bench.type_keys("c mine<Enter>").await;
    bench.sees("Not allowed");
    bench.sees("mine");
    serving.abort();
}

#[tokio::test]
async fn a_wrong_session_shows_no_keys_and_is_not_tried_again() {
    let folder = TempDir::new().unwrap();
    let server = embedded::start(folder.path(), StoreAccess::Create).await.unwrap();
    let client = Client::unix(&server.socket, &SecretString::from("wrong")).unwrap();
    let mut bench = Bench::with(folder, client_of(client, server_named("test")));
    bench.settle().await;
    bench.sees("You are not signed in.");
    bench.sees("Press r to sign in.");
    assert_eq!(bench.state().next_wake(bench.now()), None);
}

#[tokio::test]
async fn a_server_that_does_not_start_ends_the_program_with_its_reason() {
    let mut bench =
        Bench::with(TempDir::new().unwrap(), |_| std::future::ready(Err(ApiError::NotStarted("no room".into()))));
    bench.settle().await;
    assert_eq!(bench.outcome().unwrap().words.as_deref(), Some("no room"));
}

#[tokio::test]
async fn an_answer_that_is_not_ours_is_named() {
    let folder = TempDir::new().unwrap();
    let page = axum::Router::new().fallback(|| async { axum::response::Html("<h1>Sign in to the hotel</h1>") });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async { axum::serve(listener, page).await });
    let client = client_at(&base, &SecretString::from("any"));
    let mut bench = Bench::with(folder, client_of(client, server_named("test")));
    bench.settle().await;
    bench.sees("The answer (200) is a web page, not the API");
    serving.abort();
}
