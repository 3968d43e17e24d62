//! Acts on many keys: by a search or by IDs, with and without a terminal.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::remote::remember;
use crate::support::home::{Done, Home};
use crate::support::raw;
use crate::support::terminal::{Terminal, latchkey};

/// A home with keys of these labels; the first was used an hour ago, the others never.
fn home_with(labels: &[&str]) -> (Home, Vec<String>) {
    let home = Home::new();
    let ids: Vec<String> = labels.iter().map(|label| home.create(label).0).collect();
    let database = rusqlite::Connection::open(home.path(".local/share/latchkey/keys.db")).unwrap();
    database
        .execute(
            "UPDATE keys SET last_used_at = (unixepoch() - 3600) * 1000, last_used_from = '192.0.2.1' WHERE id = ?1",
            [&ids[0]],
        )
        .unwrap();
    (home, ids)
}

fn results(lines: &Value, id: &str) -> Vec<Value> {
    lines.as_array().unwrap().iter().filter(|line| line["id"] == id).cloned().collect()
}

#[test]
fn all_that_a_search_finds_are_changed_and_a_second_run_changes_nothing() {
    let (home, ids) = home_with(&["stale one", "stale two, do not delete", "stale three", "other"]);
    let run = |args: &[&str]| home.run(&[&["keys"], args, &["--output", "json"]].concat());
    // Nothing happens unasked, and nothing to all keys by mistake.
    for (args, why) in [
        (&["delete", "--search", "stale"][..], "Can't ask for confirmation without a terminal"),
        (&["deactivate", &ids[0], &ids[1]], "Can't ask for confirmation without a terminal"),
        (&["delete", "--yes", "--search", " "], "an empty search finds all keys"),
        (&["delete", "--yes", "--search", "stale", &ids[3]], "cannot be used with"),
    ] {
        let done = run(args);
        assert!(done.code == 2 && done.out.is_empty() && done.err.contains(why), "{done:?}");
    }
    // A dry run says what would be done and why to think twice; it needs no right to change anything.
    let would = run(&["delete", "--search", "stale", "--dry-run", "--read-only"]).json();
    assert_eq!(would.as_array().unwrap().len(), 3);
    let line = |id: &str, why: Value| json!([{ "id": id, "result": "would_be_deleted", "why": why }]);
    let why = "it was used in the last 7 days, it has no owner";
    assert_eq!(json!(results(&would, &ids[0])), line(&ids[0], json!(why)));
    let why = "its label or note says something like “do not delete”, it has no owner";
    assert_eq!(json!(results(&would, &ids[1])), line(&ids[1], json!(why)));
    for (search, count) in [("stale", 3), ("none such", 0)] {
        let told = home.run(&["keys", "delete", "--search", search, "--dry-run"]);
        assert_eq!((told.code, told.out.lines().count(), told.err), (0, count, format!("{count} would be deleted.\n")));
    }
    assert_eq!(run(&["deactivate", "--search", "stale", "--yes", "--read-only"]).code, 3);
    assert_eq!(home.keys().len(), 4);
    // Done, but for what is unusual; again, it is so already.
    let done = run(&["deactivate", "--search", "stale", "--yes", "--skip-unusual"]).json();
    let word = |lines: &Value, id: &str| results(lines, id)[0]["result"].as_str().unwrap().to_owned();
    assert_eq!(ids[..3].iter().map(|id| word(&done, id)).collect::<Vec<_>>(), ["kept", "kept", "deactivated"]);
    let again = run(&["deactivate", "--search", "stale", "--yes"]).json();
    assert_eq!(
        ids[..3].iter().map(|id| word(&again, id)).collect::<Vec<_>>(),
        ["deactivated", "deactivated", "already"]
    );
    let edited = run(&["edit", "--search", "stale", "--owner", "ops", "--expires", "90d", "--yes"]).json();
    assert!(ids[..3].iter().all(|id| word(&edited, id) == "edited"), "{edited}");
    let keys = home.keys();
    assert!(keys.iter().all(|key| (key["owner"] == "ops") == (key["label"] != "other")), "{keys:?}");
    // Of several IDs each is told, and the exit code is that of the one that is not there.
    let input = format!("{}\nPKNOTTHERE\n{}\n", ids[0], ids[3]);
    let fed = home.feed(&["keys", "activate", "-", "--yes", "--output", "csv"], &input);
    let expected =
        format!("id,result,why\n{},activated,\nPKNOTTHERE,not_found,\n{},already,already active\n", ids[0], ids[3]);
    assert_eq!((fed.code, fed.out), (4, expected));
    let deleted = home.run(&["keys", "delete", "--search", "stale", "--yes"]);
    assert_eq!((deleted.code, deleted.err.as_str()), (0, "3 deleted\n"));
    assert!(deleted.out.contains(&format!("{}  deleted  stale three\n", ids[2])), "{}", deleted.out);
    assert_eq!(home.keys().len(), 1);
}

#[test]
fn on_a_terminal_what_is_unusual_is_told_and_a_phrase_confirms() {
    let (home, ids) = home_with(&["stale one", "stale two", "other"]);
    let start = |args: &[&str]| Terminal::start(latchkey(home.0.path()).current_dir(home.0.path()).args(args));
    let mut terminal = start(&["keys", "delete", "--search", "stale"]);
    terminal.sees("2 keys.");
    terminal.sees("All are active, 1 used in the last 24 hours.");
    terminal.sees("! 1 used in the last 7 days");
    terminal.sees("2 without an owner");
    terminal.sees(&format!("! used 1 h ago: {} stale one, last used 1 h ago", ids[0]));
    terminal.sees(&format!("  no owner: {} stale two, never used", ids[1]));
    terminal.sees("To confirm, type delete 2:");
    terminal.press("delete<Space>3<Enter>");
    terminal.sees("That doesn't match. Type delete 2. Nothing was deleted.");
    assert_eq!(terminal.ends().0.code(), Some(130));
    // What can be taken back needs a yes only, unless keys that are used would stop working.
    let mut terminal = start(&["keys", "deactivate", "--search", "stale", "--skip-unusual"]);
    terminal.sees("Deactivate 1 key? (yes or no, Enter for no)");
    terminal.press("yes<Enter>");
    terminal.sees("1 deactivated, 1 left unchanged");
    assert_eq!(terminal.ends().0.code(), Some(0));
    let mut terminal = start(&["keys", "delete", &ids[0], &ids[1], "PKNOTTHERE"]);
    terminal.sees("To confirm, type delete 2:");
    terminal.press("delete<Space>2<Enter>");
    terminal.sees("PKNOTTHERE  not found");
    assert_eq!(terminal.ends().0.code(), Some(4));
    assert_eq!(home.keys().len(), 1);
}

/// Twenty keys of a server that is not ours, and what one becomes.
fn stale(n: usize, status: &str) -> Value {
    json!({
        "id": format!("PKSTALE{n}"), "label": "stale", "status": status, "revision": 7,
        "created_at": "2026-01-01T00:00:00Z", "last_used_at": null
    })
}

/// A server of those keys, which answers a change of a key by its number and how often it was asked.
fn server(change: impl Fn(usize, u32) -> Vec<u8> + Send + Sync + 'static) -> String {
    let asked = Mutex::new(HashMap::new());
    let port = raw::serve(move |request| match (request.method.as_str(), request.path.split('/').next_back()) {
        ("PATCH", Some(id)) => {
            assert_eq!(request.header("if-match"), Some("\"7\""));
            let n = id.trim_start_matches("PKSTALE").parse().unwrap();
            let times = *asked.lock().unwrap().entry(n).and_modify(|times| *times += 1).or_insert(1);
            change(n, times)
        }
        ("GET", Some("health")) => raw::json(200, &json!({ "version": "x" })),
        ("GET", _) => {
            let keys: Vec<_> = (0..20).map(|n| stale(n, "active")).collect();
            raw::json(200, &json!({ "keys": keys, "next_cursor": null, "total": 20 }))
        }
        _ => raw::raw("204 No Content", &[], ""),
    });
    format!("http://127.0.0.1:{port}")
}

#[test]
fn conflicts_and_lost_answers_are_settled_key_by_key() {
    let changed = |n, status| {
        let error =
            json!({ "success": false, "message": "changed", "code": 0, "status": 412, "key": stale(n, status) });
        raw::json(412, &error)
    };
    let url = server(move |n, times| match (n, times) {
        (3, _) => changed(n, "active"),
        // It was done, and the answer is lost; the repetition finds it done.
        (5, 1) => Vec::new(),
        // By someone else, or by us.
        (4 | 5, _) => changed(n, "inactive"),
        // Too much at once: nothing was done.
        (6, 1) => raw::json(503, &json!({ "success": false, "message": "busy", "code": 0, "status": 503 })),
        _ => raw::json(200, &json!({ "success": true, "key": stale(n, "inactive") })),
    });
    let home = Home::new();
    remember(&home, &url);
    let done = home.run(&["keys", "deactivate", "--search", "stale", "--yes", "--output", "json", "--url", &url]);
    assert_eq!(done.code, 5, "{done:?}");
    let lines: Value = serde_json::from_str(&done.out).unwrap();
    let result = |n: usize| {
        let all = results(&lines, &format!("PKSTALE{n}"));
        assert_eq!(all.len(), 1, "each is told once: {all:?}");
        all[0]["result"].as_str().unwrap().to_owned()
    };
    let word = |n| match n {
        3 => "failed",
        4 | 5 => "already",
        _ => "deactivated",
    };
    for n in 0..20 {
        assert_eq!(result(n), word(n), "{n}: {done:?}");
    }
}

#[test]
fn a_signal_stops_after_the_keys_under_way_and_all_are_told() {
    let ((asked, hears), (go_on, waits)) = (channel(), channel::<()>());
    let (asked, waits) = (Mutex::new(asked), Mutex::new(waits));
    let url = server(move |n, _| {
        asked.lock().unwrap().send(n).unwrap();
        waits.lock().unwrap().recv().unwrap();
        raw::json(200, &json!({ "success": true, "key": stale(n, "inactive") }))
    });
    let home = Home::new();
    remember(&home, &url);
    let args = ["keys", "deactivate", "--search", "stale", "--yes", "--output", "json", "--url", &url];
    let child = home.command(&args).spawn().unwrap();
    let mut under_way: Vec<usize> = (0..8).map(|_| hears.recv().unwrap()).collect();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    // Not answered before it has heard the signal: nothing is sent for a while.
    assert!(hears.recv_timeout(std::time::Duration::from_millis(300)).is_err());
    (0..8).for_each(|_| go_on.send(()).unwrap());
    let done = Done::of(child);
    assert_eq!(done.code, 130, "{done:?}");
    assert!(hears.try_recv().is_err(), "nothing more was sent");
    let lines: Value = serde_json::from_str(&done.out).unwrap();
    under_way.sort_unstable();
    assert_eq!(under_way, (0..8).collect::<Vec<_>>());
    for n in 0..20 {
        let line = &results(&lines, &format!("PKSTALE{n}"))[0];
        let expected = if n < 8 { json!(["deactivated", null]) } else { json!(["kept", "not tried"]) };
        assert_eq!(json!([line["result"], line["why"]]), expected, "{n}");
    }
}

#[test]
fn what_someone_else_changed_since_it_was_confirmed_is_not_touched() {
    let (home, ids) = home_with(&["used", "stale one", "stale two"]);
    let start = |args: &[&str]| Terminal::start(latchkey(home.0.path()).current_dir(home.0.path()).args(args));
    let mut terminal = start(&["keys", "delete", &ids[1]]);
    terminal.sees("Last 24 hours: no calls; no valid access tokens.");
    terminal.sees("To confirm, type");
    home.run(&["keys", "edit", &ids[1], "--owner", "mia"]).good();
    terminal.press(&format!("{}<Enter>", &ids[1][16..]));
    terminal.sees("Another administrator has changed this key since you read it.");
    assert_eq!(terminal.ends().0.code(), Some(5));
    let mut terminal = start(&["keys", "deactivate", "--search", "stale"]);
    terminal.sees("Deactivate 2 keys? (yes or no, Enter for no)");
    home.run(&["keys", "edit", &ids[2], "--owner", "mia"]).good();
    terminal.press("yes<Enter>");
    terminal.sees("left unchanged: new or changed since you confirmed");
    assert_eq!(terminal.ends().0.code(), Some(0));
    let word = |key: &Value| format!("{} {}", key["label"].as_str().unwrap(), key["status"].as_str().unwrap());
    let mut left: Vec<_> = home.keys().iter().map(word).collect();
    left.sort_unstable();
    assert_eq!(left, ["stale one inactive", "stale two active", "used active"]);
}
