//! Into tables, CSV, JSON and error lines.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::server::{How, ROWS, start};
use crate::support::hostile::{as_id, texts};
use crate::support::program::{binary, environment};
use crate::support::written::strange;

struct Home(TempDir, String);

impl Home {
    /// Signed in at a server.
    fn at(port: u16) -> Self {
        let home = Self(TempDir::new().unwrap(), format!("http://127.0.0.1:{port}"));
        let password = home.0.path().join("password");
        std::fs::write(&password, "any").unwrap();
        std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
        let password = password.to_str().unwrap();
        let signed_in = home.run(&["login", "--remember=file", "--username", "jo", "--password-file", password]);
        assert!(signed_in.status.success(), "{signed_in:?}");
        Home::harmless("login", &signed_in);
        home
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.args(args).args(["--url", &self.1]).env_clear().envs(environment(self.0.path())).env("LANG", "C.UTF-8");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(b"0123456789abcdef0123456789abcdef\n");
        child.wait_with_output().unwrap()
    }

    /// No code at all, and lines only where they are ours.
    #[track_caller]
    fn harmless(name: &str, output: &Output) {
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{name}: {text:?}");
            let found = strange(bytes);
            assert!(found.is_empty(), "{name}: {found:?} in {text:?}");
            assert!(!text.contains(&"\u{301}".repeat(4)) || text.starts_with(['{', '[']), "{name}: {text:?}");
        }
    }
}

#[test]
fn results_show_it_escaped_and_keep_their_rows() {
    for (name, text) in texts() {
        let home = Home::at(start(&text, How::Done));
        let id = "PK7QW3N5ZJ0V4T8M2XHC";
        for output in ["table", "csv", "json"] {
            let run = |args: &[&str]| {
                let done = home.run(&[args, &["--output", output]].concat());
                assert!(done.status.success(), "{name} {args:?}: {done:?}");
                Home::harmless(&format!("{name} {args:?} {output}"), &done);
                String::from_utf8(done.stdout).unwrap()
            };
            let list = run(&["keys", "list"]);
            match output {
                "table" => assert_eq!(list.lines().count(), 1 + ROWS, "{name}: {list}"),
                "csv" => {
                    let rows = csv::Reader::from_reader(list.as_bytes()).records().map(Result::unwrap).count();
                    assert_eq!((rows, list.lines().count()), (ROWS, 1 + ROWS), "{name}: {list}");
                }
                _ => {
                    let keys: serde_json::Value = serde_json::from_str(&list).unwrap();
                    assert_eq!(keys[0]["label"], text, "{name}: a program gets the text as it is");
                    assert_eq!(keys[0]["id"], as_id(&text, 0));
                }
            }
            run(&["keys", "show", id, "--events"]);
            run(&["keys", "edit", id, "--label", "x"]);
            run(&["keys", "create"]);
            run(&["keys", "delete", id, "--yes"]);
            run(&["token", id, "--secret-file", "-"]);
            run(&["doctor"]);
        }
        // Its ID header is no ID, or no text that HTTP's own rules let through, or an ID to be escaped.
        let verified = home.run(&["verify", "--token-file", "-"]);
        Home::harmless(&format!("{name} verify"), &verified);
        assert!(matches!(verified.status.code(), Some(0 | 6)), "{name}: {verified:?}");
    }
}

#[test]
fn a_list_that_never_ends_is_left() {
    let port = crate::support::raw::serve(|asked| {
        if asked.path.contains("/auth/session") {
            return crate::support::raw::signed_in("jo", "jo");
        }
        let key = super::server::key("x", 0);
        let event = serde_json::json!({ "at": "2026-11-01T09:30:00Z", "kind": "used" });
        let page = serde_json::json!({ "keys": [key], "key": key, "events": [event], "next_cursor": "again" });
        crate::support::raw::json(200, &page)
    });
    let home = Home::at(port);
    for args in [&["keys", "list"][..], &["keys", "show", "PK7QW3N5ZJ0V4T8M2XHC", "--events"]] {
        let done = home.run(args);
        let words = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(6), "{args:?}: {words}");
        assert!(words.contains("its next page is the same page again"), "{args:?}: {words}");
    }
}

#[test]
fn errors_show_it_escaped_in_one_line() {
    for (name, text) in texts() {
        for how in [How::Refused, How::Page] {
            let home = Home::at(start(&text, how));
            let id = "PK7QW3N5ZJ0V4T8M2XHC";
            for args in [
                &["keys", "show", id][..],
                &["keys", "edit", id, "--label", "x"],
                &["keys", "delete", id, "--yes"],
                &["token", id, "--secret-file", "-"],
                &["verify", "--token-file", "-"],
                &["doctor", id, "--secret-file", "-"],
            ] {
                let done = home.run(args);
                assert!(!done.status.success(), "{name} {args:?}");
                Home::harmless(&format!("{name} {args:?}"), &done);
                if !matches!(args, ["doctor", ..] | ["keys", "delete", ..]) {
                    assert_eq!(String::from_utf8_lossy(&done.stderr).lines().count(), 1, "{args:?} {done:?}");
                    assert!(done.stdout.is_empty());
                }
            }
        }
    }
}

#[test]
fn headers_and_reasons_that_http_forbids_are_refused_in_our_words() {
    for (status, value) in [("200 OK", "\u{1b}[2J"), ("500 \u{1b}]0;pwn\u{7}", "x"), ("500 \u{9b}31m", "x")] {
        let head = (status.to_owned(), value.to_owned());
        let port =
            crate::support::raw::serve(move |_| crate::support::raw::raw(&head.0, &[("x-any", &head.1)], "no JSON"));
        let home = Home(TempDir::new().unwrap(), format!("http://127.0.0.1:{port}"));
        let done = home.run(&["verify", "--token-file", "-"]);
        Home::harmless(status, &done);
        assert_eq!(done.status.code(), Some(6), "{done:?}");
    }
}
