//! `latchkey keys create --finish`: the secret of a key whose creation was cut off.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::remote::remember;
use crate::support::hanging::key;
use crate::support::home::{Done, Home};
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
