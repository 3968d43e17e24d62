//! `keys delete` without anybody to ask.

use serde_json::json;

use crate::support::home::{Done, Home};

#[test]
fn several_keys_and_a_word_on_each() {
    let home = Home::new();
    let ids: Vec<String> = ["a", "b", "c"].iter().map(|label| home.create(label).0).collect();
    let done = home.run(&["keys", "delete", "--yes", &ids[0], "PKNOTTHERE", &ids[1], &ids[0]]);
    assert_eq!((done.code, done.err.as_str()), (4, ""));
    assert_eq!(done.out, format!("{}  deleted\nPKNOTTHERE  not found\n{}  deleted\n", ids[0], ids[1]));
    assert_eq!(home.keys().len(), 1);
    let done = home.run(&["keys", "delete", "--yes", "--output", "json", "--ignore-missing", &ids[0], &ids[2]]);
    let expected = json!([
        { "id": ids[0], "result": "not_found", "why": null },
        { "id": ids[2], "result": "deleted", "why": null },
    ]);
    assert_eq!(done.json(), expected);
    let csv = home.run(&["keys", "delete", "--yes", "--output", "csv", "--ignore-missing", &ids[0]]).good();
    assert_eq!(csv, format!("id,result,why\n{},not_found,\n", ids[0]));
}

#[test]
fn ids_come_from_standard_input() {
    let home = Home::new();
    let ids: Vec<String> = (0..3).map(|_| home.create("").0).collect();
    let done = home.feed(&["keys", "delete", "--yes", "-", "--output", "csv"], &format!(" {}\r\n\n{}", ids[0], ids[1]));
    assert_eq!(done.good().lines().count(), 3);
    assert_eq!(home.keys().len(), 1);
    assert_eq!(home.feed(&["keys", "delete", "--yes", "-", "--output", "json"], "").good(), "[]\n");
    // All lines are checked before the first key is deleted.
    let error = home.feed(&["keys", "delete", "--yes", "-"], &format!("{}\nsk_abcdefghijk\n", ids[2])).failed(2);
    assert!(error.contains("Line 2") && !error.contains("sk_abc"), "{error}");
    assert_eq!(home.keys().len(), 1);
}

#[test]
fn all_are_deleted_though_nobody_reads_of_it() {
    let home = Home::new();
    let ids: Vec<String> = (0..3).map(|_| home.create("").0).collect();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let args = ["keys", "delete", "--yes", &ids[0], &ids[1]];
    let done = Done::of(home.command(&args).stdout(writer).spawn().unwrap());
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let args = ["keys", "delete", "--yes", "PKNOTTHERE", &ids[2]];
    let done = Done::of(home.command(&args).stdout(full).spawn().unwrap());
    assert!(done.complaint(1).contains("an't write"));
    assert_eq!(home.keys().len(), 0);
}

#[test]
fn nothing_is_deleted_unasked() {
    let home = Home::new();
    let (id, _) = home.create("");
    for args in [&["keys", "delete", &id][..], &["keys", "delete", "-"]] {
        assert!(home.feed(args, &id).failed(2).contains("--yes"));
    }
    let error = home.run(&["keys", "delete", "--yes", "--read-only", &id]).failed(3);
    assert!(error.contains("read-only"), "{error}");
    assert!(home.run(&["keys", "delete", "--yes"]).failed(2).contains("<ID>"));
    assert_eq!(home.keys().len(), 1);
}

#[test]
fn a_read_only_profile_changes_nothing() {
    let home = Home::new();
    let (id, _) = home.create("kept");
    for args in [
        &["keys", "create"][..],
        &["keys", "edit", &id, "--label", "x"],
        &["keys", "activate", &id],
        &["keys", "deactivate", &id],
    ] {
        assert!(home.run(&[args, &["--read-only"]].concat()).failed(3).contains("Nothing was changed."));
    }
    assert_eq!(home.keys()[0]["label"], "kept");
    home.run(&["keys", "show", &id, "--read-only"]).good();
}
