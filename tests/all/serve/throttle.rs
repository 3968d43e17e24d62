//! Guessing from many places, as a proxy reports them.

use std::time::Instant;

use latchkey::server::Role;

use crate::support::served::{Served, data};
use crate::support::server::{Answer, PASSWORD, add_administrator, send};

async fn sign_in(server: &Served, from: &str, username: &str, password: &str) -> Answer {
    send(server.sign_in_request(username, password).header("x-forwarded-for", from)).await
}

/// Tries six passwords from each of these addresses. Fails unless the throttle lets `burst` of them pass, and
/// `a_minute` more for each minute that it all takes.
async fn throttles(server: &Served, from: impl Iterator<Item = String>, username: &str, burst: u64, a_minute: u64) {
    let (begun, mut passed) = (Instant::now(), 0);
    for from in from {
        for _ in 0..6 {
            let answer = sign_in(server, &from, username, "a wrong password").await;
            assert!([401, 429].contains(&answer.status));
            assert_eq!(answer.status == 429, answer.headers.contains_key("retry-after"));
            passed += u64::from(answer.status == 401);
        }
    }
    let most = burst + 1 + begun.elapsed().as_secs() * a_minute / 60;
    assert!((burst..=most).contains(&passed), "{username}: {passed} tries passed, at most {most} may");
}

#[tokio::test]
async fn guessing_from_everywhere_gets_nowhere_and_locks_nobody_out_at_home() {
    let server = Served::start(&["--behind-proxy"]);
    for name in ["jo", "mo"] {
        add_administrator(&data(&server.home), name, Role::Administrator);
    }
    let home = "10.9.9.9, 192.0.2.1";
    assert_eq!(sign_in(&server, home, "jo", PASSWORD).await.status, 200);
    let addresses = |net: u8| (0..10).map(move |n| format!("198.51.{net}.{n}"));
    // The first two of each address, and 30 of the account.
    throttles(&server, addresses(1), "jo", 20 + 30, 30).await;
    throttles(&server, addresses(2), "nobody", 20 + 30, 30).await;
    assert_eq!(sign_in(&server, "203.0.113.7", "jo", PASSWORD).await.status, 200, "nor at a new place");
    assert_eq!(sign_in(&server, "192.0.2.1", "jo", PASSWORD).await.status, 200, "at home nothing changed");
    assert_eq!(sign_in(&server, "203.0.113.1", "mo", PASSWORD).await.status, 200, "nor for anybody else");
    // What is before the proxy's own word is the client's, and buys nothing.
    let forged = (0..40).map(|n| format!("10.0.0.{n}, 203.0.113.99"));
    throttles(&server, forged, "another", 10, 10).await;
    // Nor does an address out of one's own IPv6 network.
    let v6 = (0..40).map(|n| format!("2001:db8:1:2:3::{n:x}"));
    throttles(&server, v6, "yet another", 10, 10).await;
}

#[tokio::test]
async fn without_a_proxy_nobody_says_where_they_come_from() {
    let server = Served::start(&[]);
    let forged = (0..20).map(|n| format!("198.51.100.{n}"));
    throttles(&server, forged, "jo", 10, 10).await;
}

/// Both proxies in the last two hops, as the outer one and the inner one write them.
#[tokio::test]
async fn behind_two_proxies_a_stranger_locks_nobody_out() {
    let server = Served::start(&["--behind-proxy", "--trusted-proxies", "10.0.0.0/8"]);
    add_administrator(&data(&server.home), "jo", Role::Administrator);
    let home = "192.0.2.1, 10.0.0.7";
    assert_eq!(sign_in(&server, home, "jo", PASSWORD).await.status, 200);
    let stranger = |claimed: u8| format!("198.51.100.{claimed}, 203.0.113.9, 10.0.0.7");
    throttles(&server, (0..20).map(stranger), "jo", 10, 10).await;
    assert_eq!(sign_in(&server, home, "jo", PASSWORD).await.status, 200, "at home nothing changed");
    let (_, log) = server.stop();
    let from: std::collections::BTreeSet<_> = log.iter().filter_map(|line| line["from"].as_str()).collect();
    assert_eq!(from.into_iter().collect::<Vec<_>>(), ["192.0.2.1", "203.0.113.9"]);

    // Without --behind-proxy only the proxies that are named may name clients.
    let server = Served::start(&["--trusted-proxies", "127.0.0.1"]);
    throttles(&server, (0..10).map(|n| format!("198.51.100.{n}")), "jo", 20 + 30, 30).await;
    let server = Served::start(&["--trusted-proxies", "192.0.2.7"]);
    throttles(&server, (0..10).map(|n| format!("198.51.100.{n}")), "jo", 10, 10).await;
}

#[tokio::test]
async fn a_proxy_that_names_no_client_is_told_of_once() {
    let mut server = Served::start(&["--behind-proxy"]);
    let told =
        |line: &serde_json::Value| line["message"].as_str().unwrap().contains("have no address in X-Forwarded-For");
    assert_eq!(send(server.anyone(reqwest::Method::GET, "/health")).await.status, 200, "a proxy's own question");
    assert_eq!(sign_in(&server, "192.0.2.1", "jo", "a wrong password").await.status, 401);
    assert!(!server.log.iter().any(told));
    for _ in 0..3 {
        assert_eq!(server.sign_in("jo", "a wrong password").await.status, 401);
    }
    assert_eq!(server.logs(told)["level"], "WARN");
    let (_, log) = server.stop();
    assert_eq!(log.iter().filter(|line| told(line)).count(), 1, "{log:#?}");
}

/// Each guesser names another account, so that none of them is limited by that.
#[tokio::test]
async fn a_flood_of_guesses_keeps_nobody_waiting_who_is_new() {
    let server = Served::start(&["--behind-proxy", "--request-timeout", "600"]);
    add_administrator(&data(&server.home), "jo", Role::Administrator);
    let mut guesses = tokio::task::JoinSet::new();
    for n in 0..200 {
        for _ in 0..2 {
            let guess = server.sign_in_request(&format!("name{n}"), "a wrong password");
            guesses.spawn(send(guess.header("x-forwarded-for", format!("198.51.100.{n}"))));
        }
    }
    assert_eq!(guesses.join_next().await.unwrap().unwrap().status, 401, "they have begun");
    for n in 1..4 {
        // On a busy machine guesses are still arriving, which are newer; and an address may share its limit with another.
        let mut statuses = Vec::new();
        while statuses.last() != Some(&200) {
            assert!(statuses.len() < 3, "{statuses:?}");
            let address = format!("203.0.113.{}", n * 10 + statuses.len());
            statuses.push(sign_in(&server, &address, "jo", PASSWORD).await.status);
        }
    }
    while guesses.try_join_next().is_some() {}
    assert!(guesses.len() > 100, "they are still waiting: {}", guesses.len());
}

/// An address that many share, with a guesser among them.
#[tokio::test]
async fn a_neighbour_who_guesses_locks_nobody_out_who_signed_in_before() {
    let server = Served::start(&["--behind-proxy"]);
    for name in ["jo", "mo"] {
        add_administrator(&data(&server.home), name, Role::Administrator);
    }
    let shared = "192.0.2.1";
    let first = sign_in(&server, shared, "jo", PASSWORD).await;
    assert_eq!(first.status, 200);
    let token = crate::support::server::text(&first.body["device_token"]);
    let guess = async || sign_in(&server, shared, "jo", "a wrong password").await.status;
    while guess().await != 429 {}
    let with = async |token: &str, name: &str, password: &str| {
        let request = server.sign_in_request(name, password).header("x-forwarded-for", shared);
        send(request.header("x-device-token", token)).await
    };
    for _ in 0..8 {
        assert_eq!(guess().await, 429);
        let honest = with(&token, "jo", PASSWORD).await;
        assert_eq!((honest.status, honest.body["device_token"].as_str().unwrap()), (200, &*token));
    }
    // It is no way around the limit, nor for another account.
    assert_eq!(with("made up", "jo", PASSWORD).await.status, 429);
    let mut tries = 0;
    while with(&token, "jo", "a wrong password").await.status != 429 {
        tries += 1;
    }
    assert!(tries <= 3, "{tries} more than 10 in a minute");
}
