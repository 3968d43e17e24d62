//! A create that was cut off: told at the next start, and finished by a command.

use rustix::process::Signal;
use serde_json::json;

use super::secrets::create;
use super::talk::{COMMAND, HEARD, SECRET, Talk, latchkey};
use crate::support::hanging::{hanging, key};
use crate::support::home::Home;
use crate::support::{unfinished, wait};

const FINISH: &str = "The command finish finishes it.";

/// A home in which latchkey was killed while it offered the secret of a key; and the key's ID.
fn killed_at_the_secret() -> (Home, String) {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    let id = create(&mut talk);
    talk.signal(Signal::KILL);
    talk.ends();
    (home, id)
}

/// Nothing of it is told at the next start, and there is nothing to finish.
#[track_caller]
fn is_forgotten(home: &Home) {
    let mut talk = Talk::at(home);
    talk.answers(&[(COMMAND, "finish"), ("There is no unfinished key creation.", HEARD)]);
    let said = talk.quits();
    assert!(!said.contains(FINISH), "{said}");
}

#[test]
fn it_is_told_at_the_start_and_its_secret_can_be_had() {
    let (home, id) = killed_at_the_secret();
    for _ in 0..2 {
        let mut talk = Talk::at(&home);
        let begin = talk.says(COMMAND);
        assert!(begin.contains("If the key was created, the server keeps its secret for you until "), "{begin}");
        talk.types("finish");
        talk.says(&format!("Access key created.\r\nAccess key ID: {id}"));
        talk.says(SECRET);
        talk.signal(Signal::KILL); // nothing is lost by being cut off again
        talk.ends();
    }
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "finish"), (SECRET, "file"), ("New file", "secret"), (SECRET, "close")]);
    talk.answers(&[("is ready to use", HEARD)]);
    talk.quits();
    assert!(home.read("secret").starts_with("sk_"));
    assert_eq!((home.keys().len(), unfinished::undelivered(home.0.path())), (1, 0));
    is_forgotten(&home);
}

#[test]
fn after_ten_minutes_its_key_can_be_deleted() {
    let (home, id) = killed_at_the_secret();
    unfinished::pass_ten_minutes(home.0.path());
    for _ in 0..2 {
        let mut talk = Talk::at(&home);
        let begin = talk.says(COMMAND);
        let told = begin.lines().find(|line| line.contains("Creating a key labelled “mine” at "));
        assert!(told.is_some_and(|line| line.ends_with(FINISH)), "{begin}");
        talk.types("help");
        talk.answers(&[("\r\n19. finish (F): Finish creating or rotating a key", HEARD)]);
        talk.quits();
    }
    let mut talk = Talk::at(&home);
    talk.answers(&[
        (COMMAND, "finish"),
        (&format!("An earlier attempt created {id}"), HEARD),
        ("Delete it? (yes or no", "yes"),
    ]);
    talk.answers(&[("To confirm, type", &id[16..]), (&format!("({id}). Requests with it are now refused."), HEARD)]);
    talk.quits();
    assert_eq!(home.keys().len(), 0);
    is_forgotten(&home);
}

#[test]
fn its_key_is_kept_unless_a_yes_is_typed() {
    let (home, _) = killed_at_the_secret();
    unfinished::pass_ten_minutes(home.0.path());
    let mut talk = Talk::at(&home);
    talk.answers(&[(FINISH, HEARD), (COMMAND, "finish"), ("Enter for no): ", ""), ("The key was kept.", HEARD)]);
    talk.quits();
    assert_eq!(home.keys().len(), 1);
    is_forgotten(&home);
}

#[test]
fn what_can_only_look_is_not_told_of_it() {
    let (home, _) = killed_at_the_secret();
    let said = Talk::start(latchkey(&home).arg("--read-only")).quits();
    assert!(!said.contains(FINISH), "{said}");
    let mut talk = Talk::at(&home);
    talk.says(FINISH);
    talk.quits();
}

#[test]
fn one_that_the_server_has_forgotten_is_told_once() {
    let (home, _) = killed_at_the_secret();
    unfinished::date(home.0.path(), "2026-01-02T03:04:05Z".parse().unwrap());
    let mut talk = Talk::at(&home);
    talk.says("Creating a key labelled “mine” at 2026-01-02 03:04 UTC was interrupted. ");
    talk.says("If the key is in the list and you don't have its secret, delete it.");
    talk.answers(&[(COMMAND, "finish"), ("There is no unfinished key creation.", HEARD)]);
    talk.quits();
    assert_eq!(unfinished::notes(home.0.path()).len(), 0);
    is_forgotten(&home);
}

#[test]
fn one_that_had_not_happened_is_made_under_the_same_name() {
    let (port, names) = hanging(json!({ "key": key(), "secret_access_key": "sk_made-after-the-crash" }));
    let home = Home::new();
    let talk = || {
        let mut talk = Talk::start(latchkey(&home).args(["--url", &format!("http://127.0.0.1:{port}")]));
        assert!(!talk.says(COMMAND).contains(FINISH), "whose it is is not known yet");
        talk
    };
    let sign_in = [("User name", "jo"), ("Password of jo", "any"), ("Signed in as jo", HEARD)];
    let mut first = talk();
    first.types("create");
    first.answers(&sign_in);
    first.writes("held");
    first.answers(&[("Enter for never): ", "")]);
    wait::until("the create", || !names.lock().unwrap().is_empty());
    first.signal(Signal::KILL);
    first.ends();
    let mut next = talk();
    next.types("finish");
    next.answers(&sign_in);
    next.answers(&[("Access key created.", HEARD), (SECRET, "file"), ("New file", "secret"), (SECRET, "close")]);
    next.answers(&[("is ready to use", HEARD)]);
    let said = next.quits();
    assert!(!said.contains("sk_") && home.read("secret") == "sk_made-after-the-crash\n", "{said}");
    let names = names.lock().unwrap();
    assert_eq!((names.len(), &names[0]), (2, &names[1]));
    assert_eq!(unfinished::notes(home.0.path()).len(), 0);
}
