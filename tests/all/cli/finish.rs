//! `latchkey keys create --finish`: the secret of a key whose creation was cut off.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::remote::remember;
use crate::support::hanging::key;
use crate::support::home::{Done, Home, text};
use crate::support::program::binary;
use crate::support::raw::{self, Asked};
use crate::support::unfinished;

/// A home in which the command was killed with the secret in its hands.
fn killed() -> Home {
    let home = Home::new();
    let killed = home.command(&["keys", "create", "--label", "held", "--pipe-to", "kill -9 $PPID"]).status().unwrap();
    assert!(!killed.success());
    home
}

#[test]
fn a_secret_is_got_after_a_kill() {
    let home = killed();
    assert_eq!((unfinished::notes(home.0.path()).len(), unfinished::undelivered(home.0.path())), (1, 1));
    let told = home.run(&["keys", "create", "--label", "other", "--secret-file", "other"]);
    assert_eq!(told.code, 0);
    let words = "Creating a key labelled “held” at ";
    assert!(told.err.contains(words) && told.err.contains("the server keeps its secret for you until"), "{told:?}");
    assert!(told.err.contains("Run latchkey keys create --finish, or open the page, to finish it."), "{told:?}");

    let done = home.run(&["keys", "create", "--finish", "--secret-file", "held"]);
    assert_eq!(done.code, 0, "{done:?}");
    let keys = home.keys();
    assert_eq!(keys.len(), 2);
    let held = keys.iter().find(|key| key["label"] == "held").unwrap();
    assert!(home.feed(&["token", held["id"].as_str().unwrap()], &home.read("held")).good().starts_with("eyJ"));
    assert_eq!((unfinished::notes(home.0.path()).len(), unfinished::undelivered(home.0.path())), (0, 0));
    let nothing = home.run(&["keys", "create", "--finish", "--secret-file", "again"]);
    assert!(nothing.complaint(4).contains("There is no unfinished key creation."));
    assert!(!home.path("again").exists());
}

/// As on a full disk.
#[test]
fn a_secret_that_could_not_be_kept_anywhere_is_got_afterwards() {
    let home = Home::new();
    let taken = ".local/state/latchkey/secret-of-";
    let take = format!(
        "cat >/dev/null; for id in $({} keys list --output tsv | cut -f1); do touch {taken}$id; done; exit 3",
        binary()
    );
    let error = home.run(&["keys", "create", "--label", "held", "--pipe-to", &take]).complaint(8);
    assert!(error.contains("exit status: 3") && error.contains("can't be written"), "{error}");
    assert!(error.contains("Run latchkey keys create --finish") && !error.contains("lost"), "{error}");
    assert_eq!((unfinished::notes(home.0.path()).len(), unfinished::undelivered(home.0.path())), (1, 1));

    home.run(&["keys", "create", "--finish", "--secret-file", "held"]).good();
    let [key] = &home.keys()[..] else { panic!("not one key") };
    assert!(home.feed(&["token", key["id"].as_str().unwrap()], &home.read("held")).good().starts_with("eyJ"));
    assert_eq!((unfinished::notes(home.0.path()).len(), unfinished::undelivered(home.0.path())), (0, 0));
}

#[test]
fn after_ten_minutes_a_secret_is_lost() {
    let home = killed();
    unfinished::pass_ten_minutes(home.0.path());
    let lost = home.run(&["keys", "create", "--finish", "--secret-file", "held"]);
    let error = lost.failed(5);
    let [key] = &home.keys()[..] else { panic!("not one key") };
    let delete = format!("latchkey keys delete {}", key["id"].as_str().unwrap());
    assert!(error.contains("its secret is sent only once") && error.contains(&delete), "{error}");
    assert!(!home.path("held").exists(), "a file without a secret is left");
}

/// A home in which the command was killed with the secret of a new key in place of an old one; and the ID of that.
fn killed_in_a_rotation() -> (Home, String) {
    let home = Home::new();
    let (old, _) = home.create("nightly");
    let killed = home.command(&["keys", "rotate", &old, "--pipe-to", "kill -9 $PPID"]).status().unwrap();
    assert!(!killed.success());
    (home, old)
}

/// The ID of the key that replaces another one.
fn successor(home: &Home, old: &str) -> String {
    text(&home.run(&["keys", "show", old, "--output", "json"]).json()["replaced_by"])
}

#[test]
fn the_secret_of_a_rotation_is_got_after_a_kill() {
    let (home, old) = killed_in_a_rotation();
    let told = home.run(&["keys", "rotate", &old, "--secret-file", "again"]);
    assert!(told.err.contains(&format!("latchkey: Rotating {old} at ")) && told.code == 5, "{told:?}");
    assert!(told.err.contains("Run latchkey keys create --finish"), "{told:?}");
    home.run(&["keys", "create", "--finish", "--secret-file", "new"]).good();
    assert!(home.feed(&["token", &successor(&home, &old)], &home.read("new")).good().starts_with("eyJ"));
    assert_eq!((unfinished::notes(home.0.path()).len(), unfinished::undelivered(home.0.path())), (0, 0));
}

#[test]
fn after_ten_minutes_the_secret_of_a_rotation_is_lost() {
    let (home, old) = killed_in_a_rotation();
    unfinished::pass_ten_minutes(home.0.path());
    let error = home.run(&["keys", "create", "--finish", "--secret-file", "new"]).failed(5);
    let undo = format!("latchkey keys rotate {} --undo", successor(&home, &old));
    assert!(error.contains("its secret is sent only once") && error.contains(&undo), "{error}");
    home.run(&["keys", "rotate", &successor(&home, &old), "--undo", "--yes"]).good();
    assert_eq!((home.keys().len(), unfinished::notes(home.0.path()).len()), (1, 0));
}

/// What is gone can't be finished, and needs to be told once.
#[test]
fn a_key_that_was_deleted_meanwhile_is_forgotten() {
    let deleted = killed();
    let id = text(&deleted.keys()[0]["id"]);
    assert_eq!(deleted.run(&["keys", "delete", &id, "--yes"]).code, 0);
    let (undone, old) = killed_in_a_rotation();
    assert_eq!(undone.run(&["keys", "rotate", &old, "--undo", "--yes"]).code, 0);
    for home in [deleted, undone] {
        assert_eq!(unfinished::notes(home.0.path()).len(), 1);
        let error = home.run(&["keys", "create", "--finish", "--secret-file", "new"]).failed(4);
        assert!(error.contains("it has been deleted since: nothing is left to finish"), "{error}");
        assert!(!error.contains("Idempotency"), "{error}");
        assert_eq!(unfinished::notes(home.0.path()).len(), 0);
        let nothing = home.run(&["keys", "create", "--finish", "--secret-file", "new"]).failed(4);
        assert!(nothing.contains("There is no unfinished key creation."), "{nothing}");
    }
}

#[test]
fn what_another_latchkey_has_is_left_to_it() {
    let home = Home::new();
    let inner = format!("cat >/dev/null; {} keys create --finish --secret-file other 2>said; echo $? >code", binary());
    home.run(&["keys", "create", "--label", "held", "--pipe-to", &inner]).good();
    let said = std::fs::read_to_string(home.path("said")).unwrap();
    assert!(said.contains("Another latchkey on this machine has an unfinished key creation open."), "{said}");
    assert_eq!(std::fs::read_to_string(home.path("code")).unwrap(), "5\n");
    assert_eq!((home.keys().len(), unfinished::notes(home.0.path()).len()), (1, 0));
}

/// The first request may have made the key: that another one is refused says nothing of it.
#[test]
fn a_refusal_after_a_lost_answer_forgets_nothing() {
    let (asked_for, is_refusing) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(true)));
    let (count, refused) = (Arc::clone(&asked_for), Arc::clone(&is_refusing));
    let port =
        raw::serve(move |asked: &Asked| match (asked.method.as_str(), asked.path.trim_start_matches("/api/v2")) {
            ("POST", path) if path.starts_with("/keys") && !path.ends_with("/sealed") => {
                *count.lock().unwrap() += 1;
                match (*count.lock().unwrap(), *refused.lock().unwrap()) {
                    (1, _) => Vec::new(),
                    (_, true) => raw::json(403, &json!({ "success": false, "message": "Auditors change nothing" })),
                    _ => raw::json(201, &json!({ "success": true, "key": key(), "secret_access_key": "sk_after-all" })),
                }
            }
            ("GET", path) if path.starts_with("/keys/PK") => {
                let mut key = key();
                key["created_at"] = json!(chrono::Utc::now()); // else it is advised that nothing needs it
                raw::json(200, &json!({ "success": true, "key": key }))
            }
            ("GET", _) => raw::json(200, &json!({ "keys": [], "total": 0 })),
            _ => raw::raw("204 No Content", &[], ""),
        });
    let (home, url) = (Home::new(), format!("http://127.0.0.1:{port}"));
    remember(&home, &url);
    for words in [["--label", "one"].as_slice(), &["--finish"]] {
        let asked = [&["--url", &url, "keys", "create", "--secret-file", "secret"], words].concat();
        let error = home.run(&asked).failed(3);
        assert!(
            error.contains("Not allowed") && error.contains("It is not known whether the key was created."),
            "{error}"
        );
        assert_eq!(unfinished::notes(home.0.path()).len(), 1);
    }
    *is_refusing.lock().unwrap() = false;
    home.run(&["--url", &url, "keys", "create", "--finish", "--secret-file", "secret"]).good();
    assert_eq!((home.read("secret").as_str(), unfinished::notes(home.0.path()).len()), ("sk_after-all\n", 0));

    *asked_for.lock().unwrap() = 0;
    *is_refusing.lock().unwrap() = true;
    let rotate = ["--url", &url, "keys", "rotate", "PK7QW3N5ZJ0V4T8M2XHC", "--secret-file", "new"];
    let error = home.run(&rotate).failed(3);
    assert!(error.contains("undo the rotation if it has begun") && error.contains("XHC --undo"), "{error}");
    assert_eq!(unfinished::notes(home.0.path()).len(), 1);
}

#[test]
fn a_server_of_the_first_edition_loses_the_secret_with_the_answer() {
    let asked_for = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked_for);
    let port =
        raw::serve(move |asked: &Asked| match (asked.method.as_str(), asked.path.trim_start_matches("/api/v2")) {
            ("POST", "/keys") => {
                *count.lock().unwrap() += 1;
                let replayed = json!({ "success": true, "key": key(), "secret_access_key": null, "replayed": true });
                if *count.lock().unwrap() == 1 { Vec::new() } else { raw::json(200, &replayed) }
            }
            ("GET", _) => raw::json(200, &json!({ "keys": [], "total": 0 })),
            _ => raw::raw("204 No Content", &[], ""),
        });
    let (home, url) = (Home::new(), format!("http://127.0.0.1:{port}"));
    remember(&home, &url);
    let error = home.run(&["--url", &url, "keys", "create", "--secret-file", "secret"]).failed(5);
    let advice = format!("delete this key (latchkey --url {url} keys delete PK7QW3N5ZJ0V4T8M2XHC) and create another");
    assert!(error.contains(&advice), "{error}");
    assert_eq!(unfinished::notes(home.0.path()).len(), 0);
}

/// It is written before anything is asked for.
#[test]
fn a_note_that_was_cut_off_is_removed() {
    let home = killed();
    let note = unfinished::notes(home.0.path()).remove(0);
    let whole = std::fs::read(&note).unwrap();
    let cut = note.with_file_name("cut.json");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let other = note.with_file_name("of-a-later-version.json");
    std::fs::write(&other, "{}").unwrap();
    home.run(&["keys", "create", "--finish", "--secret-file", "held"]).good();
    assert_eq!(unfinished::notes(home.0.path()), [other]);
}

#[test]
fn a_note_of_an_earlier_version_is_finished_as_it_was_then() {
    let home = killed();
    let note = &unfinished::notes(home.0.path())[0];
    let mut told: Value = serde_json::from_slice(&std::fs::read(note).unwrap()).unwrap();
    assert!(told.as_object_mut().unwrap().remove("seal_key").is_some());
    told["idempotency_key"] = "0".repeat(32).into(); // of a create that did not happen
    std::fs::write(note, told.to_string()).unwrap();
    assert_eq!(home.run(&["keys", "create", "--finish", "--secret-file", "held"]).code, 0);
    let id = home.keys()[0]["id"].as_str().unwrap().to_owned();
    assert!(home.feed(&["token", &id], &home.read("held")).good().starts_with("eyJ"));
    assert_eq!((home.keys().len(), unfinished::notes(home.0.path()).len()), (2, 0));
}

/// One of its tries had arrived, and the values were changed for the next.
#[test]
fn the_secret_of_any_try_is_got() {
    let home = killed();
    let note = &unfinished::notes(home.0.path())[0];
    let mut told: Value = serde_json::from_slice(&std::fs::read(note).unwrap()).unwrap();
    let other = |label: &str| json!({ "label": label, "expires_at": "2999-01-01T00:00:00Z" });
    told["earlier"] = json!([other("one"), { "label": "held", "expires_at": null }, other("two")]);
    told["label"] = "last".into();
    std::fs::write(note, told.to_string()).unwrap();
    home.run(&["keys", "create", "--finish", "--secret-file", "held"]).good();
    let [key] = &home.keys()[..] else { panic!("not one key") };
    assert_eq!(key["label"], "held");
    assert!(home.feed(&["token", key["id"].as_str().unwrap()], &home.read("held")).good().starts_with("eyJ"));
    assert_eq!((unfinished::notes(home.0.path()).len(), unfinished::undelivered(home.0.path())), (0, 0));
}

#[test]
fn what_is_too_old_to_be_finished_is_told_once() {
    let home = killed();
    unfinished::date(home.0.path(), "2026-01-02T03:04:05Z".parse().unwrap());
    for is_told in [true, false] {
        let done = home.run(&["keys", "create", "--finish", "--secret-file", "held"]);
        let (code, error) = (done.code, done.err);
        let words = "Creating a key labelled “held” at 2026-01-02 03:04 UTC was interrupted. If the key is in the list";
        assert_eq!((code, error.contains(words)), (4, is_told), "{error}");
        assert!(error.contains("There is no unfinished key creation."), "{error}");
        assert_eq!(unfinished::notes(home.0.path()).len(), 0);
    }
}

#[test]
fn what_is_finished_is_as_it_was_asked_for() {
    for other in ["--label", "--expires"] {
        let refused = Home::new().run(&["keys", "create", "--finish", other, "90d"]);
        assert!(refused.complaint(2).contains("cannot be used with"));
    }
}

/// What was asked of a server to create keys: under which name, and whether to seal the secret.
type Creates = Arc<Mutex<Vec<(String, bool)>>>;

/// A server of the first edition, which refuses fields that it doesn't know, or ignores them.
fn first_edition(refuses: bool) -> (Home, Creates, Done) {
    let asked_for = Creates::default();
    let noted = Arc::clone(&asked_for);
    let port =
        raw::serve(move |asked: &Asked| match (asked.method.as_str(), asked.path.trim_start_matches("/api/v2")) {
            ("POST", "/auth/session") => raw::signed_in("jo", "administrator"),
            ("POST", "/keys") => {
                let body: Value = serde_json::from_slice(&asked.body).unwrap();
                let seals = body["seal_to"].is_string();
                noted.lock().unwrap().push((asked.header("idempotency-key").unwrap().to_owned(), seals));
                if seals && refuses {
                    let words = "seal_to: is not a known field";
                    return raw::json(400, &json!({ "success": false, "message": words, "code": 0, "status": 400 }));
                }
                raw::json(201, &json!({ "success": true, "key": key(), "secret_access_key": "sk_in-the-clear" }))
            }
            ("GET", _) => raw::json(200, &json!({ "keys": [], "total": 0 })),
            _ => raw::json(404, &json!({ "success": false, "message": "Not found", "code": 0, "status": 404 })),
        });
    let home = Home::new();
    let url = format!("http://127.0.0.1:{port}");
    remember(&home, &url);
    let done = home.run(&["--url", &url, "keys", "create", "--secret-file", "secret"]);
    (home, asked_for, done)
}

#[test]
fn a_server_of_the_first_edition_makes_one_key() {
    for (refuses, expected) in [(true, vec![true, false]), (false, vec![true])] {
        let (home, asked_for, done) = first_edition(refuses);
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(home.read("secret"), "sk_in-the-clear\n");
        let asked_for = asked_for.lock().unwrap();
        assert!(asked_for.iter().all(|(name, _)| *name == asked_for[0].0), "one name");
        assert_eq!(asked_for.iter().map(|(_, seals)| *seals).collect::<Vec<_>>(), expected);
        assert_eq!(unfinished::notes(home.0.path()).len(), 0);
    }
}
