//! The page answers its user while the server answers nothing. Each step below is seen before any answer goes out.

use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::raw::{self, Asked};
use crate::support::terminal::{Terminal, latchkey};
use crate::support::wait;

/// Holds every answer back while it is closed.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    /// Whether it was ever open.
    was_open: Mutex<bool>,
    changed: Condvar,
    /// What was asked, in order.
    asked: Mutex<Vec<String>>,
}

impl Gate {
    fn set(&self, is_open: bool) {
        *self.is_open.lock().unwrap() = is_open;
        *self.was_open.lock().unwrap() |= is_open;
        self.changed.notify_all();
    }

    fn pass(&self, asked: &Asked) {
        self.asked.lock().unwrap().push(format!("{} {}", asked.method, asked.path));
        // The server is looked for before a password is asked for: it lets itself be found once it was.
        if asked.path.ends_with("/health") && *self.was_open.lock().unwrap() {
            return;
        }
        let is_open = self.is_open.lock().unwrap();
        drop(self.changed.wait_while(is_open, |is_open| !*is_open).unwrap());
    }

    /// Waits until so many calls of a kind have come.
    fn waits_for(&self, call: &str, times: usize) {
        let count = || self.asked.lock().unwrap().iter().filter(|asked| asked.starts_with(call)).count();
        wait::until(call, || count() >= times);
    }
}

fn key(number: usize) -> Value {
    json!({
        "id": format!("PK7QW3N5ZJ0V4T8M{number:04}"), "label": format!("job {number}"), "status": "active",
        "created_at": "2026-11-01T09:30:00Z", "created_by": "jo", "expires_at": null, "last_used_at": null,
        "last_used_from": null,
    })
}

fn answer(asked: &Asked) -> Vec<u8> {
    match (asked.method.as_str(), asked.path.trim_start_matches("/api/v2")) {
        ("POST", "/auth/session") => raw::signed_in("jo", "administrator"),
        ("GET", list) if list.starts_with("/keys?") => {
            raw::json(200, &json!({ "keys": [key(1), key(2)], "total": 2, "next_cursor": null }))
        }
        _ => raw::raw("204 No Content", &[], ""),
    }
}

#[test]
fn the_page_answers_while_the_server_does_not() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let port = raw::serve(move |asked| {
        held.pass(asked);
        answer(asked)
    });
    let home = TempDir::new().unwrap();
    let mut page = Terminal::start(latchkey(home.path()).args(["--url", &format!("http://127.0.0.1:{port}")]));

    // Finding the server.
    gate.waits_for("GET", 1);
    page.press("?");
    page.sees("Help");
    page.press("<Esc>");
    page.loses("Help");
    gate.set(true);

    // Signing in.
    page.sees("Sign in to");
    gate.set(false);
    page.press("jo<Tab>any<Space>password<Enter>");
    gate.waits_for("POST", 1);
    page.sees("Signing in");
    page.press("<Esc>");
    page.loses("Sign in to");
    page.press("?");
    page.sees("Help");
    page.press("<Esc>");
    page.loses("Help");
    page.press("r");
    page.sees("Sign in to");
    page.press("jo<Tab>any<Space>password<Enter>");
    gate.waits_for("POST", 2);
    gate.set(true);
    page.sees("2 keys");

    // A list, and a key that is to be deleted.
    gate.set(false);
    page.press("r/cron");
    page.sees("cron");
    page.press("<Esc>");
    page.loses("cron");
    page.press("d");
    page.press("0001<Enter>");
    page.sees("Deleting");
    page.sees("Delete access key");
    page.press("<Esc>");
    page.loses("Delete access key");
    page.press("<Enter>");
    page.sees("Details");
    page.resize(12, 50);
    page.sees("Details");
    page.resize(24, 80);
    gate.set(true);
    page.sees("are now refused");

    // Leaving.
    gate.set(false);
    page.press("rq");
    assert!(page.ends().0.success());
    gate.set(true);
}
