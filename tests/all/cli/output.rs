//! Tables, CSV and JSON, and what hostile labels do to them: nothing.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use chrono::{DateTime, Utc};
use latchkey::domain::key::fields::{RECORD_FIELDS, record_fields};

use super::remote::remember;
use crate::support::home::{Done, Home, text};
use crate::support::raw;
use crate::support::server::PASSWORD;

#[test]
fn tables_are_for_people_and_have_no_colour_in_a_pipe() {
    let home = Home::new();
    let (id, _) = home.create("東京 backup");
    let table = home.run(&["keys", "list"]).good();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("ACCESS KEY ID         LABEL"), "{table}");
    assert!(lines[1].starts_with(&format!("{id}  東京 backup")) && lines[1].contains("never"), "{table}");
    assert_eq!(lines.len(), 2);
    assert!(!table.contains('\u{1b}') && table.lines().all(|line| line.trim_end() == line), "{table}");
    let shown = home.run(&["keys", "show", &id]).good();
    assert!(shown.contains("Label           東京 backup\n") && shown.contains("Expires         never\n"), "{shown}");
}

#[test]
fn csv_has_a_header_and_no_formulas() {
    let home = Home::new();
    for label in ["=1+1", "a,\"b\"", "+x", "@x", "-x", "\u{ff1d}1+1", "plain"] {
        home.create(label);
    }
    let text = home.run(&["keys", "list", "--output", "csv"]).good();
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header, record_fields().iter().map(|field| field.name).collect::<Vec<_>>());
    let labels: Vec<String> = csv.records().map(|row| row.unwrap()[1].to_owned()).collect();
    assert_eq!(labels, ["plain", "'\u{ff1d}1+1", "'-x", "'@x", "'+x", "a,\"b\"", "'=1+1"]);
    let rows = home.run(&["keys", "list", "--output", "tsv"]).good();
    assert!(rows.starts_with("id\tlabel\tstatus\t") && rows.contains("\ta,\"b\"\tactive\t"), "{rows}");
    assert!(rows.lines().all(|row| row.split('\t').count() == RECORD_FIELDS), "{rows}");
    // In JSON they stand as they are.
    let exact: Vec<String> = home.keys().iter().map(|key| crate::support::home::text(&key["label"])).collect();
    assert_eq!(exact, ["plain", "\u{ff1d}1+1", "-x", "@x", "+x", "a,\"b\"", "=1+1"]);
}

#[test]
fn what_a_label_may_hold_draws_nothing_and_reorders_nothing() {
    let home = Home::new();
    let label = "a\u{202e}gpj\u{200b}";
    home.create(label);
    for format in ["table", "csv", "json"] {
        let out = home.run(&["keys", "list", "--output", format]).good();
        assert!(!out.contains(['\u{202e}', '\u{200b}']) && out.contains("202e"), "{out}");
    }
    assert_eq!(text(&home.keys()[0]["label"]), label);
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let home = Home::new();
    crate::support::fill::fill(&home.path("many"), 5000, &mut |_| {}).unwrap();
    for format in ["table", "csv", "json"] {
        let mut child = home.command(&["keys", "list", "--data", "many", "--output", format]).spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let done = Done::of(child);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{format}");
    }
    for args in [&["completions", "bash"][..], &["man"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let done = Done::of(home.command(args).stdout(Stdio::from(writer)).spawn().unwrap());
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn output_that_is_full_is_a_failure() {
    let home = Home::new();
    home.create("x");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let done = Done::of(home.command(&["keys", "list"]).stdout(full).spawn().unwrap());
    assert!(done.complaint(1).contains("an't write"));
}

/// The history of a key may be longer than memory: what was read is written before more is asked for.
#[test]
fn a_history_without_end_is_written_as_it_comes() {
    let port = raw::serve(|asked| {
        if asked.path.contains("/auth/session") {
            return raw::signed_in("jo", "auditor");
        }
        if !asked.path.contains("/events") {
            return raw::json(404, &serde_json::json!({ "message": "gone", "code": 0 }));
        }
        let page: u64 = asked.path.rsplit("cursor=").next().unwrap().parse().unwrap_or(0);
        let event =
            serde_json::json!({ "at": "2026-11-01T09:30:00Z", "kind": "refused", "from": "192.0.2.1", "count": 7 });
        let next = (page + 1).to_string();
        raw::json(200, &serde_json::json!({ "events": vec![event; 1000], "next_cursor": next }))
    });
    let (home, url) = (Home::new(), format!("http://127.0.0.1:{port}"));
    remember(&home, &url);
    for format in ["table", "csv", "tsv", "json"] {
        let args = ["--url", &url, "keys", "show", "PK1", "--events", "--output", format];
        let mut child = home.command(&args).spawn().unwrap();
        let mut some = vec![0; 350_000];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let done = Done::of(child);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{format}");
        let some = String::from_utf8(some).unwrap();
        assert!(some.matches("192.0.2.1").count() > 2000, "{format}");
        assert!(some.contains("\"count\":7") || some.contains("7\n"), "{format}");
    }
}

/// The words of a text that are a day or a moment.
fn moments(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split([' ', '\n', '\t', ',', '"']);
    words.filter(|word| {
        word.len() >= 10 && word.bytes().take(4).all(|b| b.is_ascii_digit()) && word[4..].starts_with('-')
    })
}

/// Whoever reads a table far away from UTC must not take its times for local ones.
#[test]
fn every_time_says_its_zone() {
    let home = Home::new();
    let (id, _) = home.create("nightly");
    home.run(&["keys", "edit", &id, "--expires", "90d"]).good();
    let password = home.file("password", PASSWORD);
    home.run(&["--data", "team", "admin", "add", "jo", "--password-file", &password]).good();
    let far = |args: &[&str]| Done::of(home.command(args).env("TZ", "Asia/Kolkata").spawn().unwrap()).good();
    let now = Utc::now();
    for (args, least) in [
        (&["keys", "list"][..], 2),
        (&["keys", "show", &id], 2),
        (&["keys", "show", &id, "--events"], 4),
        (&["admin", "list", "--data", "team"], 1),
    ] {
        for format in ["table", "csv", "tsv", "json"] {
            let text = far(&[args, &["--output", format]].concat());
            let all: Vec<_> = moments(&text).collect();
            assert!(all.len() >= if format == "table" || args.len() < 4 { least } else { 1 }, "{text}");
            for moment in all {
                let read = DateTime::parse_from_rfc3339(moment).unwrap_or_else(|_| panic!("{moment} in {text}"));
                assert!(moment.ends_with('Z'), "{moment} in {text}");
                let days = (read.to_utc() - now).num_seconds().unsigned_abs();
                assert!(days < 3600 || (89 * 86400..91 * 86400).contains(&days), "{moment} in {text}");
            }
        }
    }
    // Plain lines have the local time, and say so.
    let mut plain = home.command(&["--plain"]).env("TZ", "Asia/Kolkata").stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut plain.stdin.take().unwrap(), b"list\nshow 1\nquit\n").unwrap();
    let text = Done::of(plain).out;
    let all: Vec<_> = moments(&text).collect();
    assert!(
        all.len() >= 2 && all.iter().all(|moment| moment.trim_end_matches(['.', ')']).ends_with("+05:30")),
        "{text}"
    );
}
