//! A server for many: signing in, a session that ends midway, an auditor, and leaving nothing behind.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use latchkey::server::Role;

use super::talk::{COMMAND, HEARD, SECRET, Talk};
use crate::support::home::{Home, text};
use crate::support::served::{Served, data};
use crate::support::server::{PASSWORD, add_administrator};
use crate::support::wait::until;

pub struct Team {
    pub server: Served,
    pub home: Home,
}

impl Team {
    pub fn start(more: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let server = Served::on(Arc::clone(&folder), &[]);
        add_administrator(&data(&folder), "jo", Role::Administrator);
        add_administrator(&data(&folder), "au", Role::Auditor);
        add_administrator(&data(&folder), "su", Role::Superuser);
        let home = Home::new();
        let base = &server.base;
        home.settings(&format!("default_profile = \"team\"\n[profiles.team]\nbase_url = \"{base}\"\n{more}\n"));
        Self { server, home }
    }

    fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(data(&self.server.home).join("keys.db")).unwrap()
    }

    fn sessions(&self) -> i64 {
        self.database().query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap()
    }

    /// They are stored in the background.
    fn uses(&self) -> i64 {
        self.database().query_row("SELECT count(*) FROM events WHERE kind = 'used'", [], |row| row.get(0)).unwrap()
    }

    fn end_sessions(&self) {
        assert_ne!(self.database().execute("DELETE FROM sessions", []).unwrap(), 0);
    }
}

pub fn sign_in(talk: &mut Talk, name: &str) {
    talk.answers(&[("User name at localhost", name), (&format!("Password of {name} at localhost"), PASSWORD)]);
    talk.says(&format!("Signed in as {name} ("));
}

#[test]
fn one_signs_in_when_it_is_needed_and_again_when_the_session_ends() {
    let team = Team::start("production = true");
    let mut talk = Talk::at(&team.home);
    talk.answers(&[("Profile: team, PRODUCTION. Server: localhost", "list"), ("User name", "jo")]);
    talk.answers(&[
        ("[PRODUCTION team] Password of jo", "wrong"),
        ("Incorrect user name or password.", "jo"),
        ("Password", PASSWORD),
    ]);
    talk.answers(&[("Signed in as jo (administrator), until 2", HEARD), ("No access keys yet", HEARD)]);
    assert_eq!(team.sessions(), 1);
    talk.answers(&[(COMMAND, "create")]);
    talk.writes("for the team");
    talk.says("for never): ");
    team.end_sessions();
    talk.types("");
    talk.says("Your session has expired. Sign in again to continue where you left off.");
    talk.answers(&[("Password of jo at localhost", PASSWORD), ("Access key created.", HEARD), (SECRET, "test")]);
    talk.answers(&[("for this key.", "back"), (SECRET, "1"), ("New file", "secret"), (SECRET, "6")]);
    talk.answers(&[(COMMAND, "list"), ("1. for the team, PK", HEARD)]);
    until("the record of the use", || team.uses() > 0);
    team.end_sessions();
    talk.answers(&[(COMMAND, "show 1"), ("Your session has expired.", HEARD), ("Password", PASSWORD)]);
    talk.says("used, from 127.0.0.1");
    talk.says("created, by jo, from 127.0.0.1");
    let said = talk.quits();
    assert_eq!(team.sessions(), 0, "nobody else knows it, so it is ended");
    assert!(!said.contains(PASSWORD) && !said.contains("sk_"), "{said}");
    assert!(team.home.read("secret").starts_with("sk_"));
    let state = team.home.path(".local/state/latchkey/sessions");
    assert!(!state.exists() || state.read_dir().unwrap().next().is_none(), "a session is in memory only");
}

#[test]
fn who_does_not_sign_in_gets_nothing() {
    let team = Team::start("username = \"jo\"");
    let mut talk = Talk::at(&team.home);
    talk.answers(&[
        (COMMAND, "create"),
        ("Password of jo", ""),
        ("You are not signed in; nothing was done.", "signout"),
    ]);
    talk.answers(&[
        ("You are not signed in.", "list"),
        ("Password of jo", PASSWORD),
        ("No access keys yet", "signout"),
    ]);
    talk.says("Signed out.");
    assert_eq!(team.sessions(), 0);
    talk.answers(&[(COMMAND, "list")]);
    talk.says("Password of jo");
    talk.send(b"\x03");
    assert_eq!(talk.ends().0.code(), Some(130));
}

#[test]
fn a_change_can_still_be_undone_after_a_declined_sign_in() {
    let team = Team::start("username = \"jo\"");
    let mut talk = Talk::at(&team.home);
    talk.answers(&[(COMMAND, "create"), ("Password of jo", PASSWORD)]);
    talk.writes("nightly");
    talk.answers(&[("for never): ", ""), (SECRET, "1"), ("New file", "secret"), (SECRET, "6")]);
    talk.answers(&[(COMMAND, "list"), ("1. nightly, PK", HEARD), (COMMAND, "deactivate 1")]);
    talk.answers(&[("Deactivate it?", "yes"), ("Deactivated “nightly”.", HEARD)]);
    team.end_sessions();
    talk.answers(&[(COMMAND, "undo"), ("Your session has expired.", HEARD), ("Password of jo", "")]);
    talk.answers(&[("nothing was done.", "undo"), ("Password of jo", PASSWORD)]);
    talk.answers(&[("Undone. Activated “nightly”.", "undo"), ("Nothing to undo.", HEARD), (COMMAND, "")]);
    talk.quits();
}

#[test]
fn a_remembered_session_is_taken_and_left_as_it_was() {
    let team = Team::start("username = \"jo\"");
    let password = team.home.path("password");
    fs::write(&password, PASSWORD).unwrap();
    fs::set_permissions(&password, Permissions::from_mode(0o600)).unwrap();
    let login = team.home.run(&["login", "--remember", "--password-file", password.to_str().unwrap()]);
    assert_eq!(login.code, 0, "{login:?}");
    let mut talk = Talk::at(&team.home);
    talk.answers(&[("Signed in as jo (administrator)", HEARD), (COMMAND, "list"), ("No access keys yet", HEARD)]);
    assert!(!talk.quits().contains("Password of jo"));
    assert_eq!(team.sessions(), 1, "other commands use it too");
    // What is due and what is wrong is said at the start.
    let create = ["keys", "create", "--label", "mine", "--expires", "3d", "--hand-over", "--output", "json"];
    let code = text(&team.home.run(&create).json()["handover"]["code"]);
    for code_expected in [0, 7] {
        let done = Home::new().feed(&["receive", "--url", &team.server.base], &code);
        assert_eq!(done.code, code_expected, "{done:?}");
    }
    let mut talk = Talk::at(&team.home);
    let start = talk.says(COMMAND);
    assert!(start.contains("Keys: 1 expires within 7 days (view expiring)."), "{start}");
    assert!(start.contains("Someone tried to open the secret of “mine” (PK"), "{start}");
    assert!(start.contains("The command hand-overs acknowledges alarms."), "{start}");
    talk.types("profiles local");
    talk.answers(&[("Profile: local.", "profiles team"), ("Keys: 1 expires", HEARD)]);
    talk.quits();
    // The kernel's keyring outlives the test's home.
    team.home.run(&["logout"]).good();
    assert_eq!(team.sessions(), 0);
}

#[test]
fn an_auditor_is_refused_here_already() {
    let team = Team::start("");
    let mut talk = Talk::at(&team.home);
    talk.answers(&[(COMMAND, "create")]);
    sign_in(&mut talk, "au");
    talk.says("You are signed in as an auditor (read-only). Nothing was changed.");
    talk.answers(&[(COMMAND, "help")]);
    let help = talk.says(COMMAND);
    assert!(help.contains("1. list") && !help.contains("create"), "{help}");
    talk.types("profiles local");
    talk.answers(&[("Profile: local.", "help"), ("7. create", HEARD)]);
    assert_eq!(team.sessions(), 0, "one leaves a server with one's session");
    talk.quits();
}

#[test]
fn a_password_is_changed_in_plain_lines() {
    let team = Team::start("");
    let mut talk = Talk::at(&team.home);
    talk.answers(&[(COMMAND, "passwd")]);
    sign_in(&mut talk, "au");
    talk.answers(&[("Old password", "wrong one")]);
    for _ in 0..2 {
        talk.answers(&[("password", "another good password")]);
    }
    talk.answers(&[("The old password is incorrect.", HEARD), (COMMAND, "21"), ("Old password", PASSWORD)]);
    talk.answers(&[("New password", "another good password"), ("Repeat the password", "another good passwort")]);
    talk.answers(&[("The passwords don't match.", HEARD), (COMMAND, "passwd"), ("Old password", PASSWORD)]);
    talk.answers(&[("New password", "another good password"), ("Repeat the password", "another good password")]);
    talk.answers(&[("Your password was changed.", HEARD), (COMMAND, "list"), ("No access keys yet", HEARD)]);
    let said = talk.quits();
    assert!(!said.contains(PASSWORD) && !said.contains("another good"), "{said}");
}

#[test]
fn a_superuser_manages_administrators_in_plain_lines() {
    let team = Team::start("production = true");
    let mut talk = Talk::at(&team.home);
    talk.answers(&[(COMMAND, "admin")]);
    sign_in(&mut talk, "su");
    talk.answers(&[
        ("1. au, auditor, created 2", HEARD),
        ("last sign-in never, 0 sessions.", HEARD),
        ("2. jo, administrator", HEARD),
        ("3. su, superuser", HEARD),
        ("1 session, you.", HEARD),
        (COMMAND, "admin add Ana"),
        ("2. administrator: manages keys", HEARD),
        ("Role (1 to 3, Enter lists them)", "auditor"),
    ]);
    for question in ["New password for ana (12 characters or more): ", "Repeat the password: "] {
        talk.answers(&[(question, "another good password")]);
    }
    talk.answers(&[("Added ana as auditor.", HEARD), (COMMAND, "admin role ana administrator")]);
    talk.answers(&[("ana is now administrator.", HEARD), (COMMAND, "admin list"), ("1. ana, administrator", HEARD)]);
    talk.answers(&[(COMMAND, "22 passwd 1"), ("New password for ana", "a third good password")]);
    talk.answers(&[("Repeat", "a third good password"), ("Changed the password of ana and ended all", HEARD)]);
    talk.answers(&[
        (COMMAND, "admin remove 1"),
        ("All sessions of ana end, and they can't sign in again.", HEARD),
        ("To confirm, type ana team: ", "ana"),
        ("ana was not removed.", HEARD),
        (COMMAND, "admin remove"),
        ("Administrator (a name, or a number of the list): ", "ANA"),
        ("To confirm, type ana team: ", "ana team"),
        ("Removed ana and ended all of their sessions.", HEARD),
    ]);
    // What the server refuses.
    talk.answers(&[
        (COMMAND, "admin remove su"),
        ("su is you. You will be signed out and can't sign in again.", HEARD),
        ("To confirm, type su team: ", "su team"),
        ("su is the last superuser. Nothing was changed. Give someone else that role first.", HEARD),
        (COMMAND, "admin role su auditor"),
        ("This is your own role", HEARD),
        ("Change it?", ""),
        ("Nothing was changed.", HEARD),
        (COMMAND, "admin role nobody auditor"),
        ("No administrator nobody.", HEARD),
        (COMMAND, "admin add su auditor"),
        ("Administrator su already exists. Choose another name.", HEARD),
        (COMMAND, "admin promote jo"),
        ("That was not understood. admin add NAME adds one", HEARD),
    ]);
    let said = talk.quits();
    assert!(!said.contains("good password") && !said.contains(PASSWORD), "{said}");
}

#[tokio::test]
async fn a_superuser_ends_sessions_and_revokes_in_plain_lines() {
    let team = Team::start("");
    let (one, two) = (team.server.session("jo").await, team.server.session("jo").await);
    let mut talk = Talk::at(&team.home);
    talk.answers(&[(COMMAND, "sessions")]);
    sign_in(&mut talk, "su");
    talk.answers(&[
        ("1. su (superuser), from 127.0.0.1, since 2", HEARD),
        (", this session.", HEARD),
        ("2. jo (administrator), from 127.0.0.1", HEARD),
        (COMMAND, "sessions end 2"),
        ("jo has to sign in again there.", HEARD),
        ("End the session of jo from 127.0.0.1? (yes or no, Enter for no): ", ""),
        ("No session was ended.", HEARD),
        (COMMAND, "sessions end jo"),
        ("End all 2 sessions of jo?", "yes"),
        ("2 sessions were ended.", HEARD),
        (COMMAND, "sessions end 3"),
        ("End the session of jo", "yes"),
        ("The session had already ended.", HEARD),
        (COMMAND, "sessions end 9"),
        ("There is no such session to end; sessions lists them.", HEARD),
    ]);
    for ended in [one, two] {
        assert_eq!(team.server.get(&ended, "/keys").await.status, 401);
    }
    talk.answers(&[
        (COMMAND, "revoke"),
        ("3. all access tokens and all sessions", HEARD),
        ("Revoke (1 to 4, Enter lists them): ", "back"),
        ("Nothing was revoked.", HEARD),
        (COMMAND, "revoke tokens"),
        ("Every access token that was issued so far is refused at once.", HEARD),
        ("Revoke all access tokens of team? To confirm, type revoke: ", "yes"),
        ("Nothing was revoked.", HEARD),
        (COMMAND, "24 tokens sessions"),
        ("1 session of 1 administrator ends at once, yours too. Everyone has to sign in again.", HEARD),
        ("To confirm, type revoke: ", "revoke"),
        ("Every access token that was issued so far is revoked.", HEARD),
        ("1 session was ended.", HEARD),
        (COMMAND, "list"),
        ("Password of su at localhost", PASSWORD),
        ("No access keys yet", HEARD),
        (COMMAND, "sessions end su"),
        ("There is no such session to end", HEARD),
        (COMMAND, "sessions"),
        ("this session.", HEARD),
        (COMMAND, "sessions end 1"),
        ("you will be signed out.", HEARD),
        ("End the session of su", "yes"),
        ("Signed out.", HEARD),
    ]);
    talk.quits();
    assert_eq!(team.sessions(), 0);
}

#[test]
fn who_is_no_superuser_is_told_why_in_plain_lines() {
    let team = Team::start("");
    let mut talk = Talk::at(&team.home);
    talk.answers(&[(COMMAND, "admin add x")]);
    sign_in(&mut talk, "au");
    talk.answers(&[("Only superusers can do this. Your role is auditor.", HEARD), (COMMAND, "revoke tokens")]);
    talk.answers(&[("You are signed in as an auditor (read-only).", HEARD), (COMMAND, "sessions")]);
    talk.answers(&[("1. au (auditor), from 127.0.0.1", HEARD), (COMMAND, "help")]);
    let help = talk.says("23. sessions (W): List and end sessions.");
    assert!(!help.contains("22. admin"), "{help}");
    let rest = talk.says("Type a command's number");
    assert!(!rest.contains("24. revoke"), "{rest}");
    talk.answers(&[(COMMAND, "profiles local"), (COMMAND, "A"), ("There are no administrators.", HEARD)]);
    talk.answers(&[("The embedded server needs none", HEARD), (COMMAND, "W"), ("There are no sessions.", HEARD)]);
    talk.quits();
}
