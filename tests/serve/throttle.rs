//! Guessing from many places, as a proxy reports them.

use latchkey::server::Role;

use crate::served::{Served, data};
use crate::support::{Answer, PASSWORD, add_administrator, send};

async fn sign_in(server: &Served, from: &str, username: &str, password: &str) -> Answer {
    send(server.sign_in_request(username, password).header("x-forwarded-for", from)).await
}

/// How many tries pass, of so many from each of these addresses.
async fn guesses(server: &Served, from: impl Iterator<Item = String>, username: &str) -> usize {
    let mut passed = 0;
    for from in from {
        for _ in 0..2 {
            let answer = sign_in(server, &from, username, "a wrong password").await;
            assert!([401, 429].contains(&answer.status));
            assert_eq!(answer.status == 429, answer.headers.contains_key("retry-after"));
            passed += usize::from(answer.status == 401);
        }
    }
    passed
}

#[tokio::test]
async fn guessing_from_everywhere_gets_nowhere_and_locks_nobody_out_at_home() {
    let server = Served::start(&["--behind-proxy"]);
    for name in ["jo", "mo"] {
        add_administrator(&data(&server.home), name, Role::Administrator);
    }
    let home = "10.9.9.9, 192.0.2.1";
    assert_eq!(sign_in(&server, home, "jo", PASSWORD).await.status, 200);
    let addresses = |net: u8| (0..40).map(move |n| format!("198.51.{net}.{n}"));
    let known = guesses(&server, addresses(1), "jo").await;
    let unknown = guesses(&server, addresses(2), "nobody").await;
    // 30, and one more for every two seconds that it takes. The first sign-in of jo was one of them.
    assert!((29..55).contains(&known), "{known}");
    assert!((30..55).contains(&unknown), "{unknown}");
    assert_eq!(sign_in(&server, "192.0.2.1", "jo", PASSWORD).await.status, 200, "at home nothing changed");
    assert_eq!(sign_in(&server, "203.0.113.1", "mo", PASSWORD).await.status, 200, "nor for anybody else");
    // What stands before the proxy's own word is the client's, and buys nothing.
    let forged = (0..40).map(|n| format!("10.0.0.{n}, 203.0.113.99"));
    assert!((10..20).contains(&guesses(&server, forged, "another").await));
    // Nor does an address out of one's own IPv6 network.
    let v6 = (0..40).map(|n| format!("2001:db8:1:2:3::{n:x}"));
    assert!((10..20).contains(&guesses(&server, v6, "yet another").await));
}

#[tokio::test]
async fn without_a_proxy_nobody_says_where_they_come_from() {
    let server = Served::start(&[]);
    let forged = (0..20).map(|n| format!("198.51.100.{n}"));
    assert!((10..20).contains(&guesses(&server, forged, "jo").await));
}
