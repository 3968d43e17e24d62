//! What is kept, where, and what is said of it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use axum::http::StatusCode;
use axum::response::IntoResponse;

use super::home::Home;
use crate::support::executable;
use crate::support::files;
use crate::support::mock::{Mock, PASSWORD, TOKEN, always, serve_plain};
use crate::support::not_tested::not_tested;
use crate::support::program::binary;

async fn home() -> (Mock, Home) {
    let mock = Mock::default();
    let port = serve_plain(mock.router()).await;
    (mock, Home::with_team(&format!("http://127.0.0.1:{port}"), ""))
}

fn by_jo(call: &str) -> String {
    format!("{call} by Bearer {TOKEN}")
}

#[tokio::test]
async fn without_remember_the_password_is_checked_and_nothing_is_kept() {
    let (mock, home) = home().await;
    let ended = home.login(PASSWORD, &[]).await;
    assert!(ended.good, "{ended:?}");
    assert!(ended.out.contains("as jo (administrator). The user name and password are correct."), "{}", ended.out);
    assert!(ended.out.contains("The session was ended again; use --remember"), "{}", ended.out);
    assert_eq!(mock.calls(), ["sign in by nobody", &by_jo("sign out")]);
    files::lack(&home.at(""), TOKEN);
}

#[tokio::test]
async fn with_remember_it_is_kept_in_one_private_file_until_logout() {
    let (mock, home) = home().await;
    let ended = home.login(&format!("{PASSWORD}\n"), &["--remember=file"]).await;
    assert!(ended.good, "{ended:?}");
    assert!(ended.out.contains("until 2999-01-01T00:00:00Z at the latest"), "{}", ended.out);
    assert!(ended.out.contains(&home.session().display().to_string()), "{}", ended.out);
    assert!(ended.out.ends_with(". End it with latchkey --profile team logout\n"), "{}", ended.out);
    assert_eq!(files::with(&home.at(""), TOKEN), [home.session()]);
    files::lack(&home.at(""), PASSWORD);
    assert_eq!(fs::metadata(home.session()).unwrap().mode() & 0o777, 0o600);
    let ended = home.run(&["logout"], "", &[]).await;
    assert!(ended.good && ended.out.starts_with("Signed out of 127.0.0.1:"), "{ended:?}");
    assert!(!home.session().exists());
    assert_eq!(mock.calls(), ["sign in by nobody", &by_jo("sign out")]);
    let ended = home.run(&["logout"], "", &[]).await;
    assert!(ended.good && ended.out.contains("there is nothing to sign out of"), "{ended:?}");
}

#[tokio::test]
async fn a_new_session_ends_the_older_one() {
    let (mock, home) = home().await;
    for _ in 0..2 {
        assert!(home.login(PASSWORD, &["--remember=file"]).await.good);
    }
    assert_eq!(mock.calls(), ["sign in by nobody", "sign in by nobody", &by_jo("sign out")]);
    assert!(home.session().exists());
}

#[tokio::test]
async fn a_password_may_come_from_a_private_file_and_a_name_from_the_profile() {
    let mock = Mock::default();
    let port = serve_plain(mock.router()).await;
    let home = Home::with_team(&format!("http://127.0.0.1:{port}"), "username = \"mo\"");
    let file = home.private("password", PASSWORD);
    let login = ["login", "--password-file", file.to_str().unwrap()];
    let ended = home.run(&login, "", &[]).await;
    assert!(ended.good && ended.out.contains("as mo (administrator)"), "{ended:?}");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let ended = home.run(&login, "", &[]).await;
    assert!(!ended.good && ended.err.contains("chmod 600"), "{ended:?}");
}

#[tokio::test]
async fn another_name_than_the_profiles_is_not_remembered() {
    let mock = Mock::default();
    let port = serve_plain(mock.router()).await;
    let home = Home::with_team(&format!("http://127.0.0.1:{port}"), "username = \"mo\"");
    let ended = home.login(PASSWORD, &["--remember=file"]).await;
    assert!(!ended.good && ended.err.contains("the profile team is for mo"), "{ended:?}");
    assert_eq!(mock.calls(), [""; 0]);
    assert!(home.login(PASSWORD, &[]).await.good);
}

#[tokio::test]
async fn a_wrong_password_keeps_nothing_and_is_not_repeated() {
    let (_mock, home) = home().await;
    let ended = home.login("hunter2", &["--remember=file"]).await;
    assert!(!ended.good && ended.err.contains("Incorrect user name or password"), "{ended:?}");
    assert!(!format!("{ended:?}").contains("hunter2"));
    assert!(!home.session().exists());
}

#[tokio::test]
async fn logout_says_when_the_server_could_not_be_told() {
    let (_mock, home) = home().await;
    assert!(home.login(PASSWORD, &["--remember=file"]).await.good);
    let kept = fs::read_to_string(home.session()).unwrap();
    let broken = serve_plain(always(|| StatusCode::BAD_GATEWAY.into_response())).await;
    let moved = Home::with_team(&format!("http://127.0.0.1:{broken}"), "");
    fs::create_dir_all(moved.session().parent().unwrap()).unwrap();
    fs::set_permissions(moved.session().parent().unwrap(), Permissions::from_mode(0o700)).unwrap();
    let server = kept.split('"').find(|part| part.starts_with("http:")).unwrap();
    let kept = kept.replace(server, &format!("http://127.0.0.1:{broken}"));
    moved.private(".local/state/latchkey/sessions/team.json", &kept);
    let ended = moved.run(&["logout"], "", &[]).await;
    assert!(!ended.good, "{ended:?}");
    assert!(ended.err.contains("The server accepts the session until 2999-01-01T00:00:00Z"), "{}", ended.err);
    assert!(ended.err.contains("Bad Gateway") && !ended.err.contains(TOKEN), "{}", ended.err);
    assert!(!moved.session().exists());
}

#[tokio::test]
async fn a_file_that_others_could_read_is_not_used() {
    let (mock, home) = home().await;
    assert!(home.login(PASSWORD, &["--remember=file"]).await.good);
    fs::set_permissions(home.session(), Permissions::from_mode(0o644)).unwrap();
    let ended = home.run(&["logout"], "", &[]).await;
    assert!(!ended.good && ended.err.contains("can be read or written by other users"), "{ended:?}");
    assert_eq!(mock.calls(), ["sign in by nobody"], "the session was not sent");
}

#[tokio::test]
async fn a_session_is_never_sent_to_another_server() {
    let (mock, home) = home().await;
    assert!(home.login(PASSWORD, &["--remember=file"]).await.good);
    let other = Mock::default();
    let base = format!("http://127.0.0.1:{}", serve_plain(other.router()).await);
    let moved = Home::with_team(&base, "");
    fs::rename(home.at(".local"), moved.at(".local")).unwrap();
    let ended = moved.run(&["logout"], "", &[]).await;
    assert!(ended.good && ended.out.contains("No session is stored"), "{ended:?}");
    assert_eq!((other.calls().len(), mock.calls().len()), (0, 1));
}

#[tokio::test]
async fn the_embedded_server_needs_no_sign_in() {
    let (mock, home) = home().await;
    for command in ["login", "logout"] {
        let ended = home.run(&["--profile", "local", command], PASSWORD, &[]).await;
        assert!(!ended.good && ended.err.contains("needs no sign-in"), "{ended:?}");
    }
    assert_eq!(mock.calls(), [""; 0]);
}

#[tokio::test]
async fn without_a_terminal_nobody_is_asked_for_a_name() {
    let (mock, home) = home().await;
    let ended = home.run(&["login", "--password-file", "-"], PASSWORD, &[]).await;
    assert!(!ended.good && ended.err.contains("there is no terminal to ask on"), "{ended:?}");
    assert_eq!(mock.calls(), [""; 0]);
}

/// The keys of the kernel's keyrings whose names hold this text: name, permissions, time left.
///
/// One that is marked invalidated (`i`, keyrings(7)) is dead, though the kernel may not have swept it up yet.
fn keys_with(text: &str) -> Vec<String> {
    let keys = fs::read_to_string("/proc/keys").unwrap();
    let is_alive = |line: &&str| line.split_whitespace().nth(1).is_some_and(|flags| !flags.contains('i'));
    keys.lines().filter(|line| line.contains(text)).filter(is_alive).map(str::to_owned).collect()
}

#[tokio::test]
async fn with_remember_alone_it_is_kept_in_the_kernels_keyring_or_nowhere() {
    let (mock, home) = home().await;
    let ended = home.login(PASSWORD, &["--remember"]).await;
    files::lack(&home.at(""), TOKEN); // never silently in a file
    let name = home.at("").display().to_string();
    if !ended.good {
        // A kernel that gives no keyring: it is said, and the way out too. The session is ended again.
        assert!(
            ended.err.contains("gives this login no keyring") && ended.err.contains("--remember=file"),
            "{ended:?}"
        );
        assert_eq!(mock.calls(), ["sign in by nobody", &by_jo("sign out")]);
        return;
    }
    assert!(ended.out.contains("stored in the kernel's keyring of this user"), "{}", ended.out);
    // Others see the name at most, and only the possessor reads: 3f000000. A timeout is where "perm" would be last.
    let keys = keys_with(&name);
    assert!(keys.len() == 1 && keys[0].contains(" 3f000000 ") && !keys[0].contains(" perm "), "{keys:?}");
    let listed = home.run(&["keys", "list"], "", &[]).await;
    assert!(listed.good, "{listed:?}");
    assert_eq!(mock.calls().last().unwrap(), &by_jo("keys"));
    // A file in its place, and back: there is one at most.
    assert!(home.login(PASSWORD, &["--remember=file"]).await.good);
    assert!(home.session().exists() && keys_with(&name).is_empty());
    assert!(home.login(PASSWORD, &["--remember=keyring"]).await.good);
    assert!(!home.session().exists() && keys_with(&name).len() == 1);
    let ended = home.run(&["logout"], "", &[]).await;
    assert!(ended.good && ended.out.contains("the kernel's keyring"), "{ended:?}");
    assert!(keys_with(&name).is_empty());
}

#[tokio::test]
async fn what_one_user_keeps_another_user_cannot_read() {
    if !rustix::process::geteuid().is_root() {
        return not_tested("only root can work as two users");
    }
    let (mock, home) = home().await;
    let settings = home.at(".config/latchkey/config.toml");
    for path in [home.at(".config"), home.at(".config/latchkey"), settings] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(home.at(""), Permissions::from_mode(0o777)).unwrap();
    executable::copy(binary(), &home.at("latchkey"));
    let program = home.at("latchkey").display().to_string();
    let run = async |user: &str, args: &[&str], input: &str| {
        let user = format!("--reuid={user}");
        let all = [&[&user, "--regid=65534", "--clear-groups", &program], args].concat();
        home.run_by("setpriv", &all, input).await
    };
    let kept = run("65534", &["login", "--username", "jo", "--password-file", "-", "--remember"], PASSWORD).await;
    if !kept.good {
        assert!(kept.err.contains("gives this login no keyring"), "{kept:?}");
        return not_tested("this kernel gives no keyring");
    }
    assert!(run("65534", &["keys", "list"], "").await.good);
    let calls = mock.calls().len();
    assert!(!home.at(".local").exists(), "it is in no file");
    // By the same name, which holds the home's path, in other keyrings.
    for user in ["65533", "0"] {
        let refused = run(user, &["keys", "list"], "").await;
        assert!(!refused.good && refused.err.contains("igned in"), "{user}: {refused:?}");
        assert!(!format!("{refused:?}").contains(TOKEN));
    }
    assert_eq!(mock.calls().len(), calls, "nothing was sent as jo");
    assert!(run("65534", &["logout"], "").await.good);
}

#[tokio::test]
async fn where_others_share_the_account_it_is_said() {
    let (_mock, home) = home().await;
    let kept = home.login(PASSWORD, &["--remember=file"]).await;
    assert_eq!(kept.err.contains("This account is root"), rustix::process::geteuid().is_root(), "{kept:?}");
    let not_kept = home.login(PASSWORD, &[]).await;
    assert_eq!(not_kept.err, "", "nothing is kept that others could read");
}

#[tokio::test]
async fn twenty_sign_ins_at_once_leave_one_good_file() {
    let (mock, home) = home().await;
    let home = std::sync::Arc::new(home);
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let home = std::sync::Arc::clone(&home);
        all.spawn(async move { home.login(PASSWORD, &["--remember=file"]).await });
    }
    while let Some(ended) = all.join_next().await {
        assert!(ended.unwrap().good);
    }
    assert_eq!(files::with(&home.at(""), TOKEN), [home.session()], "one file, and nothing beside it");
    assert_eq!(fs::metadata(home.session()).unwrap().mode() & 0o777, 0o600);
    assert!(home.run(&["keys", "list"], "", &[]).await.good);
    assert_eq!(mock.calls().last().unwrap(), &by_jo("keys"));
}
