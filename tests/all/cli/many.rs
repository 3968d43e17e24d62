//! Acts on many keys: by a search or by IDs, with and without a terminal.

use serde_json::{Value, json};

use crate::support::home::Home;
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
    let why = "used in the last 7 days, without an owner";
    assert_eq!(json!(results(&would, &ids[0])), line(&ids[0], json!(why)));
    let why = "with a label or note like “do not delete”, without an owner";
    assert_eq!(json!(results(&would, &ids[1])), line(&ids[1], json!(why)));
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
    terminal.sees(&format!("! 1 used in the last 7 days: {} stale one (1 h ago)", ids[0]));
    terminal.sees("2 without an owner: ");
    terminal.sees("To confirm, type delete 2:");
    terminal.press("delete<Space>3<Enter>");
    terminal.sees("That doesn't match. Type delete 2. Nothing was deleted.");
    assert_eq!(terminal.ends().0.code(), Some(130));
    // What can be taken back needs a yes only, unless keys that are used would stop working.
    let mut terminal = start(&["keys", "deactivate", "--search", "stale", "--skip-unusual"]);
    terminal.sees("Deactivate 1 key? (yes or no, Enter for no)");
    terminal.press("yes<Enter>");
    terminal.sees("1 deactivated, 1 left as they were");
    assert_eq!(terminal.ends().0.code(), Some(0));
    let mut terminal = start(&["keys", "delete", &ids[0], &ids[1], "PKNOTTHERE"]);
    terminal.sees("To confirm, type delete 2:");
    terminal.press("delete<Space>2<Enter>");
    terminal.sees("PKNOTTHERE  not found");
    assert_eq!(terminal.ends().0.code(), Some(4));
    assert_eq!(home.keys().len(), 1);
}
