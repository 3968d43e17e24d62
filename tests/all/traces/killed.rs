//! SIGKILL leaves no secret behind, and a create that was under way is finished or reported at the next start.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use crate::support::files;
use crate::support::hanging::{hanging, key};
use crate::support::home::{Home, text};
use crate::support::terminal::{Terminal, contains, latchkey};
use crate::support::{unfinished, wait};

/// The dialog about a create that an earlier run began.
pub(super) const UNFINISHED: &str = "Unfinished key creation";

/// The page, with its temporary files where we can look at them.
pub(super) fn start(home: &Path, arguments: &[&str]) -> Terminal {
    let private = home.join("private");
    std::fs::create_dir_all(&private).unwrap();
    Terminal::start(latchkey(home).args(arguments).env("TMPDIR", &private).env("XDG_RUNTIME_DIR", &private))
}

pub(super) fn kill(mut page: Terminal) {
    page.signal(Signal::KILL);
    page.waits_for_end();
}

/// Files of /tmp itself that were written since.
fn new_in_tmp(since: SystemTime) -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/tmp").unwrap().flatten();
    let fresh = |path: &Path| std::fs::metadata(path).and_then(|about| about.modified()).is_ok_and(|at| at >= since);
    entries.map(|entry| entry.path()).filter(|path| path.is_file() && fresh(path)).collect()
}

#[test]
fn a_kill_while_the_secret_is_shown_leaves_nothing_of_it_and_is_reported() {
    let (home, since) = (TempDir::new().unwrap(), SystemTime::now());
    let mut page = start(home.path(), &[]);
    page.sees("No access keys yet");
    let secret = page.create_and_show("interrupted");
    page.press("c");
    page.sees("ent to your terminal");
    let id = page.word("PK");
    kill(page);
    files::lack(home.path(), &secret);
    for path in new_in_tmp(since) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        assert!(!contains(&bytes, secret.as_bytes()), "the secret is in {}", path.display());
    }
    // As often as it is killed, for ten minutes.
    for _ in 0..2 {
        let mut page = start(home.path(), &[]);
        page.sees(UNFINISHED);
        page.sees("the server keeps its secret for you until");
        page.press("<Enter>");
        page.sees("Access key created");
        page.press("s");
        page.sees(&secret);
        kill(page);
    }
    files::lack(home.path(), &secret);
    unfinished::pass_ten_minutes(home.path());
    let mut page = start(home.path(), &[]);
    page.sees(UNFINISHED);
    page.sees("labelled “interrupted”");
    page.press("<Tab><Enter>");
    page.sees("The key already exists");
    assert!(page.text().contains(&id), "{}", page.text());
    page.press("<Tab><Enter>");
    page.sees("Delete access key");
    page.press(&format!("{}<Enter>", &id[16..]));
    page.sees("are now refused");
    page.press("q");
    assert!(page.ends().0.success());
    // It was told once, and that was enough.
    let mut page = start(home.path(), &[]);
    page.sees("No access keys yet");
    assert!(!page.text().contains(UNFINISHED));
    page.press("q");
    assert!(page.ends().0.success());
}

#[test]
fn a_secret_that_was_got_after_a_kill_is_settled_when_its_dialog_closes() {
    let home = TempDir::new().unwrap();
    let mut page = start(home.path(), &[]);
    page.sees("No access keys yet");
    let secret = page.create_and_show("kept");
    kill(page);
    assert_eq!(unfinished::undelivered(home.path()), 1);
    let mut page = start(home.path(), &[]);
    page.sees(UNFINISHED);
    page.press("<Enter>");
    page.sees("Access key created");
    page.press("s");
    page.sees(&secret);
    assert_eq!((unfinished::notes(home.path()).len(), unfinished::undelivered(home.path())), (1, 1));
    page.close();
    page.press("q");
    assert!(page.ends().0.success());
    assert_eq!((unfinished::notes(home.path()).len(), unfinished::undelivered(home.path())), (0, 0));
    let mut page = start(home.path(), &[]);
    page.sees("1 key");
    page.press("q");
    assert!(!contains(&page.ends().1.bytes, UNFINISHED.as_bytes()));
}

#[test]
fn what_is_put_off_can_be_come_back_to() {
    let home = TempDir::new().unwrap();
    let mut page = start(home.path(), &[]);
    page.sees("No access keys yet");
    let secret = page.create_and_show("later");
    kill(page);
    let mut page = start(home.path(), &[]);
    page.sees(UNFINISHED);
    page.press("<Esc>");
    page.sees("Interrupted creation: F finishes it.");
    let other = Home(home);
    let done = other.run(&["keys", "create", "--finish", "--secret-file", "new"]);
    assert!(done.failed(5).contains("Another latchkey on this machine has an unfinished key creation open."));
    page.press("F");
    page.sees(UNFINISHED);
    page.press("<Esc>");
    page.sees("F finishes it.");
    page.press("F<Enter>");
    page.sees("Access key created");
    page.press("s");
    page.sees(&secret);
    page.close();
    page.press("F");
    page.sees("There is no unfinished key creation.");
    page.press("q");
    assert!(page.ends().0.success());
    assert_eq!(unfinished::notes(other.0.path()).len(), 0);
}

#[test]
fn the_secret_of_a_rotation_that_is_lost_leads_to_the_rotation() {
    let home = Home::new();
    let (old, _) = home.create("nightly");
    let rotate = ["keys", "rotate", &old, "--pipe-to", "kill -9 $PPID"];
    assert!(!home.command(&rotate).status().unwrap().success());
    unfinished::pass_ten_minutes(home.0.path());
    let mut page = start(home.0.path(), &[]);
    page.sees(UNFINISHED);
    page.sees(&format!("rotating {old}"));
    page.press("<Tab><Enter>");
    page.sees("The key already exists");
    page.sees("undo the rotation");
    page.press("<Tab><Enter>");
    page.sees("Undo");
    page.sees(&old);
    page.press("<Esc>q");
    assert!(page.ends().0.success());
    assert_eq!(unfinished::notes(home.0.path()).len(), 0);
}

#[test]
fn one_whose_key_was_deleted_meanwhile_is_forgotten() {
    let home = TempDir::new().unwrap();
    let mut page = start(home.path(), &[]);
    page.sees("No access keys yet");
    page.create_and_show("gone");
    kill(page);
    let home = Home(home);
    let id = text(&home.keys()[0]["id"]);
    assert_eq!(home.run(&["keys", "delete", &id, "--yes"]).code, 0);
    let mut page = start(home.0.path(), &[]);
    page.sees(UNFINISHED);
    page.press("<Enter>");
    page.sees("it has been deleted since: nothing is left to finish.");
    assert!(!page.text().contains(UNFINISHED));
    page.press("q");
    assert!(page.ends().0.success());
    assert_eq!(unfinished::notes(home.0.path()).len(), 0);
}

#[test]
fn a_create_that_ended_well_leaves_no_note() {
    let home = TempDir::new().unwrap();
    let mut page = start(home.path(), &[]);
    page.sees("No access keys yet");
    page.create_and_show("one");
    assert_eq!(unfinished::notes(home.path()).len(), 1);
    let note = std::fs::read_to_string(&unfinished::notes(home.path())[0]).unwrap();
    assert!(note.contains("\"one\"") && !note.contains("sk_"), "{note}");
    // A second page at the same time has nothing to finish: the first one is at it.
    let mut other = start(home.path(), &[]);
    other.sees("1 key");
    assert!(!other.text().contains(UNFINISHED));
    other.press("q");
    assert!(other.ends().0.success());
    page.close();
    assert_eq!(unfinished::notes(home.path()).len(), 0);
    page.press("q");
    assert!(page.ends().0.success());
}

fn killed_while_waiting(then: serde_json::Value) -> (TempDir, Terminal, Arc<Mutex<Vec<String>>>) {
    let home = TempDir::new().unwrap();
    let (port, names) = hanging(then);
    let open = |home: &Path, words: &str| {
        let mut page = start(home, &["--url", &format!("http://127.0.0.1:{port}")]);
        page.sees("Sign in to");
        page.press("jo<Tab>any<Space>password<Enter>");
        page.sees(words);
        page
    };
    let mut page = open(home.path(), "No access keys yet");
    page.press("cheld<Enter>");
    page.sees("Creating");
    wait::until("the create", || !names.lock().unwrap().is_empty());
    kill(page);
    let mut page = open(home.path(), UNFINISHED);
    page.press("<Enter>");
    (home, page, names)
}

#[test]
fn a_create_that_had_not_happened_is_finished_under_the_same_name() {
    let secret = "sk_finished-after-the-crash-and-shown";
    let (_home, mut page, names) = killed_while_waiting(json!({ "key": key(), "secret_access_key": secret }));
    page.sees("Access key created");
    page.press("s");
    page.sees(secret);
    let names = names.lock().unwrap();
    assert_eq!((names.len(), &names[0]), (2, &names[1]));
}

#[test]
fn a_create_that_had_happened_is_reported_under_the_same_name() {
    let replayed = json!({ "key": key(), "secret_access_key": null, "replayed": true });
    let (_home, mut page, names) = killed_while_waiting(replayed);
    page.sees("The key already exists");
    let names = names.lock().unwrap();
    assert_eq!((names.len(), &names[0]), (2, &names[1]));
}

#[test]
fn a_create_whose_secret_was_saved_is_settled() {
    let home = TempDir::new().unwrap();
    let mut page = start(home.path(), &[]);
    page.sees("No access keys yet");
    page.press("ckept<Enter>");
    page.sees("Access key created");
    page.press("w<Enter>");
    page.sees("(readable only by you).");
    wait::until("the end of the note", || unfinished::notes(home.path()).is_empty());
    kill(page);
    let mut page = start(home.path(), &[]);
    page.sees("kept");
    page.press("q");
    assert!(!contains(&page.ends().1.bytes, UNFINISHED.as_bytes()));
}

#[test]
fn a_create_in_a_folder_that_was_new_is_found_by_any_of_its_names() {
    let home = TempDir::new().unwrap();
    let at = |folder: &str| Terminal::start(latchkey(home.path()).args(["--data", folder]).current_dir(home.path()));
    let mut page = at("new");
    page.sees("Create a data folder there?");
    page.press("yes<Enter>");
    page.sees("No access keys yet");
    page.create_and_show("first");
    kill(page);
    for name in ["new", "./new", home.path().join("new").to_str().unwrap()] {
        let mut page = at(name);
        page.sees(UNFINISHED);
        page.press("<Esc>");
        page.loses(UNFINISHED);
        page.press("q");
        assert!(page.ends().0.success());
    }
}

#[test]
fn a_create_that_is_forgotten_is_not_asked_about_again() {
    let home = TempDir::new().unwrap();
    let mut page = start(home.path(), &[]);
    page.sees("No access keys yet");
    page.create_and_show("left");
    kill(page);
    // Not while its secret can still be had.
    let mut page = start(home.path(), &[]);
    page.sees(UNFINISHED);
    assert!(!page.text().contains("[Forget it]"));
    kill(page);
    unfinished::pass_ten_minutes(home.path());
    let mut page = start(home.path(), &[]);
    page.sees(UNFINISHED);
    page.press("<Tab><Tab><Enter>");
    page.loses(UNFINISHED);
    page.sees("delete it.");
    page.press("q");
    assert!(page.ends().0.success());
    assert_eq!(unfinished::notes(home.path()).len(), 0);
    let mut page = start(home.path(), &[]);
    page.sees("1 key");
    page.press("q");
    assert!(!contains(&page.ends().1.bytes, UNFINISHED.as_bytes()));
}

#[test]
fn what_is_too_old_to_be_finished_is_told_once() {
    let home = TempDir::new().unwrap();
    let mut page = start(home.path(), &[]);
    page.sees("No access keys yet");
    page.create_and_show("old");
    kill(page);
    unfinished::date(home.path(), "2026-11-01T10:00:00Z".parse().unwrap());
    for (file, tells) in [("one", true), ("two", false)] {
        let create = ["keys", "create", "--secret-file", file];
        let create = Terminal::start(latchkey(home.path()).args(create).current_dir(home.path()));
        let (status, create) = create.ends();
        assert!(status.success());
        let words = "Creating a key labelled “old” at 2026-11-01 10:00 UTC was interrupted. If the key is in the list";
        assert_eq!(contains(&create.bytes, words.as_bytes()), tells, "{}", create.text());
    }
}
