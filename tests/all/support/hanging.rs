//! A server that holds the first create for ever, as one does whose client is killed meanwhile.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::raw::{self, Asked};

/// The key that it makes.
pub fn key() -> Value {
    json!({ "id": "PK7QW3N5ZJ0V4T8M2XHC", "label": "held", "status": "active", "created_at": "2026-11-01T09:30:00Z" })
}

/// A server that never answers the first create, and the names under which it was asked.
pub fn hanging(then: Value) -> (u16, Arc<Mutex<Vec<String>>>) {
    let names = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&names);
    let port =
        raw::serve(move |asked: &Asked| match (asked.method.as_str(), asked.path.trim_start_matches("/api/v2")) {
            ("POST", "/auth/session") => raw::signed_in("jo", "administrator"),
            ("POST", "/keys") => {
                let first = {
                    let mut names = noted.lock().unwrap();
                    names.push(asked.header("idempotency-key").unwrap().to_owned());
                    names.len() == 1
                };
                if first {
                    loop {
                        std::thread::park();
                    }
                }
                raw::json(if then["replayed"] == true { 200 } else { 201 }, &then)
            }
            ("GET", _) => raw::json(200, &json!({ "keys": [], "total": 0 })),
            _ => raw::raw("204 No Content", &[], ""),
        });
    (port, names)
}
