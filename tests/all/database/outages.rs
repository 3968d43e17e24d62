//! A database that is away, and a server that is cut off from it.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::{postgres, revoked, servers, token, verify, with_tables};
use crate::support::home::Home;
use crate::support::postgres::PostgresServer;
use crate::support::relay::Relay;
use crate::support::server::send;
use crate::support::wait::until_async;

#[tokio::test]
async fn a_server_that_is_cut_off_verifies_nothing_when_the_answer_comes() {
    let database = with_tables(postgres());
    let relay = Relay::to(postgres().folder());
    let all = servers([postgres().address(&database), relay.address(&database)], &["--lease", "2"]);
    let session = all[0].session("jo").await;
    let (id, revoked_token) = token(&[&all[0], &all[1]], &session).await;
    let (_, good) = token(&[&all[0], &all[1]], &session).await;

    relay.cut();
    let began = Instant::now();
    let delete = all[0].anyone(Method::DELETE, &format!("/keys/{id}")).bearer_auth(&session).send().await.unwrap();
    assert_eq!(delete.status(), 204);
    assert_eq!((revoked(delete.headers(), "servers"), revoked(delete.headers(), "silent")), (2, 1));
    assert!(began.elapsed() < Duration::from_secs(10));
    let answer = send(all[1].anyone(Method::GET, "/auth/verify").header("x-access-token", &revoked_token)).await;
    assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (503, "1"));
    assert_eq!(send(all[1].anyone(Method::GET, "/ready")).await.status, 503);
    assert_eq!(verify(&all[0], &revoked_token).await, 401);
    assert_eq!(verify(&all[0], &good).await, 204, "the other one goes on");

    relay.mend();
    until_async(async || verify(&all[1], &good).await == 204).await;
    assert_eq!(verify(&all[1], &revoked_token).await, 401);
}

#[tokio::test]
async fn without_its_database_a_server_refuses_and_comes_back_by_itself() {
    let postgres = PostgresServer::start();
    let database = with_tables(&postgres);
    let [server] = servers([postgres.address(&database)], &["--lease", "1"]);
    let session = server.session("jo").await;
    let (_, good) = token(&[&server], &session).await;
    postgres.crash();
    until_async(async || verify(&server, &good).await == 503).await;
    let answer = server.get(&session, "/keys").await;
    assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (503, "1"));
    assert_eq!(answer.body["message"], "The server's database does not answer: try again", "nothing of the inside");
    assert_eq!(send(server.anyone(Method::GET, "/health")).await.status, 200, "it lives");
    postgres.start_again();
    until_async(async || verify(&server, &good).await == 204).await;
    assert_eq!(server.get(&session, "/keys").await.body["total"], 1);
    let (status, log) = server.stop();
    assert!(status.success());
    let messages: Vec<_> = log.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(messages.iter().filter(|message| **message == "the database does not answer").count(), 1);
    assert!(messages.contains(&"the database answers again"));
}

/// What a fail-over to a standby that lagged behind leaves: the numbers of revocations go on from an earlier one.
#[tokio::test]
async fn a_database_that_lost_commits_is_noticed_and_what_was_revoked_stays_so() {
    let database = with_tables(postgres());
    let [server] = servers([postgres().address(&database)], &[]);
    let session = server.session("jo").await;
    let (id, dead) = token(&[&server], &session).await;
    let delete = server.anyone(Method::DELETE, &format!("/keys/{id}")).bearer_auth(&session).send().await.unwrap();
    assert_eq!(delete.status(), 204);
    super::sql(postgres(), &database, "DELETE FROM revocations; UPDATE epoch SET n = 0, mark = 1;");
    let warned = async || send(server.anyone(Method::GET, "/ready")).await.body["warning"].is_string();
    until_async(warned).await;
    assert_eq!(verify(&server, &dead).await, 401);
    let (id, late) = token(&[&server], &session).await;
    let delete = server.anyone(Method::DELETE, &format!("/keys/{id}")).bearer_auth(&session).send().await.unwrap();
    assert_eq!(delete.status(), 204);
    assert_eq!(verify(&server, &late).await, 401, "revocations from now on are obeyed");
}

/// The same where nothing was revoked, so that only new keys may be lost: each server knows how often it has asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_lost_commits_is_noticed_without_a_revocation() {
    let database = with_tables(postgres());
    let [server] = servers([postgres().address(&database)], &[]);
    assert!(send(server.anyone(Method::GET, "/ready")).await.body["warning"].is_null());
    let warned = async || {
        // Again: a question that is being answered may overwrite it.
        super::sql(postgres(), &database, "UPDATE servers SET beat = 1");
        send(server.anyone(Method::GET, "/ready")).await.body["warning"].is_string()
    };
    until_async(warned).await;
    let doctor = tokio::task::block_in_place(|| Home::new().run(&["doctor", "--url", &server.base])).good();
    assert!(doctor.contains("the database has lost what was confirmed before"), "{doctor}");
    assert!(doctor.contains("guide servers"), "{doctor}");
}

#[tokio::test]
async fn a_server_that_ends_is_not_waited_for() {
    let database = with_tables(postgres());
    let address = postgres().address(&database);
    let [one, other] = servers([address.clone(), address], &[]);
    let session = one.session("jo").await;
    let (id, dead) = token(&[&one, &other], &session).await;
    assert!(other.stop().0.success());
    let delete = one.anyone(Method::DELETE, &format!("/keys/{id}")).bearer_auth(&session).send().await.unwrap();
    assert_eq!(revoked(delete.headers(), "servers"), 1);
    assert_eq!(verify(&one, &dead).await, 401);
}

#[tokio::test]
async fn a_deletion_by_hand_revokes_too() {
    let database = with_tables(postgres());
    let [server] = servers([postgres().address(&database)], &[]);
    let session = server.session("jo").await;
    let (id, dead) = token(&[&server], &session).await;
    super::sql(postgres(), &database, &format!("DELETE FROM keys WHERE id = '{id}'"));
    until_async(async || verify(&server, &dead).await == 401).await;
    let (id, dead) = token(&[&server], &session).await;
    super::sql(postgres(), &database, &format!("UPDATE keys SET switched_off = true WHERE id = '{id}'"));
    until_async(async || verify(&server, &dead).await == 401).await;
}

/// What another clock after a fail-over, and a fail-over that lost the row of a server that is cut off, look like.
#[tokio::test]
async fn a_server_that_is_cut_off_is_waited_for_whatever_the_database_says_of_it() {
    for lost in [
        "UPDATE servers SET seen_at = seen_at - interval '1 day'",
        "BEGIN; DELETE FROM servers; SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid(); COMMIT",
    ] {
        let database = with_tables(postgres());
        let relay = Relay::to(postgres().folder());
        let all = servers([postgres().address(&database), relay.address(&database)], &["--lease", "3"]);
        let session = all[0].session("jo").await;
        let (id, revoked_token) = token(&[&all[0], &all[1]], &session).await;
        relay.cut();
        super::sql(postgres(), &database, lost);
        let delete = async || {
            let delete = all[0].anyone(Method::DELETE, &format!("/keys/{id}")).bearer_auth(&session);
            delete.send().await.unwrap()
        };
        // The first one may find its connections ended.
        let mut answer = delete().await;
        while answer.status() == 503 {
            answer = delete().await;
        }
        assert!([204, 404].contains(&answer.status().as_u16()), "{answer:?}");
        assert_ne!(verify(&all[1], &revoked_token).await, 204, "{lost}");
        assert_eq!(verify(&all[0], &revoked_token).await, 401, "{lost}");
        relay.mend();
    }
}
