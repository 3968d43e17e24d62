//! Handing over a secret by a one-time code.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey::domain::HandoverCode;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::handover::Handover;
use crate::support::server::{Answer, Server, send, text};

async fn open(server: &Server, body: Value) -> Answer {
    send(server.anyone(Method::POST, "/handovers/open").json(&body)).await
}

async fn confirm(server: &Server, body: Value) -> u16 {
    send(server.anyone(Method::POST, "/handovers/confirm").json(&body)).await.status
}

async fn kinds(server: &Server, id: &str) -> Vec<String> {
    let events = server.get(&format!("/keys/{id}/events")).await;
    events.body["events"].as_array().unwrap().iter().map(|event| text(&event["kind"])).collect()
}

#[tokio::test]
async fn a_secret_is_opened_with_its_code_and_whoever_comes_second_is_an_alarm() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let handover = Handover::draw(&id, &secret, None);
    let created = handover.create(&server).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.body["handover"]["state"], "waiting");
    // As a client does it that never tells the server the whole code.
    let keys = HandoverCode::parse(handover.code()).unwrap().keys(None).unwrap();
    let body = json!({ "lookup": keys.lookup(), "proof": keys.proof().as_str(), "opener": "a".repeat(22) });
    for _ in 0..2 {
        let opened = open(&server, body.clone()).await;
        assert_eq!((opened.status, &opened.body["key_id"]), (200, &json!(id)), "again, if the answer was lost");
        assert_eq!(opened.body["secret_access_key"], Value::Null);
        let sealed = URL_SAFE_NO_PAD.decode(text(&opened.body["sealed"])).unwrap();
        let key_id = latchkey::domain::KeyId::parse(&id).unwrap();
        assert_eq!(keys.open(&sealed, &key_id).unwrap().expose(), secret);
    }
    let theirs = json!({ "code": handover.code(), "opener": "b".repeat(22) });
    let second = open(&server, theirs.clone()).await;
    assert_eq!(second.status, 410, "{second:?}");
    assert_eq!(confirm(&server, theirs).await, 404);
    assert_eq!(confirm(&server, json!({ "lookup": keys.lookup(), "opener": "a".repeat(22) })).await, 204);
    assert_eq!(open(&server, body).await.status, 410, "it is deleted");
    let found = server.get("/handovers").await.body["handovers"][0].clone();
    assert_eq!((&found["state"], &found["opened_from"]), (&json!("confirmed"), &json!("local")));
    assert!(found["opened_again_at"].is_string() && found["opened_again_from"] == "local", "{found}");
    assert_eq!(found["label"], "one");
    let alarm = format!("/handovers/{}/alarm", text(&found["id"]));
    for path in [alarm.as_str(), &alarm] {
        assert_eq!(send(server.call(Method::DELETE, path)).await.status, 204);
        assert_eq!(server.get("/handovers").await.body["handovers"][0]["opened_again_at"], Value::Null);
    }
    assert_eq!(send(server.call(Method::DELETE, "/handovers/h9/alarm")).await.status, 404);
    let [again, first] = ["handover_opened_again", "handover_opened"];
    let expected = ["handover_acknowledged", "handover_confirmed", again, first, "handed_over", "created"];
    assert_eq!(kinds(&server, &id).await, expected);
    let folder = server.stop().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        for text in [handover.code(), &handover.code().replace('-', "")[..10], &secret] {
            assert!(memchr::memmem::find(&bytes, text.as_bytes()).is_none());
        }
    }
}

#[tokio::test]
async fn the_server_decrypts_for_whoever_sends_the_code_and_tells_the_secret_as_json_or_text() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let handover = Handover::draw(&id, &secret, Some("4711"));
    assert_eq!(handover.create(&server).await.status, 201);
    let code = handover.code().to_lowercase().replace('-', " ");
    let missing = open(&server, json!({ "code": code })).await;
    assert_eq!((missing.status, text(&missing.body["message"]).starts_with("pin: ")), (400, true), "{missing:?}");
    let wrong = open(&server, json!({ "code": code, "pin": "4712" })).await;
    assert_eq!((wrong.status, text(&wrong.body["message"]).ends_with("tries left: 4")), (403, true), "{wrong:?}");
    let opener = "a".repeat(24);
    let given = open(&server, json!({ "code": code, "pin": "4711", "opener": opener })).await;
    assert_eq!((&given.body["key_id"], &given.body["secret_access_key"]), (&json!(id), &json!(secret)));
    // A form, and plain text, by the same opener.
    let form = format!("opener={opener}&code={}&pin=4711", handover.code());
    let request = server.anyone(Method::POST, "/handovers/open").body(form).header(ACCEPT, "text/plain");
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let plain = request.send().await.unwrap();
    assert_eq!(plain.headers()["cache-control"], "no-store");
    assert_eq!(plain.headers()["x-access-key-id"], id);
    assert_eq!(plain.text().await.unwrap(), format!("{secret}\n"));
    assert_eq!(kinds(&server, &id).await[0], "handover_opened", "no alarm");
    assert_eq!(confirm(&server, json!({ "code": handover.code() })).await, 400, "it needs the opener");
    assert_eq!(confirm(&server, json!({ "code": handover.code(), "opener": "b".repeat(24) })).await, 404);
    assert_eq!(confirm(&server, json!({ "code": handover.code(), "opener": opener })).await, 204);
    let second = open(&server, json!({ "code": handover.code(), "pin": "4711" })).await;
    assert_eq!((second.status, text(&second.body["message"]).starts_with("Someone else has opened")), (410, true));
    assert_eq!(kinds(&server, &id).await[0], "handover_opened_again");
}

#[tokio::test]
async fn without_an_opener_a_secret_is_sent_once_and_the_next_call_from_the_same_address_is_an_alarm() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let handover = Handover::draw(&id, &secret, None);
    assert_eq!(handover.create(&server).await.status, 201);
    let call = async || open(&server, json!({ "code": handover.code() })).await;
    assert_eq!(call().await.body["secret_access_key"], secret);
    for _ in 0..2 {
        let again = call().await;
        let words = text(&again.body["message"]);
        assert!(again.status == 410 && words.contains("without an opener, and is then sent only once"), "{again:?}");
        assert!(!again.body.to_string().contains(&secret));
    }
    assert_eq!(kinds(&server, &id).await, ["handover_opened_again", "handover_opened", "handed_over", "created"]);
    let found = server.get("/handovers").await.body["handovers"][0].clone();
    assert!(found["state"] == "opened" && found["opened_again_at"].is_string(), "{found}");
}

#[tokio::test]
async fn a_pin_is_tried_five_times_and_codes_ten_times_a_minute() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let handover = Handover::draw(&id, &secret, Some("4711"));
    assert_eq!(handover.create(&server).await.status, 201);
    let mut statuses = Vec::new();
    for pin in ["1", "2", "3", "4", "5", "4711"] {
        statuses.push(open(&server, json!({ "code": handover.code(), "pin": pin })).await.status);
    }
    assert_eq!(statuses, [403, 403, 403, 403, 410, 410]);
    assert_eq!(kinds(&server, &id).await[0], "handover_tried_too_often");
    // Who guesses isn't told which it was; who has code and PIN is.
    let told = async |pin| text(&open(&server, json!({ "code": handover.code(), "pin": pin })).await.body["message"]);
    assert_eq!(told("6").await, "This code no longer opens a secret");
    assert!(told("4711").await.starts_with("The secret is deleted: a wrong code or PIN was given too often"));
    let found = async || server.get("/handovers").await.body["handovers"][0].clone();
    let one = found().await;
    assert_eq!(
        (&one["state"], &one["wrong_tries"], &one["ended_from"]),
        (&json!("tried_too_often"), &json!(5), &json!("local"))
    );
    assert!(one["ended_at"].is_string() && one["acknowledged_at"].is_null(), "{one}");
    let alarm = format!("/handovers/{}/alarm", text(&one["id"]));
    assert_eq!(send(server.call(Method::DELETE, &alarm)).await.status, 204);
    assert!(found().await["acknowledged_at"].is_string());
    assert_eq!(kinds(&server, &id).await[0], "handover_acknowledged");
    // Nor does it hold up the word that another secret has arrived.
    let (id, secret) = server.create("two").await;
    let second = Handover::draw(&id, &secret, None);
    assert_eq!(second.create(&server).await.status, 201);
    let opener = "a".repeat(24);
    assert_eq!(open(&server, json!({ "code": second.code(), "opener": opener })).await.status, 200);
    let other = "0".repeat(30);
    let mut limited = open(&server, json!({ "code": other })).await;
    while limited.status != 429 {
        assert_eq!(limited.status, 404);
        limited = open(&server, json!({ "code": other })).await;
    }
    assert!(limited.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(confirm(&server, json!({ "code": second.code(), "opener": opener })).await, 204);
}

#[tokio::test]
async fn what_is_no_hand_over_is_refused() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    for (field, value) in [
        ("lookup", json!("AAAA")),
        ("proof", json!("")),
        ("sealed", json!("AAAA")),
        ("key_id", json!(1)),
        ("ttl_seconds", json!(59)),
        ("ttl_seconds", json!(604_801)),
        ("has_pin", json!("perhaps")),
    ] {
        let mut handover = Handover::draw(&id, &secret, None);
        handover.body[field] = value;
        let refused = handover.create(&server).await;
        assert_eq!((refused.status, text(&refused.body["message"]).starts_with(field)), (400, true), "{refused:?}");
    }
    for body in [json!({}), json!({ "code": "x" }), json!({ "code": 1 }), json!({ "lookup": "x" })] {
        assert_eq!(open(&server, body.clone()).await.status, 400, "{body}");
        assert_eq!(confirm(&server, json!({ "code": "x", "opener": "a".repeat(24) })).await, 400);
    }
    let mut handover = Handover::draw(&id, &secret, None);
    handover.body["ttl_seconds"] = json!(604_800);
    let created = handover.create(&server).await;
    let path = format!("/handovers/{}", text(&created.body["handover"]["id"]));
    assert_eq!(send(server.call(Method::DELETE, &path)).await.status, 204);
    assert_eq!(open(&server, json!({ "code": handover.code() })).await.status, 410, "it was taken back");
    server.delete(&id).await;
    assert_eq!(open(&server, json!({ "code": handover.code() })).await.status, 404);
}
