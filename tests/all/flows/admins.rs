//! A superuser manages administrators and sessions, and pulls the emergency brake.

use latchkey::client::{ApiError, Client, ConnectionSettings, Target};
use latchkey::server::Role;
use latchkey::server::team::HttpServer;
use latchkey::tui::state::SignInFocus;
use secrecy::SecretString;
use tempfile::TempDir;

use super::Bench;
use super::team::{PASSWORD, base_of, bench, end_sessions, sessions, sign_in};
use crate::support::server;

const NEW: &str = "another-good-password";

/// The page, signed in as su, a superuser, beside jo, an administrator, and au, an auditor.
async fn superuser(folder: &TempDir) -> (Bench, HttpServer) {
    let (mut bench, team) = bench(folder).await;
    server::add_administrator(folder.path(), "su", Role::Superuser);
    sign_in_as_su(&mut bench).await;
    (bench, team)
}

async fn sign_in_as_su(bench: &mut Bench) {
    sign_in_as(bench, "su").await;
}

/// Signs in with a password of [`server::add_administrator`], whoever signed in before.
async fn sign_in_as(bench: &mut Bench, name: &str) {
    let is_name_known = bench.state().sign_in.as_ref().unwrap().focus == SignInFocus::Password;
    let back = if is_name_known { "<BackTab><Ctrl-U>" } else { "" };
    let password = server::PASSWORD.replace(' ', "<Space>");
    bench.type_keys(&format!("{back}{name}<Enter>{password}<Enter>")).await;
    bench.sees(&format!("Signed in as {name} (superuser)."));
}

/// Another session of jo.
async fn elsewhere(team: &HttpServer) -> Client {
    let client = Client::connect(&ConnectionSettings::new(Target::Url(base_of(team))), None).unwrap();
    let session = client.sign_in("jo", &SecretString::from(PASSWORD)).await.unwrap();
    client.with_session(&session.token).unwrap()
}

/// What administrators did, the oldest first.
fn trail(folder: &TempDir) -> Vec<(String, String, String)> {
    let connection = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
    let sql = "SELECT kind, coalesce(by, ''), coalesce(source, '') FROM events WHERE kind LIKE 'admin_%' OR kind LIKE \
               '%_changed' OR kind LIKE '%_revoked' OR kind = 'session_ended' ORDER BY seq";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn administrators_are_added_changed_and_removed() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = superuser(&folder).await;
    bench.type_keys("A").await;
    bench.sees("su (you)");
    bench.sees("3 administrators");
    bench.type_keys(&format!("a<Enter><Enter>{NEW}<Enter>{NEW}<Enter>")).await;
    bench.sees("A user name must have 1 to 64 characters");
    bench.type_keys(&format!("Ana<Enter><Right><Enter>{NEW}<Enter>{NEW}x<Enter>")).await;
    bench.sees("The passwords don't match. Nothing was changed.");
    assert!(!format!("{:?}", bench.state()).contains(NEW));
    bench.type_keys(&format!("{NEW}<Enter>{NEW}<Enter>")).await;
    bench.sees("Added ana as auditor.");
    bench.sees("4 administrators");
    bench.hides(NEW);
    bench.type_keys(&format!("aAna<Enter><Enter>{NEW}<Enter>{NEW}<Enter>")).await;
    bench.sees("Administrator ana already exists.");
    bench.type_keys("<Esc>g").await;

    bench.type_keys("e<Left><Enter>").await;
    bench.sees("ana is now administrator.");
    bench.type_keys(&format!("p{NEW}2<Enter>{NEW}2<Enter>")).await;
    bench.sees("Changed the password of ana and ended all of their sessions.");
    bench.type_keys("d jo<Enter>").await;
    bench.sees("That doesn't match. Type ana.");
    bench.type_keys("<Ctrl-U>ana<Enter>").await;
    bench.sees("Removed ana and ended all of their sessions.");
    bench.loses("4 administrators");

    // The last superuser stays, whatever is tried.
    bench.type_keys("G d su<Enter>").await;
    bench.sees("su is the last superuser. Nothing was changed.");
    bench.type_keys("<Esc>e<Right><Enter><Enter>").await;
    bench.loses("is the last superuser");
    bench.type_keys("e<Right><Enter><BackTab><Enter>").await;
    bench.sees("su is the last superuser. Nothing was changed.");
    bench.type_keys("<Esc><Esc>").await;
    bench.sees("No access keys yet");

    let kinds: Vec<_> = trail(&folder).into_iter().filter(|(_, by, _)| by == "su").map(|(kind, ..)| kind).collect();
    assert_eq!(kinds, ["admin_added", "role_changed", "password_changed", "admin_removed"]);
    team.stop().await;
}

#[tokio::test]
async fn who_is_no_superuser_is_told_why_and_sees_only_their_own_sessions() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    sign_in(&mut bench, "au").await;
    let jo = elsewhere(&team).await;
    for press in ["A", "X"] {
        bench.type_keys(press).await;
        bench.sees("Only superusers can do this. Your role is auditor.");
        assert!(bench.state().dialog.is_none());
    }
    bench.type_keys("?").await;
    let help = format!("{:?}", bench.state().help_lines());
    bench.press("<Esc>");
    assert!(help.contains("List and end sessions"), "{help}");
    assert!(!help.contains("Manage administrators") && !help.contains("in an emergency"), "{help}");
    bench.type_keys("W").await;
    bench.sees("au (this session)");
    bench.sees("1 session");
    bench.type_keys("D").await;
    bench.sees("This is your only session.");
    bench.type_keys("d<Enter>").await;
    assert_eq!(sessions(&folder), 2, "Cancel is preselected");
    bench.type_keys("d<Tab><Enter>").await;
    bench.sees("Sign in to");
    assert_eq!(sessions(&folder), 1);
    assert!(jo.sessions().await.is_ok());
    team.stop().await;
}

#[tokio::test]
async fn sessions_are_ended() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = superuser(&folder).await;
    let (one, two) = (elsewhere(&team).await, elsewhere(&team).await);
    bench.type_keys("W").await;
    bench.sees("3 sessions");
    bench.sees("su (this session)");
    bench.type_keys("gd").await;
    bench.sees("End the session of jo from 127.0.0.1?");
    bench.type_keys("<Esc>D").await;
    bench.sees("End all 2 sessions of jo?");
    bench.type_keys("<Right><Enter>").await;
    bench.sees("2 sessions were ended.");
    bench.loses("3 sessions");
    for ended in [one, two] {
        assert!(matches!(ended.sessions().await, Err(ApiError::NotSignedIn(_))));
    }
    // From the administrators to their sessions and back.
    let _three = elsewhere(&team).await;
    bench.type_keys("<Esc>A").await;
    bench.type_keys("<Down><Enter>").await;
    bench.sees("Sessions of jo");
    bench.type_keys("d<Tab><Enter>").await;
    bench.sees("1 session was ended.");
    bench.sees("jo is not signed in.");
    bench.type_keys("<Esc>").await;
    bench.sees("3 administrators");
    let ended = trail(&folder).into_iter().filter(|(kind, ..)| kind == "session_ended");
    assert_eq!(ended.map(|(_, by, from)| (by, from)).collect::<Vec<_>>(), vec![("su".into(), "127.0.0.1".into()); 3]);
    team.stop().await;
}

#[tokio::test]
async fn the_brake_revokes_what_it_says() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = superuser(&folder).await;
    let jo = elsewhere(&team).await;
    bench.type_keys("X").await;
    bench.sees("Every access token that was issued so far is refused at once.");
    bench.type_keys("<Enter>").await;
    bench.sees("Type revoke to confirm, or press Esc to cancel.");
    bench.type_keys("revok<Enter>").await;
    bench.sees("That doesn't match. Type revoke.");
    bench.type_keys("e<Enter>").await;
    bench.sees("Every access token that was issued so far is revoked.");
    assert!(jo.sessions().await.is_ok(), "sessions stay");
    bench.type_keys("X<Tab>").await;
    bench.sees("2 sessions of 2 administrators end at once, yours too.");
    bench.type_keys("revoke<Enter>").await;
    bench.sees("2 sessions were ended.");
    bench.sees("Sign in to");
    assert!(matches!(jo.sessions().await, Err(ApiError::NotSignedIn(_))));
    assert_eq!(sessions(&folder), 0);
    let revoked: Vec<_> = trail(&folder).into_iter().map(|(kind, by, _)| (kind, by)).collect();
    let by_su = |kind: &str| (kind.to_owned(), "su".to_owned());
    assert_eq!(revoked[revoked.len() - 2..], [by_su("tokens_revoked"), by_su("sessions_revoked")]);
    // In production its name is typed too.
    sign_in_as_su(&mut bench).await;
    bench.type_keys("p<Down><Enter>").await;
    sign_in_as_su(&mut bench).await;
    bench.type_keys("X revoke<Enter>").await;
    bench.sees("That doesn't match. Type revoke prod.");
    bench.type_keys("<Space>prod<Enter>").await;
    bench.sees("Every access token that was issued so far is revoked.");
    team.stop().await;
}

#[tokio::test]
async fn who_gives_up_their_own_role_or_account_is_told_and_signed_out() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = superuser(&folder).await;
    server::add_administrator(folder.path(), "root", Role::Superuser);
    bench.type_keys("A").await;
    bench.type_keys("G e<Right>").await;
    bench.sees("This is your own role");
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("su is now administrator.");
    bench.type_keys("A").await;
    bench.sees("Only superusers can do this. Your role is administrator.");
    bench.type_keys("oo").await;
    sign_in_as(&mut bench, "root").await;
    // One's own password needs the old one.
    bench.type_keys("A").await;
    bench.type_keys("<Down><Down>p").await;
    bench.sees("Old password");
    bench.type_keys("<Esc>").await;
    bench.sees("root (you)");
    bench.type_keys("e").await;
    bench.sees("Role of root");
    bench.type_keys("<Esc>g<Down><Down><Down>e<Left><Enter>").await;
    bench.sees("su is now superuser.");
    bench.type_keys("<Up>d").await;
    bench.sees("root is you. You will be signed out");
    bench.type_keys("root<Enter>").await;
    bench.sees("Removed root and ended all of their sessions.");
    bench.sees("User name");
    assert!(!bench.state().sign_in.as_ref().unwrap().username.text().contains("root"));
    team.stop().await;
}

#[tokio::test]
async fn a_change_waits_for_a_sign_in_when_the_session_has_ended() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = superuser(&folder).await;
    bench.type_keys("A").await;
    end_sessions(&folder);
    bench.type_keys(&format!("aana<Enter><Enter>{NEW}<Enter>{NEW}<Enter>")).await;
    bench.sees("Your session has expired.");
    bench.type_keys(&format!("{}<Enter>", server::PASSWORD.replace(' ', "<Space>"))).await;
    bench.sees("4 administrators");
    bench.sees("ana");
    team.stop().await;
}

#[tokio::test]
async fn the_embedded_server_says_that_it_has_none() {
    let mut bench = Bench::new().await;
    bench.type_keys("A").await;
    bench.sees("There are no administrators.");
    bench.sees("The embedded server needs none");
    bench.type_keys(&format!("ajo<Enter><Left><Enter>{NEW}<Enter>{NEW}<Enter>")).await;
    bench.sees("Added jo as superuser.");
    bench.loses("There are no administrators.");
    bench.type_keys("<Esc>W").await;
    bench.sees("There are no sessions.");
    bench.type_keys("<Esc>X revoke<Enter>").await;
    bench.sees("Every access token that was issued so far is revoked.");
}

#[tokio::test]
async fn a_read_only_profile_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = superuser(&folder).await;
    let _jo = elsewhere(&team).await;
    bench.type_keys("p<Down><Down><Enter>").await;
    sign_in_as_su(&mut bench).await;
    for (screen, press) in [("A", "a"), ("A", "d"), ("A", "e"), ("A", "Gp"), ("W", "d"), ("W", "D"), ("X", "")] {
        bench.type_keys(screen).await;
        bench.type_keys(press).await;
        bench.sees("This profile is read-only.");
        bench.type_keys("<Esc>").await;
        bench.loses("This profile is read-only.");
    }
    team.stop().await;
}
