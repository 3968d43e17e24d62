//! A creation that is tried more than once, with other values: the secret of the key that one of the tries has made is got.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::killed::{UNFINISHED, kill, start};
use crate::support::hanging::key;
use crate::support::raw::{self, Asked};
use crate::support::terminal::Terminal;
use crate::support::{unfinished, wait};

const SECRET: &str = "sk_of-the-second-try-and-shown";

/// What a server has been asked.
#[derive(Default)]
struct Heard {
    /// The labels and names of the creates.
    tries: Vec<(String, String)>,
    /// Whether the session has ended.
    is_over: bool,
}

/// A server whose second request for a key makes it. The answers to this and the first are lost.
fn server() -> (u16, Arc<Mutex<Heard>>) {
    let heard = Arc::new(Mutex::new(Heard::default()));
    let noted = Arc::clone(&heard);
    let said = |status: u16, words: &str| {
        raw::json(status, &json!({ "success": false, "message": words, "code": 0, "status": status }))
    };
    let port = raw::serve(move |asked: &Asked| {
        let mut heard = noted.lock().unwrap();
        match (asked.method.as_str(), asked.path.trim_start_matches("/api/v2")) {
            ("POST", "/auth/session") => {
                heard.is_over = false;
                let body: Value = serde_json::from_slice(&asked.body).unwrap();
                raw::signed_in(body["username"].as_str().unwrap(), "administrator")
            }
            _ if heard.is_over => said(401, "No session"),
            ("POST", "/keys") => {
                let body: Value = serde_json::from_slice(&asked.body).unwrap();
                let label = body["label"].as_str().unwrap().to_owned();
                heard.tries.push((label, asked.header("idempotency-key").unwrap().to_owned()));
                match &heard.tries[..] {
                    [_] | [_, _] => Vec::new(),
                    [_, made, .., last] if made == last => {
                        raw::json(201, &json!({ "success": true, "key": key(), "secret_access_key": SECRET }))
                    }
                    _ => said(422, "Idempotency-Key was used for another request"),
                }
            }
            ("GET", path) if path.starts_with("/keys/PK") => raw::json(200, &json!({ "success": true, "key": key() })),
            ("GET", _) => raw::json(200, &json!({ "keys": [], "total": 0 })),
            _ => raw::raw("204 No Content", &[], ""),
        }
    });
    (port, heard)
}

fn open(home: &Path, port: u16) -> Terminal {
    let mut page = start(home, &["--url", &format!("http://127.0.0.1:{port}")]);
    page.sees("Sign in to");
    page.press("jo<Tab>any<Space>password<Enter>");
    page
}

/// A page whose form was sent with two labels, of which the second arrived.
fn tried(home: &Path, port: u16, heard: &Mutex<Heard>) -> Terminal {
    let mut page = open(home, port);
    page.sees("No access keys yet");
    page.press("ca");
    for (count, typed) in [(1, "<Enter>"), (2, "b<Enter>")] {
        page.press(typed);
        wait::until("the try", || heard.lock().unwrap().tries.len() == count);
        page.sees("Press Enter to retry.");
    }
    page
}

#[track_caller]
fn is_got(page: &mut Terminal, heard: &Mutex<Heard>) {
    page.sees("Access key created");
    page.press("s");
    page.sees(SECRET);
    let tries = &heard.lock().unwrap().tries;
    assert!(tries.iter().all(|(_, name)| *name == tries[0].1), "a second key was asked for");
}

#[test]
fn what_was_put_off_is_the_key_of_either_try() {
    let (home, (port, heard)) = (TempDir::new().unwrap(), server());
    let mut page = tried(home.path(), port, &heard);
    page.press("<Esc>");
    page.sees("F finishes it.");
    page.press("F");
    page.sees(UNFINISHED);
    page.press("<Enter>");
    is_got(&mut page, &heard);
}

#[test]
fn what_was_killed_is_the_key_of_any_try() {
    let (home, (port, heard)) = (TempDir::new().unwrap(), server());
    let page = tried(home.path(), port, &heard);
    let note = std::fs::read_to_string(&unfinished::notes(home.path())[0]).unwrap();
    assert!(note.contains("\"a\"") && note.contains("\"ab\"") && !note.contains("sk_"), "{note}");
    kill(page);
    // The last of them was not sent any more.
    let changed = note.replace("\"earlier\":[", "\"earlier\":[{\"label\":\"ab\",\"expires_at\":null},").replacen(
        "\"label\":\"ab\"",
        "\"label\":\"abc\"",
        1,
    );
    assert!(changed.contains("\"abc\""), "{changed}");
    std::fs::write(&unfinished::notes(home.path())[0], changed).unwrap();
    let mut page = open(home.path(), port);
    page.sees(UNFINISHED);
    page.press("<Enter>");
    is_got(&mut page, &heard);
    page.close();
    assert_eq!(unfinished::notes(home.path()).len(), 0);
}

/// A page that has put off what it could not note, and then asks for a sign-in.
fn put_off_without_a_note(home: &Path, port: u16, heard: &Mutex<Heard>) -> Terminal {
    let state = home.join(".local/state/latchkey");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("unfinished"), "in the way").unwrap();
    let mut page = tried(home, port, heard);
    page.press("<Esc>");
    page.sees("F finishes it.");
    heard.lock().unwrap().is_over = true;
    page.press("r");
    page.sees("Your session has expired");
    page
}

#[test]
fn what_could_not_be_noted_is_kept_for_whose_it_is() {
    let (home, (port, heard)) = (TempDir::new().unwrap(), server());
    let mut page = put_off_without_a_note(home.path(), port, &heard);
    page.press("any<Enter>");
    page.sees("Signed in as jo");
    page.press("F");
    page.sees(UNFINISHED);
    page.press("<Enter>");
    is_got(&mut page, &heard);
}

#[test]
fn what_could_not_be_noted_is_nobody_elses() {
    let (home, (port, heard)) = (TempDir::new().unwrap(), server());
    let mut page = put_off_without_a_note(home.path(), port, &heard);
    page.press("<BackTab><Ctrl-U>ann<Tab>any<Enter>");
    page.sees("Signed in as ann");
    page.press("F");
    page.sees("There is no unfinished key creation.");
}
