//! Answers that are not the API's, and signing in.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use latchkey::client::{ApiError, Changes, Client, ConnectionSettings, Cursor, ListRequest};
use latchkey::domain::{Filter, KeyId, KeyQuery, Sort, Status, views};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::to;
use crate::support::mock::{Mock, PASSWORD, TOKEN, always, serve_plain};
use crate::support::server::{SESSION, Server};

async fn at(router: axum::Router) -> ConnectionSettings {
    to(&format!("http://127.0.0.1:{}", serve_plain(router).await))
}

async fn asked(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> ApiError {
    super::ask(&at(always(answer)).await).await.unwrap_err()
}

fn page(status: u16) -> Response {
    let page = "<!doctype html><title>Sign in to \u{1b}]0;Wi-Fi</title>";
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

#[tokio::test]
async fn a_web_page_is_called_one_whatever_its_status() {
    for status in [200, 401, 403, 404, 429, 502, 511] {
        let error = asked(move || page(status)).await;
        assert_eq!(
            error.to_string(),
            format!(
                "The answer ({status}) is a web page titled “Sign in to ^[]0;Wi-Fi”, not the API. There may be a proxy or a \
                 sign-in page in front of the server, or the base URL is wrong."
            )
        );
        assert_eq!(error.is_passing(), status >= 500);
        assert!(!error.is_denial());
    }
    let large = asked(|| {
        let body = format!("<html><title>Large</title>{}", " ".repeat(5 << 20));
        (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "text/html")], body).into_response()
    });
    assert!(large.await.to_string().contains("is a web page"));
}

/// Some servers refuse with 200, and some write `success` as a text.
#[tokio::test]
async fn a_refusal_with_200_is_a_refusal_in_the_servers_words() {
    for success in [json!(false), json!("false")] {
        let refused = |code: i64| {
            let body = json!({ "success": success, "message": "No such thing", "code": code });
            asked(move || (StatusCode::OK, Json(body.clone())).into_response())
        };
        assert!(matches!(refused(1000).await, ApiError::Verification));
        assert!(matches!(refused(1006).await, ApiError::NotSignedIn(_)));
        let error = refused(0).await;
        assert!(matches!(error, ApiError::Refused(200, _)) && error.to_string().contains("No such thing"), "{error}");
    }
}

#[tokio::test]
async fn a_web_page_that_says_404_deletes_nothing() {
    let client = Client::connect(&at(always(|| page(404))).await, None).unwrap();
    let deleted = client.delete(&KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap(), None).await;
    assert!(matches!(deleted, Err(ApiError::WebPage(404, _))), "{deleted:?}");
    let gone = || {
        let error = json!({ "success": false, "message": "There is no such key", "code": 0, "status": 404 });
        (StatusCode::NOT_FOUND, Json(error)).into_response()
    };
    let client = Client::connect(&at(always(gone)).await, None).unwrap();
    assert!(!client.delete(&KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap(), None).await.unwrap().result, "it was gone");
}

#[tokio::test]
async fn no_session_follows_a_redirect() {
    let elsewhere = Mock::default();
    let port = serve_plain(elsewhere.router()).await;
    let target = format!("http://127.0.0.1:{port}/api/v2/keys");
    let connection = at(always(move || Redirect::temporary(&target).into_response())).await;
    let client = Client::connect(&connection, Some(&SecretString::from(TOKEN))).unwrap();
    let error = client.count(&Filter::default()).await.unwrap_err();
    assert!(matches!(error, ApiError::SentElsewhere(307, _)), "{error:?}");
    assert!(error.to_string().contains(&format!("use the base URL http://127.0.0.1:{port}.")), "{error}");
    assert_eq!(elsewhere.calls(), [""; 0]);
}

#[tokio::test]
async fn too_many_tries_say_how_long_to_wait() {
    let busy = |wait: Option<&'static str>| {
        move || {
            let error = json!({ "success": "false", "message": "Too many wrong passwords.", "code": 0, "status": 429 });
            let mut answer = (StatusCode::TOO_MANY_REQUESTS, Json(error)).into_response();
            answer.headers_mut().extend(wait.map(|wait| (header::RETRY_AFTER, wait.parse().unwrap())));
            answer
        }
    };
    for (wait, words) in [
        (Some("7"), "Try again in 7 seconds."),
        (Some("1"), "Try again in 1 second."),
        (Some("soon"), "Try again later."),
        (None, "Try again later."),
    ] {
        let error = asked(busy(wait)).await;
        assert_eq!(error.to_string(), format!("Too many attempts: Too many wrong passwords. {words}"));
        assert!(!error.is_denial());
    }
}

/// `Retry-After` as a time counts by the server's clock, and is for any refusal that passes.
#[tokio::test]
async fn a_time_to_wait_until_is_said_in_seconds() {
    for status in [429, 503] {
        let answer = move || {
            let error = json!({ "success": false, "message": "Not now", "code": 0, "status": status });
            let headers = [("date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("retry-after", "Wed, 21 Oct 2015 07:28:40 GMT")];
            (StatusCode::from_u16(status).unwrap(), headers, Json(error)).into_response()
        };
        let said = asked(answer).await.to_string();
        assert!(said.ends_with(": Not now. Try again in 40 seconds."), "{said}");
    }
    let answer = || (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")], "").into_response();
    let said = asked(answer).await.to_string();
    assert_eq!(said, "The server failed (503): Service Unavailable. Try again in 1 second.");
}

#[tokio::test]
async fn a_redirect_says_where_it_leads() {
    let sent = async |to: &str| {
        let to = to.to_owned();
        asked(move || (StatusCode::FOUND, [("location", to.as_str())]).into_response()).await.to_string()
    };
    for (to, base) in [
        ("https://keys.example/api/v2/keys?limit=1&total=true", "https://keys.example"),
        ("https://keys.example/team/api/v2/keys", "https://keys.example/team"),
    ] {
        let said = sent(to).await;
        let to = to.split('?').next().unwrap();
        assert!(said.contains(&format!("redirects (302) to {to}, and")), "{said}");
        assert!(said.ends_with(&format!("If you trust that address, use the base URL {base}.")), "{said}");
    }
    let said = sent("https://jo:hunter2@sso.example/start?state=hunter3#hunter4").await;
    assert!(said.contains("to https://sso.example/start, and") && !said.contains("hunter"), "{said}");
    assert!(
        said.ends_with("There may be a sign-in page in front of the server, or the base URL or the proxy is wrong.")
    );
    let said = sent("/api/v2/keys").await; // the same place again: no other base URL helps
    assert!(said.contains("There may be a sign-in page"), "{said}");
}

#[tokio::test]
async fn a_proxy_that_answers_407_itself_is_named() {
    let said = asked(|| StatusCode::PROXY_AUTHENTICATION_REQUIRED.into_response()).await.to_string();
    assert!(said.starts_with("The proxy requires a user name and password"), "{said}");
}

#[tokio::test]
async fn one_signs_in_works_and_signs_out() {
    let mock = Mock::default();
    let nobody = Client::connect(&at(mock.router()).await, None).unwrap();
    let session = nobody.sign_in("jo", &SecretString::from(PASSWORD)).await.unwrap();
    assert_eq!(session.token.expose_secret(), TOKEN);
    assert_eq!(
        (session.username.to_display(20), session.role.to_display(20)),
        ("jo".to_owned(), "administrator".to_owned())
    );
    assert!(!format!("{session:?}").contains(TOKEN));
    let jo = nobody.with_session(&session.token).unwrap();
    jo.count(&Filter::default()).await.unwrap();
    jo.sign_in("mo", &SecretString::from(PASSWORD)).await.unwrap();
    nobody.count(&Filter::default()).await.unwrap();
    jo.sign_out().await.unwrap();
    let by_jo = |call| format!("{call} by Bearer {TOKEN}");
    let expected = ["sign in by nobody", &by_jo("keys"), "sign in by nobody", "keys by nobody", &by_jo("sign out")];
    assert_eq!(mock.calls(), expected);
}

#[tokio::test]
async fn a_wrong_password_is_called_so() {
    let client = Client::connect(&at(Mock::default().router()).await, None).unwrap();
    let error = client.sign_in("jo", &SecretString::from("hunter2")).await.unwrap_err();
    assert_eq!(error.to_string(), "Incorrect user name or password.");
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_session_that_has_ended_counts_as_signed_out() {
    let ended = || {
        let error = json!({ "success": false, "message": "Invalid token: sign in again", "code": 1006, "status": 401 });
        (StatusCode::UNAUTHORIZED, Json(error)).into_response()
    };
    let client = Client::connect(&at(always(ended)).await, Some(&SecretString::from(TOKEN))).unwrap();
    assert!(client.sign_out().await.is_ok());
    let client = Client::connect(&at(always(|| page(401))).await, Some(&SecretString::from(TOKEN))).unwrap();
    assert!(client.sign_out().await.is_err());
}

#[tokio::test]
async fn a_session_token_that_no_header_can_hold_is_refused() {
    let answer = || {
        let session =
            json!({ "success": true, "session_token": "a\nb", "expires_at": "2999-01-01T00:00:00Z", "username": "jo" });
        Json(session).into_response()
    };
    let client = Client::connect(&at(always(answer)).await, None).unwrap();
    let error = client.sign_in("jo", &SecretString::from(PASSWORD)).await.unwrap_err();
    assert!(matches!(error, ApiError::Garbled(200, _)), "{error:?}");
}

/// A server that filters after it has cut its pages has empty ones before the last.
#[tokio::test]
async fn an_empty_page_with_a_next_one_is_not_the_end() {
    let key = json!({ "id": "PK7QW3N5ZJ0V4T8M2XHC", "status": "active", "created_at": "2026-01-01T00:00:00Z" });
    let served = async |last: usize| {
        let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let cursor = request.uri().query().unwrap_or_default().rsplit_once("cursor=").map_or("0", |(_, at)| at);
            let at: usize = cursor.parse().unwrap();
            let keys = if at == last { vec![key.clone()] } else { Vec::new() };
            let next = (at < last).then(|| (at + 1).to_string());
            async move { Json(json!({ "success": true, "keys": keys, "next_cursor": next, "total": 1 })) }
        });
        Client::connect(&at(router).await, None).unwrap()
    };
    let request =
        ListRequest { query: KeyQuery::default(), place: Cursor::Start, counted: false, uses: false, export: None };
    let page = served.clone()(3).await.page(&request, 10).await.unwrap();
    assert_eq!((page.keys.len(), page.after), (1, None));
    let error = served(1000).await.page(&request, 10).await.unwrap_err();
    assert!(error.to_string().contains("100 pages in a row"), "{error}");
}

/// A server from before must not be believed to have done what it does not know.
#[tokio::test]
async fn a_server_that_ignores_a_filter_is_noticed() {
    let key = json!({ "id": "PK7QW3N5ZJ0V4T8M2XHC", "status": "active", "created_at": "2026-01-01T00:00:00Z" });
    let ignores = move || {
        let keys = vec![key.clone()];
        Json(json!({ "success": true, "keys": keys, "next_cursor": null, "total": 1 })).into_response()
    };
    let refuses = |message: &'static str| {
        move || {
            let error = json!({ "success": false, "message": message, "code": 0, "status": 400 });
            (StatusCode::BAD_REQUEST, Json(error)).into_response()
        }
    };
    let filter = |text: &str| Filter { text: text.to_owned(), status: None };
    let list = |text, sort| ListRequest {
        query: KeyQuery { filter: filter(text), sort, ..KeyQuery::default() },
        place: Cursor::Start,
        counted: false,
        uses: false,
        export: None,
    };
    let older = Client::connect(&at(always(ignores)).await, None).unwrap();
    let stricter = Client::connect(&at(always(refuses("query: is not a known field"))).await, None).unwrap();
    for client in [&older, &stricter] {
        let error = client.page(&list("backup owner:jo -test", Sort::Label), 10).await.unwrap_err();
        assert!(error.to_string().starts_with("This server can't filter by owner:jo -test: it is older"), "{error}");
        assert!(matches!(client.count(&filter("never-used")).await, Err(ApiError::NotFiltered(_))));
    }
    assert_eq!(older.page(&list("backup zurich", Sort::Label), 10).await.unwrap().keys.len(), 1, "words are known");
    assert!(matches!(older.page(&list("", Sort::ExpiresAt), 10).await, Err(ApiError::NotSorted("expires_at"))));
    let sort = refuses("sort: is not one of the known words");
    let stricter = Client::connect(&at(always(sort)).await, None).unwrap();
    assert!(matches!(stricter.page(&list("", Sort::CreatedBy), 10).await, Err(ApiError::NotSorted("created_by"))));
    let error = older.page(&list("owner:\"", Sort::Label), 10).await.unwrap_err();
    assert!(matches!(error, ApiError::BadSearch(_)), "{error}");
    let missing = || {
        let error = json!({ "success": false, "message": "This key was not found", "code": 0, "status": 404 });
        (StatusCode::NOT_FOUND, Json(error)).into_response()
    };
    let none = Client::connect(&at(always(missing)).await, None).unwrap();
    assert!(matches!(none.counts(&[filter("")]).await, Err(ApiError::NoCounts)));
}

#[tokio::test]
async fn of_an_older_server_what_it_can_count_is_counted() {
    let router = axum::Router::new().fallback(|request: axum::extract::Request| async move {
        let url = reqwest::Url::parse(&format!("http://localhost{}", request.uri())).unwrap();
        let queries: Vec<String> = url.query_pairs().map(|(_, query)| query.into_owned()).collect();
        if queries.iter().any(|query| query.contains("reactivates")) {
            let error = json!({ "success": false, "message": "Malformed request: query", "code": 0, "status": 400 });
            return (StatusCode::BAD_REQUEST, Json(error)).into_response();
        }
        let counts: Vec<_> = queries.iter().map(|query| json!({ "query": query, "total": 3 })).collect();
        Json(json!({ "success": true, "counts": counts })).into_response()
    });
    let client = Client::connect(&at(router).await, None).unwrap();
    let filters = ["status:active", "reactivates:any", "never-used"];
    let filters = filters.map(|text| Filter { text: text.to_owned(), status: None });
    assert_eq!(client.counts(&filters).await.unwrap(), [Some(3), None, Some(3)]);
}

/// A server from before refuses what it does not know, or ignores it: the list is then read from its beginning.
#[tokio::test]
async fn a_page_around_a_key_is_the_first_one_of_an_older_server() {
    let key = json!({ "id": "PK7QW3N5ZJ0V4T8M2XHC", "status": "active", "created_at": "2026-01-01T00:00:00Z" });
    for is_strict in [true, false] {
        let key = key.clone();
        let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let query = request.uri().query().unwrap_or_default();
            let unknown = ["usage_days", "around"].into_iter().find(|name| query.contains(&format!("{name}=")));
            let (asks, message) = (unknown.is_some(), format!("{}: is not a known field", unknown.unwrap_or_default()));
            let error = json!({ "success": false, "message": message, "code": 0, "status": 400 });
            let page = json!({ "success": true, "keys": [key], "next_cursor": "n", "prev_cursor": "p", "total": 2 });
            async move {
                if is_strict && asks {
                    (StatusCode::BAD_REQUEST, Json(error)).into_response()
                } else {
                    Json(page).into_response()
                }
            }
        });
        let client = Client::connect(&at(router).await, None).unwrap();
        let place = Cursor::Around(KeyId::parse("PK0").unwrap());
        let request = ListRequest { query: KeyQuery::default(), place, counted: false, uses: true, export: None };
        let page = client.page(&request, 10).await.unwrap();
        assert_eq!((page.keys.len(), page.before.is_some(), page.after.is_some()), (1, false, true));
        assert_eq!(page.place(&request.place), Cursor::Start);
    }
}

#[tokio::test]
async fn views_are_counted_by_a_real_server() {
    let server = Server::start().await;
    server.create("backup").await;
    server.create("report").await;
    let client = Client::connect(&to(&server.base), Some(&SecretString::from(SESSION))).unwrap();
    let filters: Vec<Filter> =
        views(Some("jo")).into_iter().map(|view| Filter { text: view.search, status: None }).collect();
    let counted = client.counts(&filters).await.unwrap();
    assert_eq!(counted, [2, 2, 0, 0, 0, 0, 2, 2, 0, 0, 2, 0].map(Some));
    let filter = Filter { text: "back status:active created:<1d".to_owned(), status: Some(Status::Active) };
    assert_eq!(client.count(&filter).await.unwrap(), 1);
}

#[tokio::test]
async fn what_another_has_changed_is_not_overwritten() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    let client = Client::connect(&to(&server.base), Some(&SecretString::from(SESSION))).unwrap();
    let id = KeyId::parse(&id).unwrap();
    let read = client.key(&id).await.unwrap();
    let other = Changes { status: Some(Status::Inactive), ..Changes::default() };
    assert_eq!(client.edit(&id, &other).await.unwrap().result.revision, Some(2));
    let mine = Changes { expires_at: Some(None), revision: read.revision, ..Changes::default() };
    let error = client.edit(&id, &mine).await.unwrap_err();
    assert!(error.to_string().starts_with("Another administrator has changed this key"), "{error}");
    assert!(matches!(error, ApiError::Changed(Some(key)) if key.status == Status::Inactive && key.revision == Some(2)));
    assert!(matches!(client.delete(&id, read.revision).await, Err(ApiError::Changed(Some(_)))));
    assert!(client.delete(&id, Some(2)).await.unwrap().result);
}
