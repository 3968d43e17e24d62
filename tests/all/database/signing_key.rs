//! The key that signs access tokens is replaced while several servers work.

use std::cell::{Cell, RefCell};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use super::{postgres, revoked, servers, sql, verify, with_tables};
use crate::support::served::Served;
use crate::support::server::{send, text};

/// The ID of the key that a token says it is signed with.
fn signer(token: &str) -> Option<String> {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().map(str::to_owned)
}

async fn exchange(server: &Served, id: &str, secret: &str) -> String {
    let answer = send(server.exchange_request(id, secret)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    text(&answer.body["access_token"])
}

/// Each server's tokens are checked on every other one all the time: none is ever refused.
#[tokio::test]
async fn no_token_is_refused_while_the_signing_key_is_replaced() {
    let database = with_tables(postgres());
    let address = postgres().address(&database);
    let all = servers([address.clone(), address.clone(), address], &["--lease", "1"]);
    let session = all[0].session("jo").await;
    let (id, secret) = all[0].create(&session).await;
    let before = exchange(&all[1], &id, &secret).await;
    assert_eq!(signer(&before), None);

    let (stop, seen) = (Cell::new(false), RefCell::new(Vec::new()));
    let load = async |own: usize| {
        while !stop.get() {
            let token = exchange(&all[own], &id, &secret).await;
            for server in &all {
                assert_eq!(verify(server, &token).await, 204, "{own}: {:?}", signer(&token));
            }
            seen.borrow_mut().push((own, signer(&token)));
            // Until each has signed with the new key.
            stop.set((0..3).all(|own| seen.borrow().iter().any(|(by, signer)| *by == own && signer.is_some())));
        }
    };
    let rotate = async {
        let call = all[2].anyone(Method::POST, "/signing_key").bearer_auth(&session).json(&json!({}));
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!((revoked(answer.headers(), "servers"), revoked(answer.headers(), "silent")), (3, 0));
        text(&answer.json::<Value>().await.unwrap()["signing_key_id"])
    };
    let (new, (), (), ()) = tokio::join!(rotate, load(0), load(1), load(2));
    let seen = seen.into_inner();
    for own in 0..3 {
        let by_own: Vec<_> = seen.iter().filter(|(by, _)| *by == own).map(|(_, signer)| signer).collect();
        assert!(by_own[0].is_none() && by_own.iter().all(|signer| signer.as_ref().is_none_or(|signer| *signer == new)));
        assert!(by_own.is_sorted_by_key(|signer| signer.is_some()), "from its first token on, each is of the new key");
    }
    for server in &all {
        assert_eq!(verify(server, &before).await, 204, "for an hour the old key is good too");
    }
    let after = exchange(&all[0], &id, &secret).await;

    // Two hours later.
    sql(
        postgres(),
        &database,
        "UPDATE signing_keys SET at = at - interval '2 hours'; SELECT revoke_tokens('*', 0, NULL);",
    );
    for server in &all {
        while verify(server, &before).await != 401 {}
        assert_eq!(verify(server, &after).await, 204);
    }
}
