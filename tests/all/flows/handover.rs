//! Handing the secret of a new key over to somebody else, on the page.

use latchkey::client::{ApiError, Client};
use latchkey::domain::HandoverCode;
use latchkey::platform::clipboard::report::What;

use crate::support::bench::Bench;

#[tokio::test]
async fn a_secret_is_handed_over_by_two_presses_and_whoever_comes_second_is_told() {
    let mut bench = Bench::new().await;
    bench.type_keys("c nightly<Enter>").await;
    let secret = bench.secret();
    bench.type_keys("g").await;
    bench.sees("Hand over the secret");
    bench.type_keys("<Enter>").await;
    bench.sees("it opens once");
    bench.sees("latchkey receive --secret-file FILE");
    bench.hides(secret.expose());
    bench.type_keys("<Enter>").await;
    let (what, copied) = bench.copied().pop().unwrap();
    assert_eq!(what, What::Code);
    bench.sees(&copied);
    assert!(!format!("{:?}", bench.state()).contains(&copied), "it is a credential");
    let code = HandoverCode::parse(&copied).unwrap();
    bench.type_keys("<Esc>").await;
    bench.loses(&copied);
    bench.sees("Handed over: until ");
    // It isn't lost: nothing is asked.
    bench.type_keys("<Enter>").await;
    bench.sees("is ready to use");

    let server = bench.server.as_ref().unwrap();
    let client = Client::unix(&server.socket, &server.session).unwrap().without_session();
    let keys = code.keys(None).unwrap();
    let (id, sealed) = client.open_handover(&keys, false, &"a".repeat(22)).await.unwrap();
    assert_eq!(keys.open(&sealed, &id).unwrap().expose(), secret.expose());
    client.confirm_handover(&keys, &"a".repeat(22)).await.unwrap();
    let second = client.open_handover(&keys, false, &"b".repeat(22)).await;
    assert!(matches!(second, Err(ApiError::Refused(410, _))));
    bench.type_keys("r").await;
    bench.sees("Somebody else tried to open the secret");
    bench.type_keys("j<Enter>").await;
    bench.sees("Somebody else tried to open"); // in the details
}

#[tokio::test]
async fn with_a_pin_and_for_a_day() {
    let mut bench = Bench::new().await;
    bench.type_keys("c nightly<Enter>").await;
    bench.type_keys("g").await;
    bench.type_keys("<BackTab><Right><BackTab><Right>").await;
    bench.sees("1 day");
    bench.type_keys("<Tab><Tab><Enter>").await;
    bench.sees("tell it by another way");
    let server = bench.server.as_ref().unwrap();
    let client = Client::unix(&server.socket, &server.session).unwrap();
    let left = client.handovers().await.unwrap()[0].until - chrono::Utc::now();
    assert!((1430..=1440).contains(&left.num_minutes()), "{left}");
}
