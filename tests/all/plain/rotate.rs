//! A key that is replaced, from the first question to the end of the old one.

use super::talk::{COMMAND, HEARD, Talk};
use crate::support::home::Home;

#[test]
fn a_key_is_rotated_and_its_rotation_finished() {
    let home = Home::new();
    let (id, _) = home.create("nightly");
    let mut talk = Talk::at(&home);
    talk.answers(&[
        (COMMAND, &format!("rotate {id}")),
        ("The old key works for (now, 1h, 24h, 7d, 30d or a time; back goes back; Enter for 24h): ", "1y"),
        ("Invalid overlap: use now, 1h, 24h, 7d, 30d, or a time within 30 days", "7d"),
        ("Should the new key differ in label, owner, note or expiry? (yes or no, Enter for no): ", ""),
        ("New secret (1 to 3, Enter lists them, back leaves): ", "file"),
        ("New file", "nowhere/secret"),
        ("can't be created", "file"),
        ("New file", "{label}-{old}"),
        ("Rotate it? (yes or no, Enter for no): ", "yes"),
        (&format!("The old key {id} works until "), HEARD),
        (&format!("Saved to nightly-{id} (readable only by you)."), HEARD),
        ("is ready to use", HEARD),
        (COMMAND, &format!("34 {id}")),
        (&format!(" replaces {id}. The old key works until "), HEARD),
        ("The new key was not used yet, so the rotation can still be undone.", HEARD),
        ("The old key was never used, but nobody has used the new key yet: not safe to finish.", HEARD),
        ("Rotation (1 to 3, Enter lists them): ", "finish"),
        ("Finish anyway? (yes or no, Enter for no): ", "yes"),
        (&format!("Rotation finished: {id} has expired. Requests with it are now refused."), HEARD),
        (COMMAND, &format!("rotate {id}")),
        ("This key has expired; only an active key can be rotated.", HEARD),
    ]);
    talk.quits();
    assert!(home.read(&format!("nightly-{id}")).starts_with("sk_"));
    let keys = home.keys();
    let new = keys.iter().find(|key| key["id"] != id.as_str()).unwrap();
    assert_eq!((keys.len(), &new["label"], &new["status"]), (2, &"nightly".into(), &"active".into()));
}

#[test]
fn nothing_is_made_unless_the_last_question_is_answered_with_yes() {
    let home = Home::new();
    let (id, _) = home.create("nightly");
    let mut talk = Talk::at(&home);
    talk.answers(&[
        (COMMAND, &format!("rotate {id}")),
        ("Enter for 24h): ", "back"),
        ("No key was made.", HEARD),
        (COMMAND, &format!("rotate {id}")),
        ("Enter for 24h): ", ""),
        ("Enter for no): ", "no"),
        ("New secret", "file"),
        ("New file", "secret"),
        ("Rotate it?", "no"),
        ("No key was made.", HEARD),
    ]);
    talk.quits();
    assert_eq!((home.keys().len(), home.path("secret").exists()), (1, false));
}

#[test]
fn a_rotation_is_undone() {
    let home = Home::new();
    let (id, _) = home.create("nightly");
    let done = home.run(&["keys", "rotate", &id, "--secret-file", "new", "--output", "json"]).json();
    let new = done["key"]["id"].as_str().unwrap();
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "list"), (&format!("nightly, {new}, active, replaces {id}, "), HEARD)]);
    talk.says(&format!("nightly, {id}, active, replaced by {new}, "));
    talk.answers(&[
        (COMMAND, &format!("rotate {new}")),
        ("Rotation (1 to 3, Enter lists them): ", "undo"),
        (&format!("Rotation undone: {id} never expires, as before. The new key was deleted."), HEARD),
    ]);
    talk.quits();
    assert_eq!(home.keys().len(), 1);
}
