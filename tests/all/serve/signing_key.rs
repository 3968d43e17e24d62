//! `latchkey server rotate-signing-key` while a server runs.

use reqwest::Method;
use tempfile::TempDir;

use crate::support::files::write_private;
use crate::support::served::{Served, run};
use crate::support::server::{PASSWORD, send, text};

fn said(home: &TempDir, arguments: &[&str]) -> String {
    let output = run(home, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn the_command_replaces_the_key_of_a_server_that_runs() {
    let served = Served::start(&[]);
    let home = served.home.clone();
    let password = home.path().join("password");
    write_private(&password, PASSWORD);
    said(&home, &["admin", "add", "jo", "--role", "superuser", "--password-file", password.to_str().unwrap()]);
    let session = served.session("jo").await;
    let (id, secret) = served.create(&session).await;
    let exchange = async || text(&send(served.exchange_request(&id, &secret)).await.body["access_token"]);
    let verify = async |token: &str| {
        let call = served.anyone(Method::GET, "/auth/verify").header("x-access-token", token);
        call.send().await.unwrap().status().as_u16()
    };
    let first = exchange().await;

    // By the superuser's session over HTTP it is the same operation; here on the server's data folder.
    let told = said(&home, &["server", "rotate-signing-key"]);
    assert!(told.starts_with("The new signing key is ") && told.contains("are accepted until 20"), "{told}");
    let second = exchange().await;
    assert_ne!(first.split('.').next(), second.split('.').next());
    assert_eq!((verify(&first).await, verify(&second).await), (204, 204));

    let refused = run(&home, &["server", "rotate-signing-key", "--now"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let told = said(&home, &["server", "rotate-signing-key", "--now", "--yes"]);
    assert!(told.ends_with("Access tokens of the old one are refused.\n"), "{told}");
    assert_eq!((verify(&first).await, verify(&second).await), (401, 401));
    let third = exchange().await;
    assert_eq!(verify(&third).await, 204);

    let trail = said(&home, &["events", "--kind", "signing_key_rotated", "--output", "json"]);
    let events: Vec<serde_json::Value> = trail.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 2, "{trail}");
    let me = String::from_utf8(std::process::Command::new("id").arg("-run").output().unwrap().stdout).unwrap();
    assert!(events.iter().all(|event| event["by"] == me.trim() && event["from"] == "local"), "{trail}");

    // What is given out lasts: the keys are in the store.
    let (status, _) = served.stop();
    assert!(status.success());
    let again = Served::on(home, &[]);
    let call = again.anyone(Method::GET, "/auth/verify").header("x-access-token", &third);
    assert_eq!(call.send().await.unwrap().status(), 204);
}
