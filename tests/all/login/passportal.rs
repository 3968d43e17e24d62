//! Passportal itself, whose API has the exchange alone: no one is asked for a password there.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use chrono::Utc;
use serde_json::json;

use super::home::Home;
use crate::support::authority::{ALWAYS, Authority};
use crate::support::mock::{Mock, PASSWORD, always, serve_plain};
use crate::support::terminal::{Terminal, latchkey};

const HOST: &str = "us-clover.passportalmsp.com";
/// The form of Passportal's IDs and secrets.
const PAIR: (&str, &str) = ("11111111111111111111111111111111", "22222222222222222222222222222222");

/// A home whose profile is Passportal's host, which is a server of this test, and notes whether anybody signs in.
fn tenant(authority: &Authority, exchange: Router) -> (Home, Mock) {
    let mock = Mock::default();
    let port = authority.serve(mock.router().merge(exchange), &[HOST], ALWAYS, None);
    let more = format!("connect_to = \"127.0.0.1:{port}\"\nca_file = \"{}\"", authority.file().display());
    (Home::with_team(&format!("https://{HOST}"), &more), mock)
}

/// The home of a user of another server that exchanges so.
async fn elsewhere(exchange: Router) -> Home {
    let port = serve_plain(Mock::default().router().merge(exchange)).await;
    Home::with_team(&format!("http://127.0.0.1:{port}"), "")
}

fn good() -> Router {
    let answer = || async {
        let end = Utc::now().timestamp() + 3300;
        Json(json!({ "success": "true", "access_token": "eyJ0eX.a.b", "refresh_token": "a", "expiry_time": end }))
    };
    Router::new().route("/api/v2/auth/client_token", post(answer))
}

#[tokio::test]
async fn nobody_signs_in_at_passportal_and_the_exchange_works() {
    let authority = Authority::new("ours");
    let (home, mock) = tenant(&authority, good());
    for args in [&["keys", "list"][..], &["keys", "delete", "--yes", "1111"], &["keys", "create", "--show"]] {
        let ended = home.run(args, "", &[]).await;
        assert!(!ended.good && ended.err.contains("Passportal has no API for managing keys"), "{ended:?}");
        assert!(ended.err.contains("latchkey hmac, token and doctor") && ended.err.lines().count() == 1, "{ended:?}");
    }
    let ended = home.login(PASSWORD, &[]).await;
    assert!(!ended.good && ended.err.contains("Passportal has no API for managing keys"), "{ended:?}");
    let ended = home.run(&["--plain"], "list\nquit\n", &[]).await;
    assert!(
        ended.out.contains("Passportal has no API for managing keys") && !ended.out.contains("User name"),
        "{ended:?}"
    );
    let ended = home.run(&["token", PAIR.0], PAIR.1, &[]).await;
    assert!(ended.good && ended.out == "eyJ0eX.a.b\n", "{ended:?}");
    assert_eq!(mock.calls(), [""; 0]);
}

#[tokio::test]
async fn the_page_opens_at_passportal_and_makes_tokens() {
    let authority = Authority::new("ours");
    let (home, mock) = tenant(&authority, good());
    let page = tokio::task::spawn_blocking(move || {
        let mut terminal = Terminal::start(latchkey(&home.at("")));
        terminal.sees("Passportal has no API for managing keys");
        terminal.sees("Press t to test tokens");
        terminal.send(b"c");
        terminal.sees("Passportal keys are managed in its dashboard");
        terminal.press("t");
        terminal.press(&format!("<Tab>{}<Tab>{}<Tab><Tab><Tab><Tab><Enter>", PAIR.0, PAIR.1));
        terminal.sees("Access token received.");
        terminal.send(b"\x03");
        terminal.ends().0.success()
    });
    assert!(page.await.unwrap());
    assert_eq!(mock.calls(), [""; 0]);
}

#[tokio::test]
async fn the_doctor_knows_what_passportal_does_not_have() {
    let authority = Authority::new("ours");
    let (home, mock) = tenant(&authority, good());
    let ended = home.run(&["doctor"], "", &[]).await;
    assert!(ended.good && !ended.out.contains("wrong"), "{ended:?}");
    assert!(ended.out.contains("The server answers, but has no /health (Passportal has none)."), "{ended:?}");
    assert!(!ended.out.contains("login"), "{ended:?}");
    assert!(elsewhere(good()).await.run(&["doctor"], "", &[]).await.out.contains("login"));
    assert_eq!(mock.calls(), [""; 0]);
    // The documentation names other hosts for the API; one that answers isn't wrong for that.
    let authority = Authority::new("ours");
    let port = authority.serve(mock.router(), &["www.passportalmsp.com"], ALWAYS, None);
    let more = format!("connect_to = \"127.0.0.1:{port}\"\nca_file = \"{}\"", authority.file().display());
    let ended = Home::with_team("https://www.passportalmsp.com", &more).run(&["doctor"], "", &[]).await;
    assert!(ended.out.contains("www.passportalmsp.com is not one of them"), "{ended:?}");
    assert!(ended.good && !ended.out.contains("wrong"), "{ended:?}");
}

#[tokio::test]
async fn a_pair_that_passportal_refuses_is_looked_up_in_its_dashboard() {
    let refused = || async {
        let error = json!({ "success": "false", "message": "Key verification failed", "code": 1000, "status": 401 });
        (StatusCode::UNAUTHORIZED, Json(error))
    };
    let authority = Authority::new("ours");
    let exchange = Router::new().route("/api/v2/auth/client_token", post(refused));
    let (home, _) = tenant(&authority, exchange.clone());
    let ended = home.run(&["doctor", PAIR.0], PAIR.1, &[]).await;
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert!(ended.out.contains("Check in Passportal's dashboard (Settings › API Keys)"), "{ended:?}");
    assert!(!ended.out.to_lowercase().contains("sign in"), "{ended:?}");
    let elsewhere = elsewhere(exchange).await.run(&["doctor", PAIR.0], PAIR.1, &[]).await;
    assert!(elsewhere.out.to_lowercase().contains("sign in"), "{elsewhere:?}");
    let page = tokio::task::spawn_blocking(move || {
        let mut terminal = Terminal::start(latchkey(&home.at("")));
        terminal.sees("Press t to test tokens");
        terminal.press("t");
        terminal.press(&format!("<Tab>{}<Tab>{}<Tab><Tab><Tab><Tab><Enter>", PAIR.0, PAIR.1));
        terminal.sees("Check in Passportal's dashboard");
        terminal.send(b"\x03");
        terminal.ends().0.success()
    });
    assert!(page.await.unwrap());
}

#[tokio::test]
async fn another_server_without_a_sign_in_may_have_another_address() {
    let missing = || (StatusCode::NOT_FOUND, Json(json!({ "message": "Not Found" }))).into_response();
    let port = serve_plain(always(missing)).await;
    let ended = Home::with_team(&format!("http://127.0.0.1:{port}"), "").login(PASSWORD, &[]).await;
    assert!(ended.err.contains("No latchkey sign-in at this address (404). Check the base URL."), "{ended:?}");
    assert_eq!(ended.code, Some(6), "{ended:?}");
}
