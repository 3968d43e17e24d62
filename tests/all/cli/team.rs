//! A whole day with `latchkey serve`: sign in, work by script, sign out.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::support::home::{Home, text};
use crate::support::terminal::{Terminal, contains, latchkey};

const PASSWORD: &str = "correct horse battery staple";

/// A server for many, as a process of its own.
struct Team {
    server: Child,
    url: String,
}

impl Team {
    /// With an administrator `jo` and an auditor `kim`.
    fn start(home: &Home) -> Self {
        home.file("password", PASSWORD);
        for (name, role) in [("jo", "administrator"), ("kim", "auditor")] {
            let args = ["admin", "add", name, "--role", role, "--password-file", "password", "--data", "team"];
            assert_eq!(home.run(&args).code, 0);
        }
        let args = ["serve", "--data", "team", "--listen", "127.0.0.1:0", "--log-format", "json"];
        let mut server = home.command(&args).stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(server.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let url = format!("http://{}", text(&line["place"]));
        // No one needs the rest, but a full pipe would stop the server.
        std::thread::spawn(move || log.lines().count());
        Self { server, url }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn sign_in_work_by_script_and_sign_out() {
    let home = Home::new();
    let team = Team::start(&home);
    let at = |args: &[&str]| home.run(&[args, &["--url", &team.url]].concat());
    assert!(at(&["keys", "list"]).failed(3).contains("login --remember"));
    let sign_in = |name| at(&["login", "--username", name, "--password-file", "password", "--remember=file"]);
    assert_eq!(sign_in("jo").code, 0);
    let made = at(&["keys", "create", "--label", "nightly", "--secret-file", "secret", "--output", "json"]).json();
    let id = text(&made["key"]["id"]);
    assert_eq!(made["key"]["created_by"], "jo");
    let token = at(&["token", &id, "--secret-file", "secret"]).good();
    home.file("token", &token);
    assert_eq!(at(&["verify", "--token-file", "token"]).good(), format!("{id}\n"));
    // An inactive key is refused at once, and the doctor knows why.
    at(&["keys", "deactivate", &id]).good();
    let shown = at(&["keys", "show", &id, "--events", "--output", "json"]).json();
    let did: Vec<_> = shown["events"].as_array().unwrap().iter().filter(|event| event["by"] == "jo").collect();
    let kinds: Vec<String> = did.iter().map(|event| text(&event["kind"])).collect();
    assert_eq!((kinds, &did[0]["detail"]), (vec!["edited".to_owned(), "created".to_owned()], &"deactivated".into()));
    // For people, it is called what it was.
    for table in [at(&["keys", "show", &id, "--events"]).good(), at(&["events", "--key", &id]).good()] {
        assert!(table.contains("  deactivated  ") && !table.contains("edited"), "{table}");
    }
    at(&["verify", "--token-file", "token"]).failed(7);
    at(&["token", &id, "--secret-file", "secret"]).failed(7);
    let sick = at(&["doctor", &id, "--secret-file", "secret"]);
    assert!(sick.code == 7 && sick.out.contains("The key is inactive."), "{sick:?}");
    let facts = at(&["doctor"]).good();
    assert!(facts.contains("of jo, until 20") && facts.contains("/sessions/"), "{facts}");
    assert_eq!(at(&["logout"]).code, 0);
    // Without a session it cannot know, and says so.
    let sick = at(&["doctor", &id, "--secret-file", "secret"]);
    assert!(
        sick.code == 7 && sick.out.contains("You are not signed in") && !sick.out.contains("The key is inactive."),
        "{sick:?}"
    );
    assert_eq!(sign_in("kim").code, 0);
    at(&["keys", "show", &id]).good();
    assert!(at(&["keys", "activate", &id]).failed(3).contains("Auditors"));
    assert_eq!(at(&["keys", "delete", "--yes", &id]).code, 3);
}

#[test]
fn on_a_terminal_one_is_asked_to_sign_in_for_one_command() {
    let home = Home::new();
    let team = Team::start(&home);
    let args = ["keys", "create", "--secret-file", "s", "--url", &team.url];
    let start = || Terminal::start(latchkey(home.0.path()).current_dir(home.0.path()).args(args));
    for giving_up_at in ["User name", "Password"] {
        let mut terminal = start();
        terminal.sees("User name at");
        if giving_up_at == "Password" {
            terminal.press("jo<Enter>");
            terminal.sees("Password of jo");
        }
        terminal.press("<Ctrl-C>");
        assert_eq!(terminal.ends().0.code(), Some(130));
        assert!(!home.path("s").exists());
    }
    let mut terminal = start();
    terminal.sees("User name at");
    terminal.press("jo<Enter>");
    terminal.sees("Password of jo");
    terminal.send(format!("{PASSWORD}\r").as_bytes());
    terminal.sees("in s");
    let (status, terminal) = terminal.ends();
    assert_eq!(status.code(), Some(0));
    assert!(!contains(&terminal.bytes, b"correct"));
    // The session was for this command.
    home.run(&["keys", "list", "--url", &team.url]).failed(3);
}

#[test]
fn a_session_that_the_server_has_forgotten_is_3() {
    let home = Home::new();
    let team = Team::start(&home);
    let at = |args: &[&str]| home.run(&[args, &["--url", &team.url]].concat());
    assert_eq!(at(&["login", "--username", "jo", "--password-file", "password", "--remember=file"]).code, 0);
    at(&["keys", "list"]).good();
    assert_eq!(home.run(&["admin", "remove", "jo", "--yes", "--last", "--data", "team"]).code, 0);
    let error = at(&["keys", "list"]).failed(3);
    assert!(
        error.contains("Not signed in") && error.contains(&format!("latchkey --url {} login", team.url)),
        "{error}"
    );
    // Steps two and three need no session.
    assert_eq!(home.feed(&["verify", "--url", &team.url], "eyJ.a.b").code, 7);
}
