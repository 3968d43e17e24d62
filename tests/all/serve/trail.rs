//! The trail, administrators, sessions and passwords from the command line, on a data folder and over HTTP.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use latchkey::server::Role;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::program::{binary, environment};
use crate::support::served::{Served, data, run};
use crate::support::server::{PASSWORD, add_administrator, text};
use crate::support::terminal::{Terminal, contains, latchkey};

const NEW: &str = "another good password";

/// A server, and people who are signed in to it from homes of their own.
struct Team {
    server: Served,
    home: Arc<TempDir>,
}

impl Team {
    fn new(people: &[(&str, Role)]) -> Self {
        let home = Arc::new(TempDir::new().unwrap());
        for (name, role) in people {
            add_administrator(&data(&home), name, *role);
        }
        let server = Served::on(Arc::clone(&home), &[]);
        let team = Self { server, home };
        for (name, _) in people {
            team.write(name, "password", PASSWORD);
            team.write(name, "new", NEW);
            let settings = format!("[profiles.team]\nbase_url = \"{}\"\nusername = \"{name}\"\n", team.server.base);
            team.write(name, "config.toml", &settings);
            team.signs_in(name);
        }
        team
    }

    fn path(&self, who: &str, name: &str) -> String {
        self.home.path().join(who).join(name).display().to_string()
    }

    fn write(&self, who: &str, name: &str, text: &str) {
        fs::create_dir_all(self.home.path().join(who)).unwrap();
        fs::write(self.path(who, name), text).unwrap();
        fs::set_permissions(self.path(who, name), Permissions::from_mode(0o600)).unwrap();
    }

    fn signs_in(&self, who: &str) {
        let output = self.run(who, &["login", "--remember=file", "--password-file", &self.path(who, "password")]);
        assert!(output.status.success(), "{output:?}");
    }

    fn command(&self, who: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.env_clear().envs(environment(&self.home.path().join(who))).arg("--config");
        command.arg(self.path(who, "config.toml")).args(["--profile", "team"]).args(arguments).stdin(Stdio::null());
        command
    }

    fn run(&self, who: &str, arguments: &[&str]) -> Output {
        let output = self.command(who, arguments).output().unwrap();
        for said in [&output.stdout, &output.stderr] {
            assert!(!contains(said, PASSWORD.as_bytes()) && !contains(said, NEW.as_bytes()), "{output:?}");
        }
        output
    }

    #[track_caller]
    fn done(&self, who: &str, arguments: &[&str]) -> String {
        let output = self.run(who, arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn fails(&self, who: &str, arguments: &[&str], code: i32, words: &str) {
        let output = self.run(who, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.contains(words)), (Some(code), true), "{words}: {said}");
    }

    fn events(&self, who: &str, arguments: &[&str]) -> Vec<Value> {
        let all = self.done(who, &[&["events", "--output", "json"], arguments].concat());
        all.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn kinds(&self, who: &str, arguments: &[&str]) -> Vec<String> {
        self.events(who, arguments).iter().map(|event| text(&event["kind"])).collect()
    }
}

fn id_of(line: &str) -> String {
    line.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_superuser_manages_administrators_over_http() {
    let team = Team::new(&[("su", Role::Superuser), ("ad", Role::Administrator), ("au", Role::Auditor)]);
    let file = team.path("su", "password");
    let add = ["admin", "add", "Mo", "--role", "auditor", "--password-file", &file];
    assert_eq!(team.done("su", &add), "Added mo as auditor.\n");
    team.fails("su", &add, 5, "Administrator mo already exists");
    let all = team.done("su", &["admin", "list"]);
    let names: Vec<_> = all.lines().skip(1).map(id_of).collect();
    assert_eq!(names, ["ad", "au", "mo", "su"]);
    assert_eq!(team.done("su", &["admin", "role", "mo", "administrator"]), "mo is now administrator.\n");
    assert_eq!(team.server.sign_in("mo", PASSWORD).await.body["role"], "administrator");
    let passwd = ["admin", "passwd", "mo", "--password-file", &team.path("su", "new")];
    assert!(team.done("su", &passwd).starts_with("Changed the password of mo"));
    assert_eq!(team.server.sign_in("mo", PASSWORD).await.status, 401);
    assert_eq!(team.server.sign_in("mo", NEW).await.status, 200);
    assert!(team.done("su", &["admin", "remove", "mo", "--yes"]).starts_with("Removed mo"));
    team.fails("su", &["admin", "remove", "mo", "--yes"], 4, "No administrator mo");
    team.fails("su", &["admin", "role", "mo", "auditor"], 4, "No administrator mo");
    team.fails("su", &["admin", "role", "su", "auditor"], 5, "su is the last superuser");
    team.fails("su", &["admin", "remove", "su", "--yes"], 5, "use --last");
    let own = ["admin", "passwd", "su", "--password-file", &team.path("su", "new")];
    team.fails("su", &own, 3, "needs the old one");

    let kinds = team.kinds("su", &["--admin", "mo"]);
    assert_eq!(
        kinds,
        [
            "admin_removed",
            "signed_in",
            "sign_in_refused",
            "password_changed",
            "signed_in",
            "role_changed",
            "admin_added"
        ]
        .into_iter()
        .filter(|kind| *kind != "sign_in_refused" || kinds.iter().any(|there| there == "sign_in_refused"))
        .collect::<Vec<_>>()
    );
    let role = &team.events("su", &["--kind", "role_changed"])[0];
    assert_eq!((&role["by"], &role["from"]), (&"su".into(), &"127.0.0.1".into()));
    let change = &role["changes"][0];
    assert_eq!((&change["old"], &change["new"]), (&"auditor".into(), &"administrator".into()));

    for who in ["ad", "au"] {
        let file = team.path(who, "password");
        team.fails(who, &["admin", "list"], 3, "Only superusers can do this");
        team.fails(who, &["admin", "add", "x", "--password-file", &file], 3, "Only superusers");
        team.fails(who, &["admin", "role", "au", "superuser"], 3, "Only superusers");
        team.fails(who, &["admin", "remove", "su", "--yes"], 3, "Only superusers");
        team.fails(who, &["revoke", "tokens", "sessions", "--yes"], 3, "Only superusers");
        assert!(!team.events(who, &["--limit", "1"]).is_empty());
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_everything_is_revoked() {
    let team = Team::new(&[("su", Role::Superuser), ("ad", Role::Administrator)]);
    let session = team.server.session("ad").await;
    let (id, secret) = team.server.create(&session).await;
    let granted = crate::support::server::send(team.server.exchange_request(&id, &secret)).await;
    let token = text(&granted.body["access_token"]);
    let verify = async || {
        let call = team.server.anyone(reqwest::Method::GET, "/auth/verify").header("x-access-token", &token);
        crate::support::server::send(call).await.status
    };
    let all: Value = serde_json::from_str(&team.done("su", &["sessions", "list", "--output", "json"])).unwrap();
    let names: Vec<_> =
        all.as_array().unwrap().iter().map(|one| (text(&one["username"]), one["current"] == true)).collect();
    assert_eq!(names, [("ad".to_owned(), false), ("ad".to_owned(), false), ("su".to_owned(), true)]);
    let of_su = text(&all[2]["id"]);
    assert_eq!(team.done("ad", &["sessions", "list"]).lines().count(), 3);
    team.fails("ad", &["sessions", "end", &of_su], 4, "No session");
    team.fails("su", &["--read-only", "sessions", "end", &of_su], 3, "This profile is read-only");
    assert_eq!(team.done("ad", &["sessions", "end", &text(&all[0]["id"])]).matches("Ended").count(), 1);
    assert_eq!(team.server.get(&session, "/keys").await.status, 401);
    assert_eq!(team.kinds("su", &["--kind", "session_ended"]).len(), 1);

    // Without a terminal there is no one to ask.
    let script = "exec setsid --wait \"$0\" \"$@\"";
    let mut detached = Command::new("sh");
    detached.args(["-c", script, binary()]).env_clear().envs(environment(&team.home.path().join("su")));
    detached.args(["--config", &team.path("su", "config.toml"), "--profile", "team", "revoke", "tokens"]);
    let output = detached.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(verify().await, 204);
    assert!(team.done("su", &["revoke", "tokens", "--yes"]).starts_with("Every access token"));
    assert_eq!(verify().await, 401);
    assert!(team.done("su", &["revoke", "sessions", "--yes"]).starts_with("2 sessions were ended"));
    team.fails("ad", &["keys", "list"], 3, "sign in again");
    team.fails("su", &["keys", "list"], 3, "sign in again");
    team.signs_in("su");
    assert_eq!(
        team.kinds("su", &["--kind", "tokens_revoked,sessions_revoked"]),
        ["sessions_revoked", "tokens_revoked"]
    );
}

#[tokio::test]
async fn one_changes_ones_own_password() {
    let team = Team::new(&[("jo", Role::Auditor)]);
    let other = team.server.session("jo").await;
    let (old, new) = (team.path("jo", "password"), team.path("jo", "new"));
    team.fails(
        "jo",
        &["passwd", "--old-password-file", &new, "--password-file", &old],
        7,
        "The old password is incorrect",
    );
    team.write("jo", "short", "short");
    let short = team.path("jo", "short");
    team.fails("jo", &["passwd", "--old-password-file", &old, "--password-file", &short], 7, "needs at least 12");
    team.fails("jo", &["passwd", "--old-password-file", "-", "--password-file", "-"], 2, "only one of the two");
    assert_eq!(team.server.get(&other, "/keys").await.status, 200);
    let said = team.done("jo", &["passwd", "--old-password-file", &old, "--password-file", &new]);
    assert_eq!(said, "Your password was changed. Your other sessions have ended.\n");
    assert_eq!(team.server.get(&other, "/keys").await.status, 401);
    team.done("jo", &["keys", "list"]); // the session that changed it goes on

    // The same, typed.
    let command = latchkey(&team.home.path().join("jo"));
    let command = command.arg("--config").arg(team.path("jo", "config.toml")).args(["--profile", "team", "passwd"]);
    let mut screen = Terminal::start(command);
    screen.sees("Old password");
    screen.send(format!("{NEW}\r").as_bytes());
    screen.sees("New password (12 characters or more):");
    screen.send(format!("{PASSWORD}\r").as_bytes());
    screen.sees("Repeat the password:");
    screen.send(format!("{PASSWORD}\r").as_bytes());
    screen.sees("Your password was changed");
    let (status, screen) = screen.ends();
    assert!(status.success());
    for shown in [PASSWORD, NEW] {
        assert!(!contains(&screen.bytes, shown.as_bytes()), "{}", screen.text());
    }
    team.server.session("jo").await;
    let kinds = team.kinds("jo", &["--kind", "password_changed", "--by", "jo"]);
    assert_eq!(kinds.len(), 2);
    // The embedded server has none.
    let local = run(&team.home, &["passwd"]);
    assert!(String::from_utf8(local.stderr).unwrap().contains("The embedded server has no passwords"));
}

#[tokio::test]
async fn the_trail_is_listed_in_each_form_and_followed() {
    let team = Team::new(&[("ad", Role::Administrator)]);
    let created: Value =
        serde_json::from_str(&team.done("ad", &["keys", "create", "--label", "Backup, old", "--output", "json"]))
            .unwrap();
    let id = text(&created["key"]["id"]);
    team.done("ad", &["keys", "edit", &id, "--label", "Restore"]);
    team.done("ad", &["keys", "delete", &id, "--yes"]);
    for form in ["json", "csv", "table"] {
        team.done("ad", &["keys", "list", "--search", "back", "--output", form]);
    }
    assert_eq!(team.kinds("ad", &["--key", &id]), ["deleted", "edited", "created"]);
    let exports = team.events("ad", &["--kind", "exported"]);
    let details: Vec<_> = exports.iter().map(|event| text(&event["detail"])).collect();
    assert_eq!(details, ["csv, q back", "json, q back"], "a table is for looking");
    let csv = team.done("ad", &["events", "--key", &id, "--output", "csv"]);
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines[0], "at,kind,key,admin,by,from,detail,changes,count,label");
    assert!(
        lines[2].contains(&format!(",edited,{id},,ad,127.0.0.1,label,\"label: Backup, old -> Restore\",1,Restore")),
        "{csv}"
    );
    let table = team.done("ad", &["events", "--by", "ad", "--limit", "2", "--since", "24h"]);
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.starts_with("AT "), "{table}");
    assert!(team.events("ad", &["--since", "2099-01-01"]).is_empty());
    team.fails(
        "ad",
        &["events", "--kind", "delted"],
        2,
        "there is no kind delted (did you mean deleted?); use one of created",
    );
    team.fails("ad", &["events", "--since", "yesterday"], 2, "24h");

    let mut command = team.command("ad", &["events", "--follow", "--limit", "1", "--output", "json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["kind"], "exported");
    for label in ["one", "two"] {
        team.done("ad", &["keys", "create", "--label", label]);
    }
    let new = [next(), next()];
    assert_eq!([&new[0]["changes"][0]["new"], &new[1]["changes"][0]["new"]], [&Value::from("one"), &"two".into()]);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Whoever works on a data folder is named by the real user ID, whatever the environment says.
#[test]
fn local_work_is_in_the_trail_under_the_real_users_name() {
    let home = TempDir::new().unwrap();
    let local = |arguments: &[&str]| {
        let mut command = crate::support::served::latchkey(&home, arguments);
        let output = command.env("USER", "mallory").env("LOGNAME", "mallory").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let id = local(&["keys", "create", "--label", "one", "--output", "json"]);
    let key: Value = serde_json::from_str(&id).unwrap();
    let file = home.path().join("password");
    fs::write(&file, PASSWORD).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    local(&["admin", "add", "jo", "--password-file", file.to_str().unwrap()]);
    local(&["admin", "role", "jo", "superuser"]);
    local(&["revoke", "sessions", "--yes"]);
    let me = Command::new("id").arg("-run").output().unwrap();
    let me = String::from_utf8(me.stdout).unwrap().trim().to_owned();
    assert_eq!(key["key"]["created_by"], me.as_str());
    let events = local(&["events", "--output", "json"]);
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["sessions_revoked", "role_changed", "admin_added", "created"]);
    assert!(events.iter().all(|event| event["by"] == me.as_str() && event["from"] == "local"), "{events:#?}");
}
