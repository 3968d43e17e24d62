//! `keys list|show|edit|activate|deactivate`.

use std::io::{BufRead, BufReader};

use latchkey::domain::key::fields;
use latchkey::domain::key::fields::record_fields;
use serde_json::{Value, json};

use crate::support::home::{Done, Home, text};

/// Whatever users write about a key is set, changed, told in its history, found and sorted by.
#[test]
fn every_text_of_a_key_is_administered() {
    let home = Home::new();
    for (field, limits) in fields::written() {
        let option = format!("--{}", field.name);
        let first = format!("Ärger mit {}", field.name);
        let made = ["keys", "create", &option, &first, "--pipe-to", "cat >/dev/null", "--output", "json"];
        let key = home.run(&made).json()["key"].clone();
        let id = text(&key["id"]);
        assert_eq!(text(&key[field.name]), first);
        assert_eq!(home.run(&["keys", "list", "--search", "ÄRGER MIT", "--output", "json"]).json(), json!([key]));
        let second = "x".repeat(limits.max_chars);
        let changed = home.run(&["keys", "edit", &id, &option, &second, "--output", "json"]).json();
        assert_eq!(text(&changed[field.name]), second);
        let long = home.run(&["keys", "edit", &id, &option, &format!("{second}x")]).failed(2);
        assert!(long.contains(&limits.max_chars.to_string()), "{long}");
        let shown = home.run(&["keys", "show", &id, "--events", "--output", "json"]).json();
        assert_eq!((&shown[field.name], &shown["events"][0]["detail"]), (&json!(second), &json!(field.name)));
        assert_eq!(shown["events"].as_array().unwrap().len(), 2);
        home.create("another");
        let sorted = home.run(&["keys", "list", "--sort", field.name, "--order", "desc", "--output", "json"]).json();
        assert_eq!(text(&sorted[0]["id"]), id, "{sorted}");
        home.run(&["keys", "edit", &id, &option, ""]).good();
        home.run(&["keys", "delete", &id, "--yes"]);
    }
}

#[test]
fn a_key_has_one_shape_everywhere() {
    let home = Home::new();
    let (id, _) = home.create("nightly");
    let listed = home.keys().remove(0);
    let names: Vec<&String> = listed.as_object().unwrap().keys().collect();
    let mut shape: Vec<&str> = record_fields().iter().map(|field| field.name).collect();
    shape.extend(["reactivates_at", "revision", "replaces", "replaced_by", "refused_at", "refused_from"]);
    shape.push("used_after_rotation_at");
    shape.sort_unstable();
    assert_eq!(names, shape);
    assert_eq!(
        (&listed["id"], &listed["label"], &listed["status"]),
        (&id.as_str().into(), &"nightly".into(), &"active".into())
    );
    assert!(text(&listed["created_at"]).parse::<chrono::DateTime<chrono::Utc>>().is_ok());
    assert!(text(&listed["created_at"]).ends_with('Z') && listed["expires_at"].is_null());
    assert_eq!(home.run(&["keys", "show", &id, "--output", "json"]).json(), listed);
    let with_events = home.run(&["keys", "show", &id, "--events", "--output=json"]).json();
    assert_eq!(with_events["id"], listed["id"]);
    let created = &with_events["events"][0];
    assert_eq!(created["kind"], "created");
    let names: Vec<&String> = created.as_object().unwrap().keys().collect();
    assert_eq!(names, ["admin", "at", "by", "changes", "count", "detail", "from", "key", "kind", "label"]);
    assert_eq!(created["label"], "nightly");
    let changed = home.run(&["keys", "edit", &id, "--label", "weekly", "--output", "json"]).json();
    assert_eq!((&changed["label"], &changed["revision"]), (&"weekly".into(), &2.into()));
    assert_eq!(changed.as_object().unwrap().len(), shape.len());
}

/// chrono gives the two moments of a repeated hour in the wrong order (chronotope/chrono#1625).
#[test]
fn an_expiry_date_is_not_earlier_where_the_clocks_change() {
    let home = Home::new();
    let (id, _) = home.create("kept");
    for (local, utc) in [
        ("2999-03-31 02:30", "2999-03-31T01:00:00Z"), // skipped
        ("2999-10-27 02:30", "2999-10-27T01:30:00Z"), // repeated
        ("2999-10-27 03:30", "2999-10-27T02:30:00Z"),
    ] {
        let mut edit = home.command(&["keys", "edit", &id, "--expires", local, "--output", "json"]);
        let edited = Done::of(edit.env("TZ", "CET-1CEST,M3.5.0,M10.5.0/3").spawn().unwrap());
        assert_eq!(edited.json()["expires_at"], utc, "{local}");
    }
}

#[test]
fn edits_change_what_was_named_and_nothing_else() {
    let home = Home::new();
    let (id, _) = home.create("kept");
    let end = |args: &[&str]| home.run(&[&["keys", "edit", &id, "--output", "json"][..], args].concat()).json();
    let key = end(&["--expires", "2999-01-31T18:00:00Z"]);
    assert_eq!((&key["expires_at"], &key["label"]), (&"2999-01-31T18:00:00Z".into(), &"kept".into()));
    assert_eq!(end(&["--expires", "2999-01-31"])["expires_at"], "2999-01-31T23:59:59Z");
    let key = end(&["--label", ""]);
    assert_eq!((&key["expires_at"], &key["label"]), (&"2999-01-31T23:59:59Z".into(), &"".into()));
    assert_eq!(end(&["--expires", "never"])["expires_at"], Value::Null);
    for (command, status) in [("deactivate", "inactive"), ("deactivate", "inactive"), ("activate", "active")] {
        assert_eq!(home.run(&["keys", command, &id, "--output", "json"]).json()["status"], status);
    }
    assert!(home.run(&["keys", "edit", &id]).failed(2).contains("--label"));
}

/// Each command is a server of its own, which ends with it: what has become due meanwhile is true at once.
#[test]
fn a_key_deactivated_for_a_while_is_active_again_whoever_looks_first() {
    let home = Home::new();
    let (id, secret) = home.create("paused");
    let show = || home.run(&["keys", "show", &id, "--output", "json"]).json();
    let token = |good: bool| {
        let done = home.feed(&["token", &id], &secret);
        if good { done.good() } else { done.failed(7) }
    };
    token(true);
    let minutes = |key: &Value| {
        let until: chrono::DateTime<chrono::Utc> = text(&key["reactivates_at"]).parse().unwrap();
        (until - chrono::Utc::now()).num_minutes()
    };
    let off = home.run(&["keys", "deactivate", &id, "--for", "15m", "--output", "json"]).json();
    assert_eq!((&off["status"], (14..=15).contains(&minutes(&off))), (&"inactive".into(), true), "{off}");
    token(false);
    let longer = home.run(&["keys", "deactivate", &id, "--for", "2h", "--output", "json"]).json();
    assert!((119..=120).contains(&minutes(&longer)), "{longer}");
    assert!(home.run(&["keys", "show", &id]).good().contains("Active again"));
    let good = home.run(&["keys", "deactivate", &id, "--output", "json"]).json();
    assert_eq!((&good["status"], &good["reactivates_at"]), (&"inactive".into(), &Value::Null));
    for wrong in ["0m", "8d", "soon", "-1h"] {
        let refused = home.run(&["keys", "deactivate", &id, &format!("--for={wrong}")]).failed(2);
        assert!(refused.contains("from 1m to 7d"), "{refused}");
    }
    let all = ["keys", "deactivate", "--search", "paused", "--for", "1d", "--yes", "--output", "json"];
    assert_eq!(home.run(&all).json()[0]["result"], "already");
    assert_eq!(show()["reactivates_at"], Value::Null, "with others, a key that is inactive for good stays so");
    assert_eq!(home.run(&["keys", "activate", &id, "--output", "json"]).json()["status"], "active");
    assert_eq!(home.run(&all).json()[0]["result"], "deactivated");
    assert!(minutes(&show()) > 1430);

    let database = rusqlite::Connection::open(home.path(".local/share/latchkey/keys.db")).unwrap();
    database.execute("UPDATE keys SET reactivates_at = unixepoch() * 1000 - 5000", []).unwrap();
    drop(database);
    token(true);
    assert_eq!((&show()["status"], &show()["reactivates_at"]), (&"active".into(), &Value::Null));
    assert_eq!(
        home.run(&["keys", "list", "--status", "active", "--output", "json"]).json().as_array().unwrap().len(),
        1
    );
    let trail = home.run(&["events", "--kind", "reactivated", "--output", "json"]).good();
    assert!(trail.contains(&id) && trail.matches("reactivated\"").count() == 1, "{trail}");
}

#[test]
fn what_is_due_is_listed_for_cron() {
    let home = Home::new();
    home.create("kept");
    let nothing = home.run(&["due", "--output", "json"]);
    assert_eq!((nothing.code, nothing.out.as_str(), nothing.err.as_str()), (0, "", ""));
    let (soon, _) = home.create("soon");
    let (paused, _) = home.create("paused");
    home.run(&["keys", "edit", &soon, "--expires", "20d"]).good();
    home.run(&["keys", "deactivate", &paused, "--for", "1h"]).good();
    let due = home.run(&["due"]);
    assert_eq!((due.code, due.out.lines().count()), (11, 1), "{}", due.out);
    assert!(due.out.starts_with(&format!("paused ({paused}): becomes active again in 1 h, ")), "{}", due.out);
    assert!(due.out.ends_with("Z\n"), "in UTC: {}", due.out);
    let shown = home.run(&["keys", "show", &paused, "--events"]).good();
    let (_, again) = due.out.trim_end().rsplit_once(", ").unwrap();
    assert!(shown.contains(&format!("reactivates_at: {again}")), "{shown}");
    let due = home.run(&["due", "--within", "30d", "--output", "json"]);
    let list: Value = serde_json::from_str(&due.out).unwrap();
    let told: Vec<_> = list.as_array().unwrap().iter().map(|due| (text(&due["reason"]), text(&due["id"]))).collect();
    assert_eq!((due.code, told), (11, vec![("reactivates".to_owned(), paused), ("expires".to_owned(), soon)]));
    assert!(home.run(&["due", "--within", "0d"]).failed(2).contains("1 to 366 days"));
}

#[test]
fn a_data_folder_that_is_there_keeps_its_mode_and_its_files() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let mode = |name: &str| std::fs::metadata(home.path(name)).unwrap().permissions().mode() & 0o777;
    let set = |mode| std::fs::set_permissions(home.path("dd"), std::fs::Permissions::from_mode(mode)).unwrap();
    std::fs::create_dir(home.path("dd")).unwrap();
    home.file("dd/other", "");
    set(0o755);
    home.run(&["--data", "dd", "keys", "create"]).good();
    assert_eq!((mode("dd"), mode("dd/keys.db"), mode("dd/master.key")), (0o755, 0o600, 0o600));
    set(0o777);
    assert!(home.run(&["--data", "dd", "keys", "list"]).failed(6).contains("chmod 700"));
    home.run(&["--data", "new", "keys", "create"]).good();
    assert_eq!(mode("new"), 0o700);
}

#[test]
fn an_expired_key_is_not_switched_on() {
    let home = Home::new();
    let (id, _) = home.create("");
    let database = rusqlite::Connection::open(home.path(".local/share/latchkey/keys.db")).unwrap();
    database.execute("UPDATE keys SET expires_at = 1", []).unwrap();
    let error = home.run(&["keys", "activate", &id]).failed(5);
    assert!(error.contains("has expired"), "{error}");
    assert!(error.contains(&format!("latchkey keys edit {id} --expires")), "{error}");
    home.run(&["keys", "edit", &id, "--expires", "90d"]).good();
    let done = home.run(&["keys", "activate", &id]);
    assert_eq!(done.code, 0, "{done:?}");
    // Clients keep access tokens for an hour.
    assert!(done.err.contains("Access tokens from before stay refused") && done.err.contains("an hour"), "{done:?}");
    home.run(&["keys", "activate", &id, "--output", "json"]).json();
}

#[test]
fn lists_are_filtered_sorted_and_cut() {
    let home = Home::new();
    for label in ["beta", "alpha", "gamma", "Alphabet"] {
        home.create(label);
    }
    let off = text(&home.keys()[0]["id"]);
    home.run(&["keys", "deactivate", &off]).good();
    let labels = |args: &[&str]| -> Vec<String> {
        let list = home.run(&[&["keys", "list", "--output", "json"][..], args].concat()).json();
        list.as_array().unwrap().iter().map(|key| text(&key["label"])).collect()
    };
    assert_eq!(labels(&[]), ["Alphabet", "gamma", "alpha", "beta"]);
    assert_eq!(labels(&["--order", "asc", "--limit", "2"]), ["beta", "alpha"]);
    assert_eq!(labels(&["--sort", "label"]), ["alpha", "Alphabet", "beta", "gamma"]);
    assert_eq!(labels(&["--search", "ALPHA", "--status", "active"]), ["alpha"]);
    assert_eq!(labels(&["--status", "inactive"]), ["Alphabet"]);
    assert_eq!(labels(&["--search", "status:active,expired -beta", "--sort", "label"]), ["alpha", "gamma"]);
    assert_eq!(labels(&["--search", "-status:active"]), ["Alphabet"]);
    assert_eq!(labels(&["--search", "-alpha", "--status", "active", "--sort", "label"]), ["beta", "gamma"]);
    assert_eq!(labels(&["--search", "never-used owner: created:<1d", "--sort", "by"]).len(), 4);
    home.settings("[views]\n\"the beta\" = \"beta\"\n");
    assert_eq!(labels(&["--view", "The beta"]), ["beta"]);
    assert_eq!(
        labels(&["--view", "mine", "--search", "-beta", "--status", "active", "--sort", "label"]),
        ["alpha", "gamma"]
    );
    let error = home.run(&["keys", "list", "--view", "betas"]).failed(2);
    assert!(error.contains("--view: there is no view with this name; there are: all, active,"), "{error}");
    assert!(error.contains("rotating, reactivating, mine, refused, the beta."), "{error}");
    let ends = home.create("ends").0;
    home.run(&["keys", "edit", &ends, "--expires", "20d"]).good();
    assert_eq!(labels(&["--sort", "expires", "--limit", "1"]), ["ends"]);
    assert_eq!(labels(&["--search", "expires:<30d"]), ["ends"]);
    assert_eq!(labels(&["--search", "expires:<10d"]), [""; 0]);
    let error = home.run(&["keys", "list", "--search", "alpha onwer:jo"]).failed(2);
    assert!(error.contains("there is no filter onwer: (did you mean owner:?)"), "{error}");
    assert!(error.contains("(at character 7: onwer:jo)"), "{error}");
    let help = home.run(&["keys", "list", "--help"]).good();
    assert!(help.contains("unused:90d") && help.contains("not used for 90 days"), "{help}");
    assert_eq!(labels(&["--search", "nothing like it"]), [""; 0]);
    assert_eq!(home.run(&["keys", "list", "--status", "expired", "--output", "json"]).good(), "[]\n");
}

#[test]
fn the_history_of_a_deleted_key_stays() {
    let home = Home::new();
    let (id, _) = home.create("gone");
    home.run(&["keys", "delete", &id, "--yes"]).good();
    home.run(&["keys", "show", &id]).failed(4);
    let shown = home.run(&["keys", "show", &id, "--events", "--output", "json"]).json();
    assert_eq!((&shown["id"], &shown["status"]), (&json!(id), &json!("deleted")));
    let kinds: Vec<&Value> = shown["events"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["deleted", "created"]);
    let table = home.run(&["keys", "show", &id, "--events"]).good();
    assert!(table.starts_with(&format!("{id} is deleted.\n")) && table.contains("created"), "{table}");
    home.run(&["keys", "show", "PK00000000000000000X", "--events"]).failed(4);
}

/// A reader that is slow, and keys that move meanwhile: from behind the place of reading to before it, and the other way.
#[test]
fn keys_that_move_while_they_are_listed_come_once() {
    let home = Home::new();
    crate::support::fill::fill(&home.path("many"), 2500, &mut |_| {}).unwrap();
    let database = rusqlite::Connection::open(home.path("many/keys.db")).unwrap();
    for (sort, to_the_front, to_the_end) in [
        ("last_used_at", "last_used_at = 4000000000000", "last_used_at = 0"),
        ("label", "label_fold = ''", "label_fold = '\u{10ffff}'"),
    ] {
        let list = ["keys", "list", "--data", "many", "--sort", sort, "--output", "csv"];
        let column = if sort == "label" { "label_fold" } else { sort };
        let order = if sort == "label" { "ASC" } else { "DESC" };
        let at = |place: usize| -> String {
            let sql = format!("SELECT id FROM keys ORDER BY {column} {order}, seq {order} LIMIT 1 OFFSET {place}");
            database.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        let (early, late) = (at(3), at(2400));
        let mut running = home.command(&list).spawn().unwrap();
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        // The first page is there, and the program waits for someone to read on.
        let mut ids: Vec<String> = lines.by_ref().take(10).map(|line| line.unwrap()).collect();
        for (id, change) in [(&late, to_the_front), (&early, to_the_end)] {
            database.execute(&format!("UPDATE keys SET {change} WHERE id = ?1"), [id]).unwrap();
        }
        ids.extend(lines.map(|line| line.unwrap()));
        assert!(running.wait().unwrap().success());
        let mut ids: Vec<&str> = ids.iter().skip(1).map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(ids.last(), Some(&late.as_str()), "{sort}: it had moved to the front");
        assert_eq!(ids.iter().filter(|id| **id == early).count(), 1, "{sort}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 2500, "{sort}");
    }
}

#[test]
fn more_than_one_page_comes_whole_and_once() {
    let home = Home::new();
    crate::support::fill::fill(&home.path("many"), 2345, &mut |_| {}).unwrap();
    let list = |args: &[&str]| home.run(&[&["keys", "list", "--data", "many"][..], args].concat()).good();
    let json: Vec<Value> = serde_json::from_str(&list(&["--output", "json"])).unwrap();
    let mut ids: Vec<String> = json.iter().map(|key| text(&key["id"])).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((json.len(), ids.len()), (2345, 2345));
    assert_eq!(list(&["--output", "csv"]).lines().count(), 2346);
    assert_eq!(list(&[]).lines().count(), 2346);
    assert_eq!(list(&["--limit", "1500"]).lines().count(), 1501);
    // A key a line, so that tools for lines can work with it.
    assert_eq!(list(&["--output", "json", "--limit", "1001"]).lines().count(), 1003);
}

#[test]
fn the_use_of_a_key_is_told_in_each_form() {
    let home = Home::new();
    let made =
        home.run(&["keys", "create", "--label", "nightly", "--secret-file", "secret", "--output", "json"]).json();
    let id = text(&made["key"]["id"]);
    let none = home.run(&["keys", "usage", &id]).good();
    assert!(none.contains("By time  ···") && none.ends_with("Uses     0\n"), "{none}");
    home.run(&["token", &id, "--secret-file", "secret"]).good();
    let told = home.run(&["keys", "usage", &id, "--days", "7"]).good();
    let rows: Vec<&str> = told.lines().collect();
    assert!(rows[1].starts_with("By time") && rows[1].contains('█') && rows[1].ends_with(" (an hour each)"), "{told}");
    assert!(rows[2].starts_with("Uses") && rows[2].ends_with(" 1") && rows[4].contains("1 valid, until "), "{told}");
    let json = home.run(&["keys", "usage", &id, "--output", "json"]).json();
    assert_eq!(
        (&json["id"], &json["uses"], &json["tokens"], &json["span"]),
        (&json!(id), &json!(1), &json!(1), &json!("day"))
    );
    let csv = home.run(&["keys", "usage", &id, "--output", "csv"]).good();
    assert!(csv.starts_with("at,uses,refusals\n") && csv.ends_with("T00:00:00Z,1,0\n"), "{csv}");
    home.run(&["keys", "usage", &id, "--days", "91"]).failed(2);
    home.run(&["keys", "usage", "PK000000000000000000"]).failed(4);
}
