//! The only copy of a secret: where it goes, and where it does not.

use std::fs;

use super::talk::{COMMAND, HEARD, SECRET, Talk, latchkey};
use crate::support::home::Home;

/// Begins to create a key; gives its ID.
pub fn create(talk: &mut Talk) -> String {
    talk.answers(&[(COMMAND, "create")]);
    made(talk)
}

/// Answers the questions of a new key; gives its ID.
pub fn made(talk: &mut Talk) -> String {
    talk.writes("mine");
    talk.answers(&[("Enter for never): ", "90d")]);
    talk.says("Access key created.\r\nAccess key ID: ");
    let id = talk.says("\r\n").trim().to_owned();
    talk.says("Secret access key: not shown yet.");
    talk.says("6. Close");
    talk.says("7. Pick form");
    talk.says(SECRET);
    id
}

#[test]
fn it_goes_to_a_file_unseen() {
    let home = Home::new();
    fs::write(home.path("there"), "mine").unwrap();
    let mut talk = Talk::at(&home);
    let id = create(&mut talk);
    talk.types("file");
    talk.answers(&[("New file (Enter to go back): ", ""), (SECRET, "1"), ("New file", "there")]);
    talk.answers(&[
        ("already exists and will not be overwritten.", "1"),
        ("New file", "/dev/fd/9"),
        ("File descriptor 9 is not open for writing.", "1"),
        ("New file", "~/secret"),
        ("(readable only by you).", "close"),
    ]);
    talk.says("“mine” is ready to use. The secret has been erased from latchkey.");
    let said = talk.quits();
    assert!(!said.contains("sk_") && said.contains("90d"), "{said}");
    assert_eq!(fs::read_to_string(home.path("there")).unwrap(), "mine");
    home.run(&["token", &id, "--secret-file", home.path("secret").to_str().unwrap(), "--output", "json"]).good();
    assert!(home.read("secret").starts_with("sk_") && home.kept().is_empty());
}

#[test]
fn it_is_not_handed_over_where_nobody_else_reaches_it() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    create(&mut talk);
    talk.types("8");
    talk.answers(&[("Other people can't reach the embedded server.", HEARD), (SECRET, "6")]);
    talk.answers(&[("Close anyway?", "yes"), (COMMAND, "")]);
    talk.quits();
}

#[test]
fn it_goes_to_a_command_which_has_no_terminal() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    create(&mut talk);
    talk.types("command");
    talk.answers(&[("Command (Enter to go back): ", "no-such-command"), ("ommand not found", "2")]);
    talk.answers(&[("Command (Enter to go back): ", "cat >/dev/null; printf '\\033[31mno' >&2; exit 3")]);
    talk.answers(&[("The command failed (exit status: 3). Output: ^[[31mno", "2")]);
    talk.answers(&[
        ("Command (Enter to go back): ", "cat"),
        ("so it isn't shown. Nothing shows that it was stored.", "6"),
    ]);
    talk.answers(&[("The copy could not be confirmed.", ""), (SECRET, "2")]);
    talk.answers(&[("Command (Enter to go back): ", "cat > got; echo kept; (: >/dev/tty) 2>/dev/null || echo alone")]);
    talk.says("The command finished successfully. Output:\r\nkept\r\nalone\r\n");
    talk.answers(&[(SECRET, "6"), ("is ready to use", HEARD)]);
    let said = talk.quits();
    assert!(!said.contains("sk_") && fs::read_to_string(home.path("got")).unwrap().starts_with("sk_"), "{said}");
}

#[test]
fn it_is_shown_alone_on_a_line_if_that_is_asked_for_twice() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    create(&mut talk);
    talk.types("show key");
    talk.answers(&[("stays in the scrollback", HEARD), ("Show it? (yes or no, Enter for no): ", "")]);
    assert!(!talk.says(SECRET).contains("sk_"));
    talk.types("3");
    talk.answers(&[("Show it?", "yes")]);
    talk.says("alone on the next line:\r\n");
    let secret = talk.says("\r\n");
    assert!(secret.starts_with("sk_") && secret.trim().len() == 52, "{secret}");
    talk.answers(&[(SECRET, "close"), ("is ready to use", HEARD)]);
    assert_eq!(talk.quits().matches("sk_").count(), 1);
}

#[test]
fn a_recorder_is_named_before_it_is_shown() {
    let home = Home::new();
    let mut talk = Talk::start(latchkey(&home).env("ASCIINEMA_REC", "1"));
    create(&mut talk);
    talk.types("3");
    talk.answers(&[("This session appears to be recorded (asciinema).", HEARD), ("Show it?", ""), (SECRET, "close")]);
    talk.answers(&[("can't be recovered.", "y"), ("is ready to use", HEARD)]);
    assert!(!talk.quits().contains("sk_"));
}

#[test]
fn close_asks_if_nobody_has_it() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    create(&mut talk);
    talk.types("close");
    talk.answers(&[
        ("haven't shown, copied or saved the secret.", ""),
        (SECRET, "quit"),
        ("Type a number from 1 to 8 or a word of the list.", "Close"),
    ]);
    talk.answers(&[
        ("Close anyway? It can't be recovered. (yes or no, Enter for no): ", "yes"),
        ("is ready to use", HEARD),
    ]);
    let said = talk.quits();
    assert!(!said.contains("sk_") && home.kept().is_empty(), "{said}");
}

#[test]
fn a_label_is_no_place_for_a_secret() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "create"), ("Label", "sk_0123456789"), ("looks like a secret", &"é".repeat(101))]);
    talk.says("101 characters");
    talk.writes("");
    talk.answers(&[("Enter for never): ", "yesterday"), ("use 90d", "never"), (SECRET, "6")]);
    talk.answers(&[("can't be recovered.", "yes")]);
    talk.quits();
}

#[test]
fn what_was_made_with_it_is_a_credential_too() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    let id = create(&mut talk);
    talk.types("test key");
    talk.says("Access token received.");
    talk.says("The server accepts the token for this key.");
    talk.answers(&[
        ("Access token (1 to 4, Enter lists them): ", "1"),
        ("New file", "token"),
        ("(readable only by you)", "back"),
    ]);
    talk.answers(&[(SECRET, "hmac token"), ("Enter for random text): ", "api-content-hash")]);
    talk.answers(&[("HMAC token: generated, not shown.", "file"), ("New file", "hash"), ("Enter lists them): ", "4")]);
    talk.answers(&[("New file", "request"), ("Saved to request", "2"), ("Command", "cat >hash2")]);
    talk.answers(&[
        ("finished successfully", "3"),
        ("Show it?", "y"),
        ("HMAC token, alone on the next line:\r\n", "5"),
    ]);
    let hash = home.read("hash");
    assert_eq!(talk.says("\r\n"), hash.replace('\n', "\r\n"));
    talk.answers(&[(SECRET, "1"), ("New file", "secret"), (SECRET, "6")]);
    let said = talk.quits();
    assert!(!said.contains("sk_") && !said.contains("eyJ") && said.matches(hash.trim()).count() == 1, "{said}");
    assert_eq!(fs::read_to_string(home.path("hash2")).unwrap(), hash);
    assert!(home.read("request").contains(&format!("x-key: {id}")));
    let file = home.path("secret");
    let file = file.to_str().unwrap();
    assert_eq!(home.run(&["hmac", "--secret-file", file, "--content", "api-content-hash"]).good(), hash);
    assert!(home.read("token").starts_with("eyJ"));
    assert_eq!(home.run(&["verify", "--token-file", home.path("token").to_str().unwrap()]).good().trim(), id);
}

#[test]
fn both_halves_go_to_a_file_in_the_form_that_its_reader_needs() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    let id = create(&mut talk);
    talk.types("7");
    talk.answers(&[("Form (secret, env, json, csv, aws; Enter to go back): ", "env")]);
    talk.answers(&[("File and Command get the form env.", "1"), ("New file", "~/key.env")]);
    talk.answers(&[("(readable only by you).", "close")]);
    talk.quits();
    let written = fs::read_to_string(home.path("key.env")).unwrap();
    assert!(written.starts_with(&format!("ACCESS_KEY_ID={id}\nSECRET_ACCESS_KEY=sk_")), "another form");
}

#[test]
fn the_list_is_exported_to_a_file() {
    let home = Home::new();
    home.create("nightly");
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "export"), ("Form of the exported list (1 to 4", "2"), ("Where to (1 to 3", "1")]);
    talk.answers(&[("New file (Enter to go back): ", "~/keys.jsonl")]);
    talk.says("Exported 1 key. Saved to ~/keys.jsonl (readable only by you).");
    talk.quits();
    let key: serde_json::Value = serde_json::from_str(&fs::read_to_string(home.path("keys.jsonl")).unwrap()).unwrap();
    assert_eq!(key, home.keys()[0]);
}

#[test]
fn the_last_change_is_undone() {
    let home = Home::new();
    home.create("nightly");
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "undo"), ("Nothing to undo.", "list"), ("Keys 1 to 1", "deactivate 1")]);
    talk.answers(&[
        ("Deactivate it?", "yes"),
        ("Deactivated “nightly”.", "undo"),
        ("Undone. Activated “nightly”.", "undo"),
    ]);
    talk.says("Nothing to undo.");
    talk.quits();
    assert_eq!(home.keys()[0]["status"], "active");
}
