//! Steps two and three: HMAC tokens, access tokens, and the doctor.

use crossterm::event::Event;
use latchkey::client::{Client, ConnectionSettings, Server, Target};
use latchkey::domain::{BaseUrl, Content, Filter, Verdict, hmac_token};
use latchkey::platform::clipboard::report::What;
use latchkey::tui::state::{Dialog, HmacStep, Step, TestState, TestStep};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::Bench;
use super::trouble::client_at;
use crate::support::authority::{ALWAYS, Authority};
use crate::support::bench::{client_of, server_named};
use crate::support::mock::Mock;
use secrecy::SecretString;

fn hmac(bench: &Bench) -> &HmacStep {
    match step(bench) {
        Some(Step::Hmac(step)) => step,
        other => panic!("no HMAC token is made but {other:?}"),
    }
}

fn test(bench: &Bench) -> &TestStep {
    match step(bench) {
        Some(Step::Test(step)) => step,
        other => panic!("nothing is tested but {other:?}"),
    }
}

fn step(bench: &Bench) -> Option<&Step> {
    match bench.state().dialog.as_ref().unwrap() {
        Dialog::Reveal(reveal) => reveal.step.as_ref(),
        Dialog::Token(token) => token.step.as_ref(),
        _ => None,
    }
}

/// Types an ID and a secret into the page for any key.
async fn open_page(bench: &mut Bench, id: &str, secret: &str) {
    bench.type_keys("t").await;
    let base = if bench.state().list.selected_key().is_some() { "<BackTab>" } else { "<Tab>" };
    bench.type_keys(base).await;
    bench.type_keys("<Ctrl-U>").await;
    bench.press(id);
    bench.type_keys("<Tab>").await;
    bench.press(secret);
}

#[tokio::test]
async fn an_authority_of_this_run_is_trusted_for_the_other_server_too() {
    let (authority, mock) = (Authority::new("ours"), Mock::default());
    let port = authority.serve(mock.router(), &["localhost"], ALWAYS, None);
    let other = BaseUrl::parse(&format!("https://localhost:{port}")).unwrap().0;
    let run_ca_file = Some(authority.file());
    for (run_ca_file, is_trusted) in [(run_ca_file, true), (None, false)] {
        let target = Target::Url(BaseUrl::parse("http://127.0.0.1:1").unwrap().0);
        let settings = ConnectionSettings { run_ca_file, ..ConnectionSettings::new(target) };
        let client = Client::connect(&settings, None).unwrap().elsewhere(other.clone()).unwrap();
        let counted = client.count(&Filter::default()).await;
        assert_eq!(counted.is_ok(), is_trusted, "{counted:?}");
    }
}

#[tokio::test]
async fn an_hmac_token_of_the_new_secret_is_made_shown_and_copied() {
    let mut bench = Bench::new().await;
    bench.type_keys("c<Enter><Enter>").await;
    bench.type_keys("h").await;
    let secret = bench.secret();
    let offered = hmac(&bench).content.text().to_owned();
    assert!(offered.len() == 32 && offered.bytes().all(|b| b.is_ascii_hexdigit()));
    bench.type_keys("<Enter>").await;
    let token = hmac_token(secret.expose().as_bytes(), offered.as_bytes());
    bench.sees(token.expose());
    bench.sees("hidden in 30 s");
    bench.hides(secret.expose());
    bench.type_keys("<Enter><Tab><Enter><Tab><Enter>").await;
    assert_eq!(bench.copied()[0], (What::HmacToken, token.expose().to_owned()));
    assert_eq!(bench.copied()[1], (What::Content, offered.clone()));
    let (what, curl) = &bench.copied()[2];
    assert_eq!(*what, What::Request);
    assert!(curl.contains(token.expose()) && curl.contains(&offered) && curl.contains("A credential"));
    assert!(!curl.contains(secret.expose()), "the secret is not in the request");
    bench.sees("curl command (contains a credential) sent");
    // Another content: the old token is gone, and the new one is its.
    bench.type_keys("<Tab><Tab><Ctrl-U>api-content-hash").await;
    bench.loses(token.expose());
    bench.type_keys("<Enter>").await;
    bench.sees(hmac_token(secret.expose().as_bytes(), b"api-content-hash").expose());
    // It is a credential: it hides by itself and when no one looks.
    bench.type_keys("<FocusLost>").await;
    assert!(hmac(&bench).made.is_none());
    bench.type_keys("<Esc>").await;
    bench.sees("Access key created");
    assert_eq!(bench.secret().expose(), secret.expose());
}

#[tokio::test]
async fn an_hmac_token_hides_by_itself() {
    let mut bench = Bench::new().await;
    bench.type_keys("c<Enter><Enter>").await;
    bench.type_keys("h<Enter>").await;
    assert!(hmac(&bench).made.is_some());
    bench.pass(std::time::Duration::from_secs(30)).await;
    assert!(hmac(&bench).made.is_none());
    bench.sees("[Generate]");
}

#[tokio::test]
async fn the_secret_does_not_go_into_the_content() {
    let mut bench = Bench::new().await;
    bench.type_keys("c<Enter><Enter>").await;
    bench.type_keys("h<Ctrl-U>").await;
    let secret = bench.secret();
    bench.press(secret.expose());
    bench.type_keys("<Enter>").await;
    bench.sees("That was a secret, so the field was cleared. The content is sent");
    bench.hides(secret.expose());
    assert!(hmac(&bench).made.is_none());
    bench.input(Event::Paste(format!("sha of {}", secret.expose())));
    bench.sees("Paste ignored: it contains a secret");
    bench.hides(secret.expose());
    bench.type_keys("<Enter>").await;
    bench.sees("The content is empty");
}

#[tokio::test]
async fn a_new_key_is_tested_by_a_real_exchange() {
    let mut bench = Bench::new().await;
    bench.type_keys("c<Enter><Enter>").await;
    bench.type_keys("t").await;
    bench.sees("Access token received.");
    bench.sees("UTC");
    bench.sees("The server accepts the token for this key.");
    let TestState::Works { grant, verdict, .. } = &test(&bench).test.state else {
        panic!("{:?}", test(&bench).test.state)
    };
    assert_eq!(*verdict, Ok(Verdict::Good(test(&bench).test.id.clone())));
    let token = grant.access_token.expose().to_owned();
    assert!((3500..=3600).contains(&(grant.expires_at - bench.now().utc).num_seconds()));
    bench.hides(&token);
    bench.type_keys("<Tab><Enter>").await;
    assert_eq!(bench.copied(), [(What::AccessToken, token.clone())]);
    assert!(!format!("{:?}", bench.state()).contains(&token));
    // Each test draws a content of its own, so no two tokens are made of the same.
    bench.type_keys("<Tab><Enter>").await;
    let TestState::Works { grant, .. } = &test(&bench).test.state else { panic!("{:?}", test(&bench).test.state) };
    assert_ne!(grant.access_token.expose(), token);
}

#[tokio::test]
async fn a_key_made_earlier_has_its_token_and_nothing_of_it_stays() {
    let mut bench = Bench::new().await;
    let (id, secret) = bench.create("earlier").await;
    open_page(&mut bench, &id, secret.expose()).await;
    bench.hides(secret.expose());
    assert!(!format!("{:?}", bench.state()).contains(secret.expose()));
    bench.type_keys("<Tab><Tab><Tab><Tab><Enter>").await;
    bench.sees("The server accepts the token");
    bench.type_keys("<Esc><Esc>").await;
    assert!(bench.state().dialog.is_none());
    bench.type_keys("t").await;
    let Some(Dialog::Token(page)) = &bench.state().dialog else { panic!() };
    assert_eq!((page.id.text(), page.secret.text()), (id.as_str(), ""));
}

#[tokio::test]
async fn what_stands_in_the_wrong_field_is_named() {
    let mut bench = Bench::new().await;
    let (id, secret) = bench.create("one").await;
    open_page(&mut bench, &id, &id).await;
    bench.type_keys("<Tab>").await;
    bench.sees("This is an Access key ID (it begins with PK), not the Secret access key");
    bench.type_keys("<Tab><Tab><Tab><Enter>").await;
    assert!(step(&bench).is_none(), "nothing is sent");
    bench.type_keys("<Esc>").await;
    // A typing error is found before anything is sent.
    open_page(&mut bench, &id, &secret.expose()[..51]).await;
    bench.press(if secret.expose().ends_with('x') { "y" } else { "x" });
    bench.type_keys("<Tab><Tab><Tab><Tab><Enter>").await;
    bench.sees("The checksum at the end of the Secret access key doesn't match");
    assert!(step(&bench).is_none());
    bench.type_keys("<Esc>").await;
    // A secret does not stay where it can be read.
    bench.type_keys("t<BackTab>").await;
    bench.input(crossterm::event::Event::Paste(secret.expose().to_owned()));
    assert!(!bench.has_asked());
    bench.sees("Paste ignored: this is a Secret access key");
    bench.press("<Ctrl-U>");
    bench.press(secret.expose());
    bench.type_keys("<Tab>").await;
    bench.sees("the field was cleared");
    bench.hides(secret.expose());
}

#[tokio::test]
async fn the_doctor_says_why_a_key_is_refused() {
    let mut bench = Bench::new().await;
    let (id, secret) = bench.create("sick").await;
    bench.type_keys("a<Tab><Enter>").await;
    open_page(&mut bench, &id, secret.expose()).await;
    bench.type_keys("<Tab><Tab><Tab><Tab><Enter>").await;
    bench.sees("Key verification failed (code 1000).");
    bench.sees("The key is inactive.");
    bench.sees("Activate it in the list of keys");
    bench.type_keys("<Esc><Esc>").await;
    bench.type_keys("a<Tab><Enter>").await;
    // The secret of another key.
    let (_, other) = bench.create("other").await;
    open_page(&mut bench, &id, other.expose()).await;
    bench.type_keys("<Tab><Tab><Tab><Tab><Enter>").await;
    bench.sees("belongs to another key");
    bench.type_keys("<Esc><Esc>").await;
    // A key of no one.
    open_page(&mut bench, "PK000000000000000000", other.expose()).await;
    bench.type_keys("<Tab><Tab><Tab><Tab><Enter>").await;
    bench.sees("The server has no key with this ID");
}

#[tokio::test]
async fn the_doctor_says_how_a_foreign_token_was_made() {
    let mut bench = Bench::new().await;
    let (id, secret) = bench.create("theirs").await;
    open_page(&mut bench, &id, secret.expose()).await;
    bench.type_keys("<Tab>api-content-hash<Tab>").await;
    let failing = hmac_token(format!("{}\n", secret.expose()).as_bytes(), Content::EXAMPLE.as_bytes());
    bench.press(failing.expose());
    bench.type_keys("<Tab><Tab><Tab><Enter>").await;
    bench.sees("computed with a trailing newline in the secret");
    bench.sees("Use printf %s or echo -n");
    bench.hides(failing.expose());
    assert!(!format!("{:?}", bench.state()).contains(failing.expose()));
}

/// Passportal has the exchange and nothing else of ours, and sends the expiry as text.
#[tokio::test]
async fn a_real_tenant_of_passportal_is_asked_by_its_base_url() {
    let state = axum::Router::new().route(
        "/api/v2/auth/client_token",
        axum::routing::post(|headers: axum::http::HeaderMap| async move {
            assert_eq!(headers["x-key"], "1".repeat(32));
            assert!(!headers.contains_key("authorization"), "no session of ours goes to another server");
            let expiry = (chrono::Utc::now().timestamp() + 3300).to_string();
            axum::Json(serde_json::json!({
                "success": "true", "access_token": "eyJ0eX.a.b", "refresh_token": "ada7", "expiry_time": expiry
            }))
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async { axum::serve(listener, state).await });
    let mut bench = Bench::new().await;
    bench.type_keys("t").await;
    bench.press(&format!("http://127.0.0.1:{port}//dashboard#/default<Tab>"));
    bench.press(&format!("{}<Tab>{}<Tab><Tab><Tab><Tab>", "1".repeat(32), "2".repeat(32)));
    bench.type_keys("<Enter>").await;
    bench.sees("Access token received.");
    bench.sees("Expires in 5");
    bench.sees("This server has no call that verifies an access token");
    bench.type_keys("<Esc>").await;
    bench.sees(&format!("Only http://127.0.0.1:{port} of the pasted address is used."));
    serving.abort();
}

#[tokio::test]
async fn an_answer_of_a_proxy_is_named_in_a_test() {
    let page = axum::Router::new().fallback(|| async { axum::response::Html("<title>Hotel</title>") });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async { axum::serve(listener, page).await });
    let client = client_at(&base, &SecretString::from("any"));
    let server = Server { target: Target::Socket("x".into()), ..server_named("hotel") };
    let mut bench = Bench::with(TempDir::new().unwrap(), client_of(client, server));
    bench.settle().await;
    open_page(&mut bench, &"1".repeat(32), &"2".repeat(32)).await;
    bench.type_keys("<Tab><Tab><Tab><Tab><Enter>").await;
    bench.sees("web page titled “Hotel”");
    serving.abort();
}
