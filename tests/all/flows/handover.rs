//! Handing the secret of a new key over to someone else, on the page.

use chrono::{DateTime, Utc};
use latchkey::client::{ApiError, Client, Handover, HandoverEnd, Reply, Request};
use latchkey::domain::{HandoverCode, Untrusted};
use latchkey::platform::clipboard::report::What;
use latchkey::tui::state::{Dialog, Effect, Fate, HandingOver, Reveal, Step};

use serde_json::json;

use crate::support::bench::Bench;

#[tokio::test]
async fn a_secret_is_handed_over_by_two_presses_and_whoever_comes_second_is_told() {
    let mut bench = Bench::reached_by_others().await;
    bench.type_keys("c nightly<Tab><Tab><Tab>7<Enter>").await;
    let secret = bench.secret();
    bench.type_keys("g").await;
    bench.sees("Hand over the secret");
    bench.type_keys("<Enter>").await;
    bench.sees("it opens once");
    bench.sees("latchkey receive --url https://keys.example.com --secret-file");
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
    let id = id.clone();
    let second = client.open_handover(&keys, false, &"b".repeat(22)).await;
    assert!(matches!(second, Err(ApiError::Refused(410, _))));
    bench.type_keys("r").await;
    bench.sees(ALARM);
    // At the next start too, beside what is due.
    let mut bench = Bench::on_same_data(&bench).await;
    bench.sees(ALARM);
    bench.sees("Keys: 1 expires within 7 days");
    bench.type_keys("/night<Enter>").await;
    bench.sees("! code known (B)");
    bench.type_keys("<Esc>j<Enter>").await;
    bench.sees("others know the code: replace the key. B");
    bench.type_keys("<Esc>B").await;
    bench.sees("Others may know the code");
    bench.sees(id.raw_for_api());
    bench.sees("“nightly”");
    bench.type_keys("<Enter>").await; // no is chosen
    bench.sees(ALARM);
    bench.type_keys("B<Tab><Tab><Tab><Enter>").await;
    bench.sees("Rotate key: nightly");
    bench.sees("Old key works  (•) now"); // others may have it
    bench.type_keys("<Esc>").await;
    bench.sees(ALARM);
    bench.type_keys("B<Tab><Enter>").await;
    bench.sees("Acknowledged. It stays in the key's history.");
    bench.loses(ALARM);
    bench.type_keys("h").await;
    bench.sees("handover acknowledged");
    bench.type_keys("<Esc>B").await;
    bench.sees("No hand-over or alarm for this key");
}

const ALARM: &str = "! Someone tried to open the secret of “nightly” again (B)";

#[tokio::test]
async fn alarms_are_counted_and_their_keys_are_shown() {
    let mut bench = Bench::reached_by_others().await;
    for label in ["first", "second", "third"] {
        bench.type_keys(&format!("c{label}<Enter>")).await;
        bench.type_keys("g").await;
        bench.type_keys("<Enter>").await;
        bench.type_keys("<Enter>").await; // copies it
        let (_, copied) = bench.copied().pop().unwrap();
        let code = HandoverCode::parse(&copied).unwrap();
        let server = bench.server.as_ref().unwrap();
        let client = Client::unix(&server.socket, &server.session).unwrap().without_session();
        let (right, wrong) = (code.keys(None).unwrap(), code.keys(Some("a PIN that it hasn't")).unwrap());
        let tries: &[_] = match label {
            "first" => &[(&wrong, "a"); 5],
            "second" => &[(&right, "a"), (&right, "b")],
            _ => &[(&wrong, "a")],
        };
        for (keys, opener) in tries {
            let _ = client.open_handover(keys, false, &opener.repeat(22)).await;
        }
        bench.type_keys("<Esc><Enter>").await;
        bench.sees("is ready to use");
    }
    bench.type_keys("r<Enter>").await;
    bench.sees("code or PIN was given once. B takes it back.");
    bench.type_keys("<Esc>").await;
    bench.sees("! Someone tried to open the secret of “second” again (B, 1 more)");
    bench.type_keys("B<Tab><Enter>").await;
    bench.sees("! Too many wrong codes for the secret of “first” (B)");
    bench.type_keys("B").await;
    bench.sees("Someone may be guessing codes");
    bench.sees("5 wrong codes were given for the secret of this key");
    bench.hides("more alarm");
    bench.type_keys("<Tab><Tab><Enter>").await;
    assert_eq!(bench.state().list.selected_key().unwrap().label.raw_for_api(), "first");
    bench.type_keys("<Enter>").await;
    bench.sees("5 wrong codes were given for the secret of “first”");
    bench.type_keys("B<Tab><Enter>").await;
    bench.sees("Acknowledged. It stays in the key's history.");
    bench.hides("5 wrong codes");
}

#[tokio::test]
async fn a_secret_that_waits_is_taken_back() {
    let mut bench = Bench::reached_by_others().await;
    bench.type_keys("c nightly<Enter>").await;
    bench.type_keys("g").await;
    bench.type_keys("<Enter>").await;
    bench.sees("it opens once");
    bench.type_keys("<Esc><Enter>").await;
    bench.sees("is ready to use");
    bench.type_keys("<Enter>").await;
    bench.sees("its code opens the secret until");
    bench.sees("it back."); // B does
    bench.type_keys("<Enter>B").await;
    bench.sees("Take a secret back");
    // Meanwhile someone else has done it.
    let server = bench.server.as_ref().unwrap();
    let client = Client::unix(&server.socket, &server.session).unwrap();
    let id = client.handovers().await.unwrap()[0].id.clone();
    client.settle_handover(&id, HandoverEnd::TakeBack).await.unwrap();
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("The secret was opened already, or its");
    bench.type_keys("<Esc>c another<Enter>").await;
    bench.type_keys("g").await;
    bench.type_keys("<Enter>").await;
    bench.type_keys("<Esc><Enter>").await;
    bench.type_keys("B<Tab><Enter>").await;
    bench.sees("Taken back: the code no longer works.");
    assert_eq!(client.handovers().await.unwrap()[0].state.raw_for_api(), "taken_back");
}

#[tokio::test]
async fn no_secret_is_handed_over_where_nobody_else_reaches_it() {
    let mut bench = Bench::new().await;
    bench.type_keys("c nightly<Enter>").await;
    bench.type_keys("g").await;
    bench.sees("Other people can't reach the embedded server.");
    bench.sees("latchkey serve");
    assert!(reveal(&bench).step.is_none());
}

fn reveal(bench: &Bench) -> &Reveal {
    match &bench.state().dialog {
        Some(Dialog::Reveal(reveal)) => reveal,
        other => panic!("no secret is open but {other:?}"),
    }
}

/// What the server finds the secret by whose hand-over is under way.
fn running(bench: &Bench) -> [u8; 32] {
    match &reveal(bench).step {
        Some(Step::HandOver(step)) => match &step.state {
            HandingOver::Running(ticket) => ticket.code.lookup_digest(),
            other => panic!("it is not under way but {other:?}"),
        },
        other => panic!("no hand-over is open but {other:?}"),
    }
}

#[tokio::test]
async fn the_answer_about_a_code_that_was_left_is_none_about_the_next_one() {
    let mut bench = Bench::reached_by_others().await;
    bench.type_keys("c nightly<Enter>").await;
    bench.type_keys("g").await;
    // Both answers are slow.
    bench.press("<Enter>");
    let left = running(&bench);
    bench.press("<Esc>g");
    bench.settle_tasks().await; // it looks who is watching
    bench.press("<Enter>");
    let next = running(&bench);
    let handover = || -> Handover {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let made = json!({ "id": "h", "key_id": "PK1", "label": "", "state": "waiting", "has_pin": false,
                           "created_by": "jo", "created_at": at, "until": at });
        serde_json::from_value(made).unwrap()
    };
    let now = bench.now();
    let effect = bench.state_mut().on_reply(Reply::HandedOver(left, Ok(handover())), now);
    assert_eq!((running(&bench), reveal(&bench).fate), (next, Fate::Nowhere), "its code is gone");
    let settles = Request::SettleHandover(Untrusted::new("h"), HandoverEnd::TakeBack);
    assert_eq!(format!("{effect:?}"), format!("{:?}", Some(Effect::Send(settles))), "so it is taken back");
    let failed = Err(ApiError::Unreachable(Untrusted::new("refused")));
    let _ = bench.state_mut().on_reply(Reply::HandedOver(next, failed), now);
    bench.settle().await;
    bench.sees("The secret is still in this dialog.");
    assert_eq!(reveal(&bench).fate, Fate::Nowhere);
    // The same with the answer that counts.
    bench.press("<Enter>");
    let last = running(&bench);
    let _ = bench.state_mut().on_reply(Reply::HandedOver(last, Ok(handover())), now);
    assert_eq!(reveal(&bench).fate, Fate::Kept);
    bench.settle().await;
    bench.sees("it opens once");
}

#[tokio::test]
async fn with_a_pin_and_for_a_day() {
    let mut bench = Bench::reached_by_others().await;
    bench.type_keys("c nightly<Enter>").await;
    bench.type_keys("g").await;
    bench.type_keys("<BackTab><Right><BackTab><Right>").await;
    bench.sees("1 day");
    bench.type_keys("<Tab><Tab><Enter>").await;
    bench.sees("send it another way");
    let server = bench.server.as_ref().unwrap();
    let client = Client::unix(&server.socket, &server.session).unwrap();
    let left = client.handovers().await.unwrap()[0].until - chrono::Utc::now();
    assert!((1430..=1440).contains(&left.num_minutes()), "{left}");
}
