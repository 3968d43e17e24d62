//! A server whose every text is hostile.

use serde_json::{Value, json};

use crate::support::hostile::as_id;
use crate::support::raw;

/// Rows of its list, on two pages.
pub const ROWS: usize = 6;

/// Serves with this text in every field of every answer; what changes a key is refused with it, `how` it was asked to.
pub fn start(text: &str, how: How) -> u16 {
    let text = text.to_owned();
    raw::serve(move |asked| answer(&text, asked, how))
}

/// How a call that changes something ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is done.
    Done,
    /// It is refused in JSON.
    Refused,
    /// A web page comes in its place.
    Page,
}

fn answer(text: &str, asked: &raw::Asked, how: How) -> Vec<u8> {
    let (method, path) = (asked.method.as_str(), asked.path.trim_start_matches("/api/v2"));
    if path.starts_with("/auth/session") && method == "POST" {
        let name: String = text.chars().take(200).collect();
        return raw::signed_in(&name, &name);
    }
    if path.starts_with("/auth/session") {
        return raw::raw("204 No Content", &[], "");
    }
    if path.starts_with("/health") {
        return raw::json(200, &json!({ "version": text }));
    }
    if how != How::Done && !path.starts_with("/keys?") {
        return refusal(text, how);
    }
    match (method, path) {
        ("GET", list) if list.starts_with("/keys?") => {
            let Some(is_second) = second_page(list, text) else { return wrong_cursor() };
            let (numbers, next) = if is_second { (3..ROWS, None) } else { (0..3, Some(text)) };
            let keys: Vec<Value> = numbers.map(|number| key(text, number)).collect();
            raw::json(200, &json!({ "keys": keys, "total": ROWS, "next_cursor": next, "server_time": text }))
        }
        ("GET", events) if events.contains("/events") => {
            let Some(is_second) = second_page(events, text) else { return wrong_cursor() };
            let event = json!({ "at": "2026-11-01T09:30:00Z", "kind": text, "by": text, "from": text, "detail": text });
            let next = (!is_second).then_some(text);
            raw::json(200, &json!({ "events": [event, event], "next_cursor": next }))
        }
        ("GET", "/auth/verify") => raw::raw("204 No Content", &[("x-access-key-id", &sayable(text))], ""),
        ("POST", "/keys") => raw::json(201, &json!({ "key": key(text, 7), "secret_access_key": "sk_hostile-server" })),
        ("DELETE", _) => raw::raw("204 No Content", &[], ""),
        ("POST", _) => raw::json(200, &json!({ "access_token": "eyJhostile", "expiry_time": 32_503_680_000_u64 })),
        _ => raw::json(200, &json!({ "key": key(text, 0) })),
    }
}

/// Whether the second page is asked for; none if the cursor is not the text that was given, to the letter.
fn second_page(path: &str, text: &str) -> Option<bool> {
    let url = url::Url::parse(&format!("http://host{path}")).unwrap();
    let mut cursors = url.query_pairs().filter(|(name, _)| name == "cursor");
    cursors.next().map_or(Some(false), |(_, cursor)| (cursor == text).then_some(true))
}

fn wrong_cursor() -> Vec<u8> {
    raw::json(400, &json!({ "message": "this cursor was never given", "code": 0 }))
}

/// HTTP's own gate refuses an answer with an ASCII control character in a header.
fn sayable(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_control()).take(120).collect()
}

/// The text in the error, in the reason phrase, and in every header that is read.
fn refusal(text: &str, how: How) -> Vec<u8> {
    let line = sayable(text);
    let headers = [("retry-after", line.as_str()), ("date", &line), ("x-access-key-id", &line), ("x-other", &line)];
    match how {
        How::Page => {
            let headers = [&[("content-type", "text/html")], &headers[..]].concat();
            raw::raw("502 Bad", &headers, &format!("<html><title>{text}</title>{text}"))
        }
        _ => raw::raw("500 Failed", &[], &json!({ "message": text, "code": 0 }).to_string()),
    }
}

pub fn key(text: &str, number: usize) -> Value {
    // The list says "1 d ago" of it for as long as any test runs.
    let used = chrono::Utc::now() - chrono::TimeDelta::hours(36);
    json!({
        "id": as_id(text, number), "label": text, "status": "active", "created_at": "2026-11-01T09:30:00Z",
        "created_by": text, "expires_at": null, "last_used_at": used, "last_used_from": text, "owner": text, "note": text,
    })
}
