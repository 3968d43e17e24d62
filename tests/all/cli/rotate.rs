//! `latchkey keys rotate`: a new key in place of one that is in use, until the old one has ended.

use serde_json::{Value, json};

use super::remote::remember;
use crate::support::hanging::key;
use crate::support::home::{Done, Home, text};
use crate::support::raw::{self, Asked};
use crate::support::unfinished;

/// Whether a key's secret is exchanged for a token.
#[track_caller]
fn works(home: &Home, id: &str, secret: &str) -> bool {
    let done = home.feed(&["token", id], secret);
    assert!([0, 7].contains(&done.code), "{done:?}");
    done.code == 0
}

/// Rotates a key with these options, and gives the new one's ID.
#[track_caller]
fn rotated(home: &Home, id: &str, options: &[&str]) -> String {
    let done = home.run(&[&["keys", "rotate", id, "--output", "json"], options].concat());
    assert_eq!(done.code, 0, "{done:?}");
    text(&serde_json::from_str::<Value>(&done.out).unwrap()["key"]["id"])
}

fn kinds(home: &Home, id: &str) -> Vec<String> {
    let shown = home.run(&["keys", "show", id, "--events", "--output", "json"]).json();
    shown["events"].as_array().unwrap().iter().map(|event| text(&event["kind"])).collect()
}

#[test]
fn both_keys_work_until_the_rotation_is_finished() {
    let home = Home::new();
    let (old, secret) = home.create("nightly");
    home.run(&["keys", "edit", &old, "--owner", "ops"]).good();
    let done = home.run(&["keys", "rotate", &old, "--overlap", "7d", "--secret-file", "new", "--output", "json"]);
    let made = done.json();
    let (new, fresh) = (text(&made["key"]["id"]), home.read("new"));
    assert_eq!((&made["key"]["label"], &made["key"]["owner"]), (&json!("nightly"), &json!("ops")));
    assert_eq!((&made["key"]["replaces"], &made["delivered_to"]), (&json!(old), &json!("file")));
    assert_eq!(made["old_key_ends_at"], home.run(&["keys", "show", &old, "--output", "json"]).json()["expires_at"]);
    assert!(works(&home, &old, &secret) && works(&home, &new, &fresh));
    assert_eq!(unfinished::notes(home.0.path()).len(), 0);

    // Every command is a new process with a new server: the pair is in the store.
    let status = home.run(&["keys", "rotate", &new, "--status"]).good();
    let lines: Vec<&str> = status.lines().collect();
    assert!(lines[0].starts_with(&format!("{new} replaces {old}. The old key works until ")), "{status}");
    assert_eq!(lines[1], "The new key was used just now.");
    assert!(lines[2].starts_with("Old key used just now") && lines[2].ends_with(": not safe to finish."));
    let status = home.run(&["keys", "rotate", &old, "--status", "--output", "json"]).json();
    assert_eq!((&status["safe_to_finish"], &status["old"]["replaced_by"]), (&json!(false), &json!(new)));
    let rotating = home.run(&["keys", "list", "--search", "rotating", "--output", "json"]).json();
    assert_eq!(rotating.as_array().unwrap().len(), 2);
    let table = home.run(&["keys", "list"]).good();
    for (id, words) in [(&old, "  active old  "), (&new, "  active new  ")] {
        assert!(table.lines().any(|line| line.starts_with(id.as_str()) && line.contains(words)), "{table}");
    }
    let rows = home.run(&["keys", "list", "--output", "csv"]).good();
    assert!(!rows.contains("active old") && rows.contains(",active,"), "{rows}");
    assert!(home.run(&["keys", "show", &old]).good().contains(&format!("Replaced by     {new}\n")));

    let refused = home.run(&["keys", "rotate", &old, "--finish"]).failed(5);
    assert!(refused.contains("not safe to finish. The rotation was not finished. Use --yes to"), "{refused}");
    assert!(works(&home, &old, &secret));
    let finished = home.run(&["keys", "rotate", &new, "--finish", "--yes", "--output", "json"]).json();
    assert_eq!((&finished["old"]["status"], &finished["new"]["status"]), (&json!("expired"), &json!("active")));
    assert!(!works(&home, &old, &secret) && works(&home, &new, &fresh));
    let late = home.run(&["keys", "show", &old, "--events"]).good();
    assert!(late.contains("used after rotation") && late.contains("rotation finished"), "{late}");
    let shown = home.run(&["keys", "show", &old, "--output", "json"]).json();
    assert!(shown["used_after_rotation_at"].is_string() && shown["refused_at"].is_string(), "{shown}");
    assert_eq!(shown["replaced_by"], Value::Null);
    assert!(home.run(&["keys", "rotate", &new, "--status"]).failed(5).contains("is not being rotated"));

    // A job that tries it each day is done, by the ID of either key.
    for id in [&old, &new] {
        let again = home.run(&["keys", "rotate", id, "--finish", "--output", "json"]).json();
        assert_eq!((&again["old"]["id"], &again["new"]["id"]), (&json!(old), &json!(new)));
    }
    let undo = home.run(&["keys", "rotate", &old, "--undo", "--yes"]).failed(5);
    assert!(undo.contains(&format!("{old} is not being rotated. This rotation was finished 20")), "{undo}");
}

#[test]
fn a_rotation_is_undone_while_the_new_key_is_unused() {
    let home = Home::new();
    let (old, secret) = home.create("nightly");
    let new = rotated(&home, &old, &["--secret-file", "new", "--label", "other", "--expires", "90d"]);
    let again = home.run(&["keys", "rotate", &old, "--secret-file", "again"]).failed(5);
    assert!(again.contains(&format!("{new} replaces it. Finish or undo that rotation first.")), "{again}");
    assert!(!home.path("again").exists());
    let asks = home.run(&["keys", "rotate", &old, "--undo"]).failed(2);
    assert!(asks.contains("The new key is deleted") && asks.contains("Use --yes to undo it."), "{asks}");
    let undone = home.run(&["keys", "rotate", &old, "--undo", "--yes", "--output", "json"]).json();
    assert_eq!((&undone["old"]["expires_at"], &undone["new"]), (&Value::Null, &Value::Null));
    assert!(works(&home, &old, &secret) && !works(&home, &new, &home.read("new")));
    assert_eq!(kinds(&home, &old)[1..3], ["rotation_undone", "rotated"]);
    let again = home.run(&["keys", "rotate", &old, "--undo", "--yes", "--output", "json"]).json();
    assert_eq!((&again["old"]["id"], &again["new"]), (&json!(old), &Value::Null));
    let finish = home.run(&["keys", "rotate", &old, "--finish", "--yes"]).failed(5);
    assert!(finish.contains("is not being rotated. This rotation was undone 20"), "{finish}");
    let never = home.run(&["keys", "rotate", &home.create("other").0, "--finish"]).failed(5);
    assert!(never.trim_end().ends_with("is not being rotated."), "{never}");

    let new = rotated(&home, &old, &["--secret-file", "newer"]);
    assert!(works(&home, &new, &home.read("newer")));
    let refused = home.run(&["keys", "rotate", &old, "--undo", "--yes"]).failed(5);
    assert!(refused.contains("The new key was used, so the rotation can't be undone."), "{refused}");
}

/// A job that finishes rotations must not take it for ended.
#[test]
fn an_old_key_that_works_is_not_finished() {
    let home = Home::new();
    let ended = |id: &str| home.run(&["keys", "rotate", id, "--finish", "--yes"]);
    let (old, secret) = home.create("nightly");
    let new = rotated(&home, &old, &["--overlap", "30d", "--secret-file", "new"]);
    assert!(works(&home, &new, &home.read("new")));
    home.run(&["keys", "delete", &new, "--yes"]).good();
    let refused = ended(&old).failed(5);
    let words = format!("{old} is not being rotated. The old key {old} still works.");
    assert!(refused.contains(&words) && works(&home, &old, &secret), "{refused}");

    let (old, secret) = home.create("weekly");
    let new = rotated(&home, &old, &["--secret-file", "newer"]);
    for id in [&old, &old, &new] {
        ended(id).good();
    }
    home.run(&["keys", "edit", &old, "--expires", "30d"]).good();
    for id in [&old, &new] {
        let refused = ended(id).failed(5);
        let words = format!("{id} is not being rotated. The old key {old} still works.");
        assert!(refused.contains(&words) && works(&home, &old, &secret), "{refused}");
    }
}

#[test]
fn a_destination_is_tried_before_anything_is_made() {
    let home = Home::new();
    let (old, _) = home.create("nightly");
    home.file("there", "mine");
    for options in [
        ["--secret-file", "there"],
        ["--secret-file", "nowhere/{id}"],
        ["--pipe-to", "/nowhere/command"],
        ["--overlap", "31d"],
        ["--overlap", "soon"],
    ] {
        let refused = home.run(&[&["keys", "rotate", &old], &options[..]].concat());
        assert_eq!(refused.code, 2, "{refused:?}");
    }
    assert_eq!((home.keys().len(), home.read("there")), (1, "mine".to_owned()));
    assert_eq!(home.keys()[0]["replaced_by"], Value::Null);
}

#[test]
fn a_rotation_that_was_cut_off_is_finished() {
    let home = Home::new();
    let (old, _) = home.create("held");
    let killed = home.command(&["keys", "rotate", &old, "--pipe-to", "kill -9 $PPID"]).status().unwrap();
    assert!(!killed.success());
    let told = home.run(&["keys", "create", "--secret-file", "other"]);
    assert!(told.err.contains(&format!("Rotating {old} at ")), "{told:?}");
    let pattern = "{label}-{old}-{id}";
    let done = home.run(&["keys", "create", "--finish", "--secret-file", pattern, "--output", "json"]).json();
    assert_eq!(done["key"]["replaces"], json!(old));
    let new = text(&done["key"]["id"]);
    assert!(works(&home, &new, &home.read(&format!("held-{old}-{new}"))));
    // What an interrupted run has left is told, and not overwritten.
    std::fs::write(home.path("new-key"), "").unwrap();
    let refused = home.run(&["keys", "create", "--secret-file", "{id}"]).complaint(2);
    assert!(
        refused.contains("already exists, and is empty.")
            && refused.contains("If an interrupted run has left it, delete it."),
        "{refused}"
    );
    assert_eq!(home.keys().len(), 3, "one rotation, one new key");
}

#[test]
fn many_are_rotated_one_after_the_other() {
    let home = Home::new();
    let ids: Vec<String> = ["door a", "door b", "gate"].map(|label| home.create(label).0).to_vec();
    let rotate = |options: &[&str]| home.run(&[&["keys", "rotate", "--search", "door"], options].concat());
    assert!(rotate(&["--secret-file", "{id}"]).failed(2).contains("Can't ask for confirmation without a terminal."));
    assert!(rotate(&["--yes", "--secret-file", "one"]).failed(2).contains("a place of its own"));
    let foreseen = rotate(&["--dry-run"]).good();
    assert_eq!((foreseen.lines().count(), foreseen.matches("would be rotated").count()), (2, 2), "{foreseen}");
    assert_eq!(home.keys().len(), 3);

    std::fs::create_dir(home.path("keys")).unwrap();
    let done = rotate(&["--yes", "--secret-file", "keys/{label}-{id}.secret", "--output", "json"]).json();
    let lines = done.as_array().unwrap();
    assert_eq!(lines.len(), 2);
    for line in lines {
        let (id, new) = (text(&line["id"]), text(&line["new_id"]));
        let label = if id == ids[0] { "door_a" } else { "door_b" };
        assert_eq!((&line["result"], text(&line["file"])), (&json!("rotated"), format!("keys/{label}-{new}.secret")));
        assert!(works(&home, &new, &home.read(&text(&line["file"]))));
    }
    assert_eq!(std::fs::read_dir(home.path("keys")).unwrap().count(), 2);
    let again = rotate(&["--yes", "--secret-file", "keys/{id}"]).good();
    assert_eq!((again.lines().count(), again.matches("  left unchanged: This key ").count()), (4, 4), "{again}");
    home.run(&["keys", "deactivate", &ids[2]]).good();
    let kept = home.run(&["keys", "rotate", "--search", "gate", "--yes", "--secret-file", "keys/{id}"]).good();
    assert!(kept.contains("  left unchanged: This key is inactive;"), "{kept}");
    home.run(&["keys", "activate", &ids[2]]);
    // By their IDs on standard input, what is missing is told, and the others are done.
    let input = format!("{}\nPK00000000000000000000\n", ids[2]);
    let done = home.feed(&["keys", "rotate", "-", "--yes", "--secret-file", "{old}.secret"], &input);
    assert_eq!((done.code, done.out.lines().count()), (4, 2), "{done:?}");
    assert!(home.read(&format!("{}.secret", ids[2])).starts_with("sk_"));
    // A command gets them one after the other.
    let more = ["bell a", "bell b"].map(|label| home.create(label).0);
    let done =
        home.run(&["keys", "rotate", "--search", "bell", "--yes", "--pipe-to", "cat >> all", "--secret-format", "env"]);
    assert_eq!((done.code, done.out.matches(", replaced by ").count()), (0, 2), "{done:?}");
    assert_eq!(std::fs::read_to_string(home.path("all")).unwrap().matches("SECRET_ACCESS_KEY=sk_").count(), 2);
    assert!(more.iter().all(|id| done.out.contains(id)));
}

#[test]
fn a_server_of_the_first_edition_is_told_of() {
    let port = raw::serve(|asked: &Asked| match (asked.method.as_str(), asked.path.trim_start_matches("/api/v2")) {
        ("POST", "/auth/session") => raw::signed_in("jo", "administrator"),
        ("GET", path) if path.starts_with("/keys/") => raw::json(200, &json!({ "success": true, "key": key() })),
        _ => raw::json(404, &json!({ "success": false, "message": "Not found", "code": 0, "status": 404 })),
    });
    let home = Home::new();
    let url = format!("http://127.0.0.1:{port}");
    remember(&home, &url);
    let refused: Done = home.run(&["--url", &url, "keys", "rotate", "PK1", "--secret-file", "new"]);
    assert!(
        refused.code == 2 && refused.err.contains("This server can't rotate keys: it is older than this latchkey.")
    );
    assert!(!home.path("new").exists());
    assert_eq!(unfinished::notes(home.0.path()).len(), 0);
}
