//! A server whose every text is hostile.

use serde_json::{Value, json};

use crate::hostile::as_id;
use crate::raw;

/// Rows of its list.
pub const ROWS: usize = 3;

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
        let until = "2999-01-01T00:00:00Z";
        return raw::json(
            200,
            &json!({ "session_token": "st_hostile", "expires_at": until, "username": name, "role": name }),
        );
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
            let keys: Vec<Value> = (0..ROWS).map(|number| key(text, number)).collect();
            raw::json(200, &json!({ "keys": keys, "total": ROWS, "server_time": text }))
        }
        ("GET", events) if events.contains("/events") => {
            let event = json!({ "at": "2026-11-01T09:30:00Z", "kind": text, "by": text, "from": text, "detail": text });
            raw::json(200, &json!({ "events": [event, event], "next_cursor": null }))
        }
        ("POST", "/keys") => raw::json(201, &json!({ "key": key(text, 7), "secret_access_key": "sk_hostile-server" })),
        ("DELETE", _) => raw::raw("204 No Content", &[], ""),
        ("POST", _) => raw::json(200, &json!({ "access_token": "eyJhostile", "expiry_time": 32_503_680_000_u64 })),
        _ => raw::json(200, &json!({ "key": key(text, 0) })),
    }
}

/// The text in the error, in the reason phrase, and in every header that is read.
fn refusal(text: &str, how: How) -> Vec<u8> {
    // HTTP's own gate refuses an answer with an ASCII control character in a header.
    let line: String = text.chars().filter(|c| !c.is_ascii_control()).take(300).collect();
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
    json!({
        "id": as_id(text, number), "label": text, "status": "active", "created_at": "2026-11-01T09:30:00Z",
        "created_by": text, "expires_at": null, "last_used_at": "2026-11-23T13:57:04Z", "last_used_from": text,
    })
}
