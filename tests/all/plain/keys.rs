//! Every operation on keys, as it is asked for and answered.

use latchkey::domain::key::fields;

use super::talk::{COMMAND, HEARD, SECRET, Talk, latchkey};
use crate::support::home::Home;

#[test]
fn the_first_lines_say_why_and_where() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    let begin = talk.says(COMMAND);
    let place = "Profile: local. Server: embedded server (~/.local/share/latchkey).\r\n";
    assert!(begin.starts_with(&format!("Plain mode: TERM is dumb.\r\n{place}")), "{begin}");
    talk.types("?");
    let help = talk.says(COMMAND);
    let words = "list (r),next,filter (/),status (f),sort (s),show,create (c),edit (e),activate,deactivate,delete (d),\
        tokens (t),doctor,profiles (p),signout (o),help (?),quit (q),switch (a)";
    for (n, word) in words.split(',').enumerate() {
        assert!(help.contains(&format!("\r\n{}. {word}: ", n + 1)), "{help}");
    }
    talk.types("");
    talk.quits();
    for (command, why) in [
        (latchkey(&home).env("TERM", ""), "Plain mode: TERM is not set."),
        (latchkey(&home).env("TERM", "xterm").arg("--plain"), "Plain mode: --plain asks for it."),
        (latchkey(&home).env("TERM", "xterm").env("LATCHKEY_PLAIN", "1"), "Plain mode: LATCHKEY_PLAIN asks for it."),
    ] {
        assert!(Talk::start(command).quits().starts_with(why), "{why}");
    }
}

#[test]
fn a_command_that_takes_nothing_says_so() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "list 5 6"), ("list takes no arguments.", HEARD)]);
    talk.answers(&[(COMMAND, "doctor now"), ("doctor takes no arguments.", HEARD), (COMMAND, "")]);
    talk.quits();
}

#[test]
fn what_is_due_is_listed() {
    let home = Home::new();
    let (id, _) = home.create("soon");
    home.run(&["keys", "edit", &id, "--expires", "20d"]).good();
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "due"), ("Nothing is due within 7 days.", "due 30d")]);
    talk.answers(&[
        (&format!("soon ({id}): expires in 20 days, 20"), "due 0d"),
        ("Use 7d or 30d", HEARD),
        (COMMAND, ""),
    ]);
    talk.quits();
}

#[test]
fn a_secret_in_the_line_of_a_command_is_looked_up_with_a_warning() {
    let home = Home::new();
    let (id, secret) = home.create("leaked");
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, &format!("identify {secret}"))]);
    talk.says("What you typed stays on the screen");
    talk.answers(&[(&id, HEARD), ("Deactivate", "no"), (COMMAND, "identify"), ("(hidden): ", HEARD)]);
    talk.hides();
    talk.types(&secret);
    let said = talk.says(&id);
    assert!(!said.contains("What you typed"), "{said}");
    talk.answers(&[("Deactivate", "no"), (COMMAND, "")]);
    talk.quits();
}

#[test]
fn a_list_comes_in_pages_and_its_numbers_stay() {
    let home = Home::new();
    crate::support::fill::fill(&home.path("many"), 45, &mut |_| {}).unwrap();
    let mut talk = Talk::start(latchkey(&home).arg("--data").arg(home.path("many")));
    talk.answers(&[(COMMAND, "list"), ("Keys 1 to 20 of 45. next lists more.", "next")]);
    talk.says("\r\n21. ");
    talk.answers(&[("Keys 21 to 40 of 45. next lists more.", "2")]);
    talk.answers(&[("Keys 41 to 45 of 45.", "next"), ("That was the last key", HEARD)]);
    talk.answers(&[(COMMAND, "show 45")]);
    talk.says("Access key ID: PK");
    talk.answers(&[(COMMAND, "show 46"), ("No key with that number", HEARD)]);
    talk.answers(&[(COMMAND, "show sk_0123456789")]);
    let refused = talk.says(COMMAND);
    assert!(refused.contains("never type the secret where it can be read"), "{refused}");
    talk.types("");
    talk.quits();
}

#[test]
fn all_that_the_filter_finds_are_changed_at_once() {
    let home = Home::new();
    for label in ["red door", "blue door, do not delete", "green gate"] {
        home.create(label);
    }
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "all delete"), ("That would be every key.", HEARD), (COMMAND, "filter door")]);
    talk.answers(&[(COMMAND, "all"), ("What (1 to 4, Enter lists them, back leaves): ", "edit")]);
    talk.answers(&[("Owner (Enter keeps it, - for none): ", "ops"), ("Enter keeps it): ", ""), ("2 keys.", HEARD)]);
    talk.answers(&[
        ("Change 2 keys? (yes or no, Enter for no): ", "yes"),
        ("2 keys: owner is now ops. The command undo", "undo"),
    ]);
    talk.answers(&[
        ("Undo 2 keys? (yes or no, Enter for no): ", ""),
        ("Nothing was changed.", HEARD),
        (COMMAND, "undo"),
    ]);
    talk.answers(&[
        ("2 keys get back their earlier owner.", HEARD),
        ("Undo 2 keys? (yes or no, Enter for no): ", "yes"),
        ("2 undone.", HEARD),
        (COMMAND, "undo"),
        ("Nothing to undo.", HEARD),
    ]);
    talk.answers(&[(COMMAND, "29 delete"), ("! 1 with a label or note like \u{201c}do not delete\u{201d}", HEARD)]);
    talk.answers(&[("! label says to keep it: PK", HEARD), ("  no owner: PK", HEARD)]);
    talk.answers(&[("Leave out what is marked with ! (1 key)? (yes or no, Enter for no): ", "yes")]);
    talk.answers(&[("To confirm, type delete 1: ", "delete 2"), ("Nothing was deleted.", HEARD)]);
    talk.answers(&[(COMMAND, "all delete"), ("(yes or no, Enter for no): ", "y"), ("type delete 1: ", "delete 1")]);
    talk.answers(&[("left unchanged: its label or note says", HEARD), ("1 deleted, 1 left unchanged.", HEARD)]);
    talk.answers(&[(COMMAND, "")]);
    talk.quits();
    assert_eq!(home.keys().len(), 2);
}

#[test]
fn a_list_is_narrowed_and_sorted() {
    let home = Home::new();
    for label in ["red door", "blue door", "green gate"] {
        home.create(label);
    }
    home.settings("[views]\ndoors = \"door\"\n");
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "view"), ("0. all: All keys (3)", HEARD), ("5. unused: Unused for 90 days (0)", HEARD)]);
    talk.answers(&[("12. doors: doors (2)", HEARD), ("View (0 to 12, Enter lists them, back leaves): ", "quit")]);
    talk.answers(&[("Type a number from 0 to 12 or a word of the list, or back.", "back"), (COMMAND, "view")]);
    talk.answers(&[("back leaves): ", "12"), ("Keys 1 to 2, filtered by: door.", "view never-used")]);
    talk.answers(&[("Keys 1 to 3, filtered by: never-used.", "view none"), ("There is no view with this name", HEARD)]);
    talk.answers(&[(COMMAND, "overview"), ("Last used:\r\n  last 24 hours: 0", HEARD), ("  no owner: 3", HEARD)]);
    talk.answers(&[(COMMAND, "filter door"), ("Keys 1 to 2, filtered by: door.", "sort label asc")]);
    talk.says("1. blue door, PK");
    talk.says("2. red door, PK");
    talk.answers(&[("Keys 1 to 2, filtered by: door, by label asc.", "filter")]);
    talk.answers(&[("(Enter for all keys): ", ""), ("Keys 1 to 3 of 3, by label asc.", "s")]);
    talk.answers(&[("Sort by (1 to ", ""), ("2. label", "2"), ("Enter for asc): ", "desc")]);
    talk.says("1. red door");
    talk.answers(&[(COMMAND, "status inactive"), ("No inactive keys.", "f")]);
    talk.answers(&[("4. inactive", "all"), ("Keys 1 to 3 of 3", "sort upside"), ("type one of id, label", HEARD)]);
    talk.answers(&[
        (COMMAND, "filter -red status:active"),
        ("Keys 1 to 2, filtered by: -red status:active", "sort expires"),
    ]);
    talk.answers(&[("by expires_at asc", "filter colour:red"), ("There is no filter colour:", HEARD)]);
    talk.answers(&[(COMMAND, "filter sk_0123456789abcdef")]);
    talk.says("looks like a secret");
    talk.quits();
}

#[test]
fn a_key_that_someone_else_changed_meanwhile_is_not_changed_unseen() {
    let home = Home::new();
    let id = home.create("old").0;
    let edit = |owner: &str| drop(home.run(&["keys", "edit", &id, "--owner", owner]).good());
    let mut talk = Talk::at(&home);
    for (answer, label) in [("", "old"), ("yes", "mine")] {
        talk.answers(&[(COMMAND, &format!("edit {id}")), ("Label: old", HEARD)]);
        talk.writes("mine");
        edit(&format!("before {answer}"));
        talk.answers(&[("keeps it): ", ""), (&format!("owner “before {answer}”"), HEARD)]);
        talk.answers(&[("Make your change to the key as it is now?", answer)]);
        talk.answers(&[(COMMAND, &format!("show {id}")), (&format!("Label: {label}"), HEARD)]);
        talk.says(&format!("Owner: before {answer}"));
    }
    talk.answers(&[(COMMAND, &format!("deactivate {id}")), ("Last 24 hours: no calls;", HEARD)]);
    talk.says("Deactivate it?");
    edit("later");
    talk.answers(&[("(yes or no, Enter for no): ", "yes"), ("as it is now?", ""), (COMMAND, &format!("delete {id}"))]);
    talk.says("To confirm, type");
    edit("last");
    talk.types(&id[16..]);
    talk.answers(&[
        ("has changed this key since you read it. Nothing was done.", HEARD),
        (COMMAND, &format!("usage {id} 7")),
    ]);
    talk.answers(&[
        ("Uses: 0", HEARD),
        ("Last 7 days, one character per hour: ", HEARD),
        (COMMAND, &format!("usage {id} 91")),
    ]);
    talk.says("number of days from 1 to 90");
    talk.quits();
    assert_eq!(home.keys()[0]["status"], "active");
}

#[test]
fn a_key_is_changed_switched_and_deleted() {
    let home = Home::new();
    let id = home.create("old name").0;
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, &format!("edit {id}")), ("Label: old name", HEARD)]);
    talk.writes("");
    talk.answers(&[("Enter keeps it): ", "")]);
    talk.answers(&[("Nothing was changed.", HEARD), (COMMAND, &format!("edit {id}"))]);
    talk.answers(&[("- for none): ", "new\u{1b}[A"), ("control character", HEARD)]);
    talk.writes("new name");
    talk.answers(&[("keeps it): ", "soon")]);
    talk.answers(&[("use 90d", "2999-01-31"), ("That is 2999-01-31T23:59:59+00:00.", "list")]);
    talk.says(&format!("1. new name, {id}, active, last used never, expires 2999-01-31T23:59:59+00:00"));
    talk.answers(&[(COMMAND, "deactivate 1"), ("(yes or no, Enter for no): ", ""), ("Nothing was changed.", "a 1")]);
    talk.answers(&[("(yes or no, Enter for no): ", "maybe"), ("Type yes or no.", "yes")]);
    talk.answers(&[
        ("Deactivated “new name”.", HEARD),
        ("Status: inactive", "deactivate 1"),
        ("The key is already inactive.", "a 1"),
    ]);
    talk.answers(&[("Activate it?", "y"), ("Status: active", "activate 1"), ("The key is already active.", "show 1")]);
    talk.says("created, by ");
    talk.may_tab = true;
    talk.answers(&[(COMMAND, "row 1"), (&format!("{id}\tnew name\tactive\t"), HEARD)]);
    // On the page these do something else, or nothing.
    for letter in ["x 1", "y 1", "S", "n", "w"] {
        talk.answers(&[(COMMAND, letter), ("Unknown command. Type help for a list.", HEARD)]);
    }
    talk.answers(&[(COMMAND, "delete 1"), ("To confirm, type", "nope"), ("Nothing was deleted.", "delete 1")]);
    talk.answers(&[
        ("To confirm, type", &id[16..].to_lowercase()),
        (&format!("({id}). Requests with it are now refused."), "list"),
    ]);
    talk.says("No access keys yet");
    talk.answers(&[(COMMAND, &format!("history {id}"))]);
    talk.says(", deleted, by ");
    talk.says(", activated, by ");
    talk.says("new name");
    talk.answers(&[(COMMAND, "events deleted 1h")]);
    talk.says(&format!(", deleted, {id} “new name”, by "));
    talk.answers(&[(COMMAND, "events by:nobody"), ("There are no such events.", "events delted")]);
    talk.says("delted was read as a name. Did you mean deleted?");
    talk.answers(&[(COMMAND, "events kind:delted")]);
    talk.says("There is no kind delted (did you mean deleted?); use one of created, ");
    talk.answers(&[(COMMAND, "filter unusd:90d")]);
    talk.says("There is no filter unusd: (did you mean unused:?); use owner:, by:");
    talk.answers(&[(COMMAND, "events more")]);
    talk.says("There are no older events.");
    let said = talk.quits();
    assert!(!said.contains('\u{1b}'), "{said}");
}

/// Whatever users write about a key is set, shown and changed.
#[test]
fn every_text_of_a_key_is_asked_for() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "create")]);
    for (field, _) in fields::written() {
        talk.answers(&[(&format!("{} (Enter for none): ", field.title), &format!("first {}", field.name))]);
    }
    talk.answers(&[("Enter for never): ", ""), (SECRET, "2"), ("Command", "cat >/dev/null"), (SECRET, "6")]);
    talk.answers(&[(COMMAND, "list"), (COMMAND, "edit 1")]);
    for field in fields::rows().into_iter().filter(|field| field.text.is_some()) {
        talk.says(&format!("{}: first {}", field.title, field.name));
    }
    for (field, _) in fields::written() {
        let question = format!("{} (Enter keeps it, - for none): ", field.title);
        talk.answers(&[(&question, if field.name == "label" { "" } else { "-" })]);
    }
    talk.answers(&[("Enter keeps it): ", ""), (COMMAND, "show 1")]);
    for field in fields::rows().into_iter().filter(|field| field.text.is_some()) {
        let value = if field.name == "label" { "first label" } else { "(none)" };
        talk.says(&format!("{}: {value}", field.title));
    }
    talk.quits();
}

#[test]
fn back_at_any_question_leaves_all_as_it_is() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    let way = "To go back, answer back at any question: ";
    for answer in ["", "Back"] {
        // A label may be any word, this one with a capital letter.
        talk.answers(&[(COMMAND, "create"), (way, HEARD), ("then no key is made.", HEARD)]);
        talk.writes(answer);
        talk.answers(&[("back goes back; Enter for never): ", "Back"), ("No key was made.", HEARD)]);
    }
    talk.answers(&[(COMMAND, "create"), (way, HEARD), ("then no key is made.", "back"), ("No key was made.", HEARD)]);
    assert_eq!(home.keys().len(), 0);
    let id = home.create("old name").0;
    talk.answers(&[(COMMAND, &format!("edit {id}")), (way, HEARD), ("then nothing is changed.", HEARD)]);
    talk.writes("new name");
    talk.answers(&[("back goes back; Enter keeps it): ", "back")]);
    talk.answers(&[("Nothing was changed.", "list"), ("1. old name, PK", HEARD)]);
    talk.quits();
}

#[test]
fn production_is_said_with_every_question_and_asks_for_more() {
    let home = Home::new();
    let id = home.create("precious").0;
    let data = home.path(".local/share/latchkey");
    home.settings(&format!("[profiles.live]\ndata = \"{}\"\nproduction = true\n", data.display()));
    let mut talk = Talk::start(latchkey(&home).args(["--profile", "live"]));
    assert!(talk.says(COMMAND).contains("Profile: live, PRODUCTION."));
    talk.types(&format!("delete {id}"));
    talk.answers(&[("[PRODUCTION live] To confirm, type", &format!("{} local", &id[16..]))]);
    talk.answers(&[("Nothing was deleted.", &format!("delete {id}"))]);
    talk.answers(&[("To confirm, type", &format!("{} live", &id[16..])), ("Deleted “precious” (PK", "profiles local")]);
    talk.says("Profile: local. Server: embedded server (~/.local/share/latchkey).");
    talk.answers(&[
        (COMMAND, "p"),
        ("2. live: embedded server, PRODUCTION", "live"),
        ("Profile: live, PRODUCTION", "doctor"),
    ]);
    talk.says("Profile: live (PRODUCTION)");
    talk.says("Clipboard: ");
    talk.says("The server answers.");
    assert!(talk.quits().contains(&format!("[PRODUCTION live] {COMMAND}")));
}

#[test]
fn read_only_offers_no_changes_and_refuses_them() {
    let home = Home::new();
    let id = home.create("kept").0;
    let mut talk = Talk::start(latchkey(&home).arg("--read-only"));
    talk.answers(&[("This profile is read-only.", HEARD), (COMMAND, "help")]);
    let help = talk.says(COMMAND);
    assert!(help.contains("\r\n12. tokens") && !help.contains("create") && !help.contains("delete"), "{help}");
    for change in ["create", "7", "edit", "activate", "deactivate", "delete", "d"] {
        talk.types(&format!("{change} {id}"));
        assert!(talk.says(COMMAND).contains("This profile is read-only. Nothing was changed."));
    }
    talk.types("");
    talk.quits();
    assert!(home.run(&["keys", "show", &id]).good().contains("active"));
}

#[test]
fn where_there_is_only_ascii_there_is_only_ascii() {
    let home = Home::new();
    home.create("Grüße “東京” \u{202e}…");
    let mut talk = Talk::start(latchkey(&home).env("LC_ALL", "C"));
    talk.answers(&[(COMMAND, "list")]);
    talk.says("1. Gr\\u{fc}\\u{df}e \"\\u{6771}\\u{4eac}\" \\u{202e}..., PK");
    assert!(talk.quits().is_ascii());
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "list")]);
    talk.says("1. Grüße “東京” \\u{202e}…, PK");
    talk.quits();
}
