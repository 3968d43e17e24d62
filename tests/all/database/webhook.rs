//! Messages for the webhook, by servers that share a database.

use std::collections::BTreeSet;

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::json;

use super::{postgres, servers, sql, with_tables};
use crate::support::files::write_private;
use crate::support::inbox::{Inbox, Message, status};
use crate::support::server::{send, unique};

/// The secret of the servers.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[tokio::test]
async fn each_message_is_sent_by_one_of_the_servers() {
    let database = with_tables(postgres());
    let address = postgres().address(&database);
    let [maker] = servers([address.clone()], &[]);
    let session = maker.session("jo").await;
    let end = (Utc::now() + TimeDelta::days(3)).to_rfc3339();
    for n in 0..12 {
        let call = maker.anyone(Method::POST, "/keys").bearer_auth(&session).header("Idempotency-Key", unique());
        let answer = send(call.json(&json!({ "label": format!("key {n}"), "expires_at": end }))).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let key = std::fs::read(crate::support::served::data(&maker.home).join("master.key")).unwrap();
    maker.stop();

    // The first message is being sent when its server is killed.
    let inbox = Inbox::answering(|number| {
        if number == 0 {
            loop {
                std::thread::park();
            }
        }
        status("204 No Content")
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("webhook.secret");
    write_private(&file, SECRET);
    let url = inbox.url();
    let arguments = ["--database", &address, "--webhook-url", &url, "--webhook-secret-file", file.to_str().unwrap()];
    let start = || {
        let home = std::sync::Arc::new(tempfile::tempdir().unwrap());
        let data = crate::support::served::data(&home);
        crate::support::files::private_folder(&data);
        write_private(&data.join("master.key"), &key);
        crate::support::served::Served::on(home, &arguments)
    };
    let (first, second) = (start(), start());
    let mut messages: Vec<_> = (0..12).map(|_| inbox.next()).collect();
    let ids = |messages: &[Message]| messages.iter().map(|message| message.id.clone()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&messages).len(), 12, "no two servers send the same");
    first.signal(Signal::KILL);
    second.signal(Signal::KILL);
    drop((first.ended(), second.ended()));
    messages.extend(inbox.rest());
    // Those that were on their way when their server was killed come once more, with the same ID.
    sql(postgres(), &database, "UPDATE webhook_messages SET next_at = 1 WHERE next_at IS NOT NULL");
    let mut third = start();
    third.logs(|line| line["message"] == "webhook message accepted");
    let first = messages[0].id.clone();
    let is_first = |message: &Message| message.id == first;
    while messages.iter().filter(|message| is_first(message)).count() < 2 {
        messages.push(inbox.next()); // the first one comes again, at some time
    }
    let (ended, _) = third.stop();
    assert!(ended.success());
    messages.extend(inbox.rest());
    assert_eq!(ids(&messages).len(), 12);
    for message in &messages {
        message.verify(SECRET);
    }
}
