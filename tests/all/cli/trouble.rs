//! Each exit code, and errors as JSON.

use std::process::{Command, Stdio};

use latchkey::server::Role;
use serde_json::Value;

use super::remote::{Remote, always, nowhere, remember};
use crate::support::home::{Home, text};
use crate::support::program::{binary, environment};

#[test]
fn a_remote_server_works_like_the_one_inside() {
    let (home, remote) = (Home::new(), Remote::start(Role::Administrator));
    remember(&home, &remote.url);
    let at = |args: &[&str]| [args, &["--url", &remote.url, "--output", "json"]].concat().join("\n");
    let run = |args: &[&str]| home.run(&at(args).split('\n').collect::<Vec<_>>());
    let made = run(&["keys", "create", "--label", "far"]).json();
    let id = text(&made["key"]["id"]);
    assert_eq!(made["key"]["created_by"], "jo");
    assert_eq!(run(&["keys", "list"]).json()[0]["label"], "far");
    let secret = home.file("secret", &text(&made["secret_access_key"]));
    assert!(text(&run(&["token", &id, "--secret-file", &secret]).json()["access_token"]).starts_with("eyJ"));
    assert_eq!(run(&["keys", "delete", "--yes", &id]).json()[0]["result"], "deleted");
}

#[test]
fn not_signed_in_and_not_allowed_are_3() {
    let home = Home::new();
    let auditor = Remote::start(Role::Auditor);
    let error = home.run(&["keys", "list", "--url", &auditor.url]).failed(3);
    assert!(error.contains("login"), "{error}");
    remember(&home, &auditor.url);
    home.run(&["keys", "list", "--url", &auditor.url]).good();
    let error = home.run(&["keys", "create", "--url", &auditor.url]).failed(3);
    assert!(error.contains("Auditors"), "{error}");
    let done = home.run(&["keys", "delete", "--yes", "PK1", "PK2", "--url", &auditor.url]);
    assert_eq!(done.code, 3);
    assert!(
        done.out.starts_with("PK1  failed: Not allowed") && done.out.ends_with("PK2  left unchanged: not tried\n"),
        "{done:?}"
    );
}

#[test]
fn a_key_that_is_not_there_is_4() {
    let home = Home::new();
    home.create("another");
    for args in [
        &["keys", "show", "PKNOTTHERE"][..],
        &["keys", "edit", "PKNOTTHERE", "--label", "x"],
        &["keys", "activate", "PKNOTTHERE"],
        &["keys", "deactivate", "PKNOTTHERE"],
    ] {
        assert!(home.run(args).failed(4).contains("keys list"));
    }
}

#[test]
fn a_secret_that_was_lost_on_the_way_is_sent_again_and_only_one_key_is_made() {
    let (home, remote) = (Home::new(), Remote::start(Role::Administrator));
    let mut creates = 0;
    let url = remote.behind(move |request| {
        creates += u32::from(request.starts_with("POST"));
        creates != 1 // the first answer is lost
    });
    remember(&home, &url);
    remember(&home, &remote.url);
    home.run(&["keys", "create", "--secret-file", "s", "--url", &url]).good();
    let keys = home.run(&["keys", "list", "--output", "json", "--url", &remote.url]).json();
    assert_eq!(keys.as_array().unwrap().len(), 1);
    let id = text(&keys[0]["id"]);
    assert!(home.feed(&["token", &id, "--url", &remote.url], &home.read("s")).good().starts_with("eyJ"));
}

#[test]
fn a_list_that_breaks_off_is_no_json() {
    let (home, remote) = (Home::new(), Remote::filled(1500));
    let url = remote.behind(|request| !request.contains("cursor="));
    remember(&home, &url);
    let done = home.run(&["keys", "list", "--output", "json", "--url", &url]);
    done.complaint_as_json(6);
    assert_eq!(done.out.lines().count(), 1001);
    assert!(serde_json::from_str::<Value>(&done.out).is_err());
}

#[test]
fn a_server_that_is_not_there_or_not_one_is_6() {
    let home = Home::new();
    let url = nowhere();
    remember(&home, &url);
    assert!(home.run(&["keys", "list", "--url", &url]).failed(6).contains("doctor"));
    let page = always("502 Bad Gateway", "text/html", "<html>");
    remember(&home, &page);
    assert!(home.run(&["keys", "show", "PK1", "--url", &page]).failed(6).contains("web page"));
    // No one knows what became of a create that was never answered.
    let error = home.run(&["keys", "create", "--expires", "never", "--url", &page]).failed(6);
    assert!(error.contains("not known whether"), "{error}");
}

#[test]
fn an_embedded_server_that_does_not_start_is_6() {
    let home = Home::new();
    home.file("data", "");
    home.run(&["keys", "list", "--data", "data"]).failed(6);
}

#[test]
fn a_hint_leads_to_the_server_that_it_is_about() {
    let (home, remote) = (Home::new(), Remote::start(Role::Administrator));
    let (url, gone) = (&remote.url, nowhere());
    let (id, _) = home.create("");
    let secret = home.file("secret", &"2".repeat(32));
    home.run(&["--data", "it's here", "keys", "create"]).good();
    let at = |args: &[&str], code: i32, words: &str| {
        let done = home.run(args);
        assert_eq!(done.code, code, "{done:?}");
        assert!([done.out, done.err].concat().contains(words), "{args:?} does not say {words}");
    };
    at(&["--url", url, "token", "PK1", "--secret-file", &secret], 7, &format!("latchkey --url {url} doctor PK1"));
    at(&["--url", &gone, "verify", "--token-file", &secret], 6, &format!("latchkey --url {gone} doctor"));
    at(&["--url", url, "verify", "--token-file", &secret], 7, &format!("latchkey --url {url} token ID"));
    at(&["--url", url, "keys", "list"], 3, &format!("latchkey --url {url} login --remember"));
    at(
        &["--url", url, "doctor", "PK1", "--secret-file", &secret],
        7,
        &format!("latchkey --url {url} login --remember"),
    );
    at(&["--url", url, "doctor"], 0, &format!("latchkey --url {url} login --remember"));
    remember(&home, url);
    at(&["--url", url, "keys", "show", "PK1"], 4, &format!("latchkey --url {url} keys list"));
    at(&["--data", "it's here", "keys", "show", &id], 4, r"latchkey --data 'it'\''s here' keys list");
    at(&["--data", "it's here", "token", &id, "--secret-file", &secret], 7, r"'it'\''s here' doctor PK");
    at(&["--profile", "local", "keys", "show", "PK1"], 4, "latchkey --profile local keys list");
    at(&["keys", "show", "PK1"], 4, "with: latchkey keys list");
    at(&["--data", "it's here", "admin", "passwd", "jo"], 4, r"latchkey --data 'it'\''s here' admin list");
}

#[test]
fn a_throttled_sign_in_has_a_code_and_a_number_of_its_own() {
    let home = Home::new();
    let words = r#"{"success":false,"message":"too many failed sign-ins","code":0,"status":429}"#;
    let url = always("429 Too Many Requests\r\nretry-after: 30", "application/json", words);
    let password = home.file("password", "anything");
    let login = ["login", "--username", "jo", "--password-file", &password, "--url", &url];
    let done = home.run(&[&login[..], &["--output", "json"]].concat());
    let error: Value = serde_json::from_str(&done.err).unwrap();
    assert_eq!((done.code, done.out.as_str()), (9, ""));
    assert_eq!((&error["error"]["code"], &error["error"]["retry_after"]), (&"throttled".into(), &30.into()));
    assert!(home.run(&login).failed(9).contains("Try again in 30 seconds."));
}

#[test]
fn errors_are_json_where_results_are() {
    let home = Home::new();
    for (args, code, exit) in [
        (&["keys", "show", "PKNOTTHERE", "--output", "json"][..], "not_found", 4),
        (&["--output", "json", "keys", "lst"], "usage", 2),
        (&["--output", "json", "keys"], "usage", 2),
        (&["keys", "list", "--output=json", "--limit", "x"], "usage", 2),
        (&["keys", "list", "--output=json", "--profile", "nope"], "usage", 2),
        (&["verify", "--output", "json"], "usage", 2),
    ] {
        let done = home.run(args);
        assert_eq!(done.complaint_as_json(exit)["code"], code);
        assert_eq!(done.out, "");
    }
}

#[test]
fn a_notice_of_the_settings_is_said_where_their_profile_is_used() {
    let home = Home::new();
    std::fs::create_dir_all(home.path(".config/latchkey")).unwrap();
    home.file(".config/latchkey/config.toml", "[profiles.pp]\nbase_url = \"https://x.invalid/dashboard\"\n");
    home.create("");
    home.run(&["--profile", "local", "keys", "list"]).good();
    assert!(
        home.run(&["--profile", "pp", "keys", "list"])
            .err
            .contains("line 2, column 12: Only https://x.invalid of the pasted address is used")
    );
    assert!(
        home.run(&["doctor"])
            .good()
            .contains("line 2, column 12: Only https://x.invalid of the pasted address is used")
    );
}

#[test]
fn settings_behind_a_link_to_nothing_are_not_taken_for_none() {
    for link in [".config/latchkey/config.toml", ".config/latchkey"] {
        let home = Home::new();
        std::fs::create_dir_all(home.path(link).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("nowhere", home.path(link)).unwrap();
        let error = home.run(&["keys", "list"]).failed(2);
        assert!(error.contains(".config/latchkey/config.toml can't be read: a symbolic link is broken"), "{error}");
        assert!(!home.path(".local/share").exists(), "nothing was done elsewhere");
    }
}

#[test]
fn a_command_line_that_is_not_understood_is_2_in_one_line() {
    let home = Home::new();
    for (args, why) in [
        (&["kyes"][..], "keys"),
        (&["keys", "list", "--sort", "colour"], "created_at"),
        (&["keys", "list", "--order", "up"], "asc or desc"),
        (&["keys", "list", "--status", "gone"], "active, inactive or expired"),
        (&["keys", "list", "--limit", "0"], "--limit"),
        (&["keys", "list", "--output", "xml"], "csv"),
        (&["keys", "show"], "<ID>"),
        (&["keys", "show", ""], "empty"),
        (&["keys", "show", ".."], "not an access key ID"),
        (&["doctor", "PK1", "--hmac-file", "x"], "--content"),
        (&["keys", "show", "https://x.example"], "URL"),
        (&["hmac", "--content", ""], "empty"),
        (&["doctor", "--content", "x"], "<ID>"),
    ] {
        let error = home.run(args).failed(2);
        assert!(error.contains(why) && error.contains("--help"), "{error}");
    }
    for (command, words) in [
        ("keys", "list, show, usage, identify, create, rotate, edit, activate, deactivate, delete"),
        ("admin", "passwd"),
    ] {
        let error = home.run(&[command]).failed(2);
        assert!(error.contains(words) && error.ends_with(&format!("See latchkey {command} --help\n")), "{error}");
    }
}

/// Each is said in a sentence, and nothing waits or panics.
#[test]
fn what_is_wrong_around_the_program_is_said_plainly() {
    let home = Home::new();
    home.create("one");
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command.env_clear().envs(environment(home.0.path())).env("L", binary()).current_dir(home.0.path());
        let output = command.args(["-c", script]).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()))
    };
    for (limit, command) in [(7, "keys list"), (7, "serve --listen 127.0.0.1:0"), (16, "keys list")] {
        let (code, [_, said]) = shell(&format!("ulimit -n {limit}; $L --data .local/share/latchkey {command}"));
        assert!(said.contains("The program can't open files: Too many open files"), "{said}");
        assert!(said.ends_with("Raise the limit of open files (ulimit -n).\n") && code == Some(1), "{said}");
    }
    let (code, [_, said]) = shell("mkfifo fifo; $L --config fifo keys list");
    assert!(said.contains("not in a regular file") && code == Some(2), "{said}");
    let (code, [_, said]) = shell("$L keys list --limit=-1; $L keys list --limit -1");
    assert_eq!(said.matches("enter a number from 1 up").count(), 2, "{said}");
    assert_eq!(code, Some(2));
    let (code, [_, said]) = shell("$L keys delete --yes - </dev/null");
    assert!(said.contains("standard input has no access key IDs. Nothing was deleted.") && code == Some(0), "{said}");
    let (_, [out, said]) = shell("$L --output json keys delete --yes - </dev/null");
    assert_eq!((out.trim(), said.as_str()), ("[]", ""));
    for token in [r#"{"access_token": "eyJx.y.z"}"#, "Bearer eyJx.y.z"] {
        let (code, [_, said]) = shell(&format!("echo '{token}' | $L verify"));
        assert!(said.contains("The access token is not valid: it ") && code == Some(7), "{said}");
        assert!(said.contains("is JSON") || said.contains("words of a header"), "{said}");
    }
    let (_, [_, said]) = shell("TZ=Europe/Berln $L keys list");
    assert_eq!(said, "latchkey: TZ names no time zone (Europe/Berln), so times are shown and read in UTC.\n");
    for quiet in ["TZ=Europe/Berln $L --output json keys list", "TZ=UTC0 $L keys list"] {
        assert_eq!(shell(quiet).1[1], "", "{quiet}");
    }
}
