//! Signing in, sessions that end, other profiles, and what may not be changed.

use latchkey::client::{self, Credentials, Link, Reply, Request};
use latchkey::tui::state::Dialog;
use tempfile::TempDir;

use super::identify::paste;
use super::team::{PASSWORD, base_of, bench, end_sessions, profiles, sessions, sign_in, sign_ins};

#[tokio::test]
async fn a_wrong_password_is_said_and_the_right_one_opens_the_list() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    bench.sees("Sign in to 127.0.0.1");
    bench.type_keys("<Enter>").await;
    bench.type_keys("<Enter>").await;
    bench.type_keys("jo<Enter>wrong-password<Enter>").await;
    bench.sees("Incorrect user name or password.");
    assert!(!format!("{:?}", bench.state()).contains("wrong-password"));
    bench.type_keys(&format!("{PASSWORD}<Enter>")).await;
    bench.sees("Signed in as jo (administrator).");
    bench.sees("No access keys yet");
    bench.hides(PASSWORD);
    team.stop().await;
}

#[tokio::test]
async fn who_does_not_sign_in_sees_no_keys_and_may_come_back() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    bench.type_keys("<Esc>").await;
    bench.sees("You are not signed in.");
    bench.sees("Press r to sign in.");
    bench.type_keys("r").await;
    bench.sees("Sign in to 127.0.0.1");
    sign_in(&mut bench, "jo").await;
    bench.sees("No access keys yet");
    team.stop().await;
}

#[tokio::test]
async fn a_session_that_ends_asks_again_and_goes_on() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    sign_in(&mut bench, "jo").await;
    let (id, _) = bench.create("kept").await;
    // In mid-delete.
    end_sessions(&folder);
    bench.type_keys("d").await;
    bench.press(&id[16..]);
    bench.type_keys("<Enter>").await;
    bench.sees("Your session has expired.");
    bench.type_keys(&format!("{PASSWORD}<Enter>")).await;
    bench.sees("No access keys yet");
    // In mid-create: one key, and its secret.
    end_sessions(&folder);
    bench.type_keys("cafter<Enter>").await;
    bench.sees("Your session has expired.");
    bench.type_keys(&format!("{PASSWORD}<Enter>")).await;
    bench.sees("Access key created");
    assert!(bench.secret().expose().starts_with("sk_"));
    assert_eq!(bench.state().list.total, Some(1));
    team.stop().await;
}

#[tokio::test]
async fn a_create_is_given_up_with_its_sign_in_and_nothing_is_lost() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    sign_in(&mut bench, "jo").await;
    end_sessions(&folder);
    bench.type_keys("cmine<Enter>").await;
    bench.type_keys("<Esc>").await;
    bench.settle().await;
    bench.sees("mine");
    bench.sees("Press Enter to");
    bench.type_keys("<Enter>").await;
    bench.type_keys(&format!("{PASSWORD}<Enter>")).await;
    bench.sees("Access key created");
    team.stop().await;
}

#[tokio::test]
async fn a_sign_in_never_covers_a_secret_that_is_seen_once() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    bench.sees("Sign in to");
    sign_in(&mut bench, "jo").await;
    bench.type_keys("c<Enter><Enter>s").await;
    let secret = bench.secret();
    end_sessions(&folder);
    bench.pass(std::time::Duration::from_secs(61)).await;
    assert!(bench.state().sign_in.is_some());
    bench.loses("Sign in to");
    bench.type_keys("s").await;
    bench.sees(secret.expose());
    bench.type_keys("<Esc><Enter>").await;
    bench.sees("Sign in to");
    team.stop().await;
}

#[tokio::test]
async fn another_profile_is_another_list_and_its_name_is_always_on_screen() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    sign_in(&mut bench, "jo").await;
    let (id, _) = bench.create("real").await;
    bench.sees("team · 127.0.0.1");
    assert_eq!(sessions(&folder), 1);
    bench.type_keys("a<Tab><Enter>").await;
    bench.sees("Undo with u.");
    bench.type_keys("p<Down><Enter>").await;
    sign_in(&mut bench, "jo").await;
    bench.sees("PRODUCTION  jo (administrator) · prod · 127.0.0.1");
    bench.type_keys("u").await;
    bench.sees("Nothing to undo.");
    // Back and forth without a password, as long as the sessions last.
    assert_eq!(sessions(&folder), 2);
    for (press, name) in [("p<Up><Enter>", "team"), ("p<Down><Enter>", "prod")] {
        bench.type_keys(press).await;
        bench.sees(&format!("jo (administrator) · {name} · 127.0.0.1"));
        assert!(bench.state().sign_in.is_none() && bench.state().list.total == Some(1));
    }
    // What was done there can still be undone there.
    bench.type_keys("p<Up><Enter>").await;
    bench.sees("○ inactive");
    bench.type_keys("u").await;
    bench.sees("● active");
    bench.type_keys("p<Down><Enter>").await;
    // A sign-out ends the session of this profile alone.
    bench.type_keys("oo").await;
    assert_eq!(sessions(&folder), 1);
    sign_in(&mut bench, "jo").await;
    // The end of the ID alone deletes nothing there.
    bench.type_keys("d").await;
    bench.press(&id[16..]);
    bench.type_keys("<Enter>").await;
    bench.sees("That doesn't match");
    assert_eq!(bench.state().list.total, Some(1));
    bench.type_keys("<Space>prod<Enter>").await;
    bench.sees("are now refused");
    team.stop().await;
}

#[tokio::test]
async fn a_server_must_answer_before_a_password_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    bench.sees("Sign in to");
    sign_in(&mut bench, "jo").await;
    bench.type_keys("p4").await;
    bench.sees("gone · 127.0.0.1:1");
    bench.sees("Can't load the keys");
    bench.sees("Can't reach 127.0.0.1:1: connection refused");
    bench.sees("p switches to another profile.");
    bench.loses("Sign in to");
    bench.type_keys("p").await;
    for known in ["! no answer at", "jo (administrator)  until", "not opened yet"] {
        bench.sees(known);
    }
    // The way back needs no password.
    bench.type_keys("1").await;
    bench.sees("jo (administrator) · team · 127.0.0.1");
    assert!(bench.state().sign_in.is_none() && bench.state().list.total == Some(0));
    assert_eq!(sessions(&folder), 1);
    team.stop().await;
}

#[tokio::test]
async fn a_profile_is_found_by_typing() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    sign_in(&mut bench, "jo").await;
    bench.type_keys("po").await;
    bench.sees("prod");
    bench.sees("look");
    bench.type_keys("d").await;
    bench.loses("look");
    // In a search a digit is a character, and each layer has its own Esc.
    bench.type_keys("2").await;
    bench.sees("No matching profiles.");
    bench.type_keys("<Backspace>").await;
    bench.loses("No matching profiles.");
    bench.type_keys("<Esc>").await;
    bench.sees("look");
    bench.type_keys("9<Esc>").await;
    assert!(bench.state().dialog.is_none());
    bench.type_keys("plook<Enter>").await;
    bench.sees("look (read-only) · 127.0.0.1");
    bench.sees("Sign in to");
    team.stop().await;
}

#[tokio::test]
async fn a_read_only_profile_and_an_auditor_change_nothing() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    sign_in(&mut bench, "jo").await;
    let (_, secret) = bench.create("untouched").await;
    paste(&mut bench, secret.expose()).await;
    bench.sees("[Deactivate] [Rotate…]");
    bench.type_keys("<Esc>").await;
    bench.sees(" delete ");
    bench.type_keys("?").await;
    bench.sees("Delete an access key");
    bench.type_keys("<Esc>").await;
    bench.type_keys("p<Down><Down><Enter>").await;
    sign_in(&mut bench, "jo").await;
    bench.sees("look (read-only) · 127.0.0.1");
    bench.loses(" delete ");
    for press in ["c", "d", "a", "e"] {
        bench.type_keys(press).await;
        assert!(bench.state().dialog.is_none(), "{press}");
        bench.sees("This profile is read-only");
    }
    paste(&mut bench, secret.expose()).await;
    bench.sees("[Close] [Show in list]");
    bench.loses("[Deactivate] [Rotate…]");
    bench.type_keys("<Esc>").await;
    bench.type_keys("?profile").await;
    bench.sees("Switch to another profile");
    bench.type_keys("<Esc>").await;
    bench.sees("Open or close the details");
    bench.loses("Delete an access key");
    bench.type_keys("<Esc>p<Up><Enter>").await;
    sign_in(&mut bench, "au").await;
    bench.type_keys("d").await;
    assert!(bench.state().dialog.is_none());
    bench.sees("You are signed in as an auditor (read-only).");
    paste(&mut bench, secret.expose()).await;
    bench.sees("[Close] [Show in list]");
    bench.loses("[Deactivate] [Rotate…]");
    team.stop().await;
}

#[tokio::test]
async fn signing_out_ends_the_session_at_the_server() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    sign_in(&mut bench, "jo").await;
    assert_eq!(sessions(&folder), 1);
    bench.press("oo");
    while bench.state().sign_in.is_none() {
        bench.turn().await;
    }
    assert_eq!(sessions(&folder), 0);
    bench.sees("Sign in to");
    team.stop().await;
}

#[tokio::test]
async fn a_sign_in_that_was_given_up_leaves_no_session_at_the_server_that_is_left() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    bench.type_keys(&format!("jo<Enter>{PASSWORD}")).await;
    bench.press("<Enter><Esc>p<Down><Enter>");
    bench.settle().await;
    bench.sees("prod · 127.0.0.1");
    assert_eq!((sign_ins(&folder), sessions(&folder)), (1, 0));
    team.stop().await;
}

/// Its answer comes after Esc, or is on its way to the page by then.
#[tokio::test]
async fn a_sign_in_that_was_given_up_does_not_count() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    bench.type_keys(&format!("jo<Enter>{PASSWORD}")).await;
    bench.press("<Enter><Esc>");
    bench.settle().await;
    bench.sees("You are not signed in.");
    assert_eq!((sign_ins(&folder), sessions(&folder)), (1, 0));
    bench.type_keys("r").await;
    sign_in(&mut bench, "jo").await;
    assert_eq!(sessions(&folder), 1);
    let Link { requests, mut replies, .. } = client::spawn(profiles(base_of(&team)));
    assert!(matches!(replies.recv().await, Some(Reply::Connected(Ok(_)))));
    let credentials = Credentials { username: "jo".to_owned(), password: PASSWORD.into() };
    requests.send(Request::SignIn(credentials)).await.unwrap();
    assert!(matches!(replies.recv().await, Some(Reply::SignedIn(Ok(_)))));
    assert_eq!(sessions(&folder), 2);
    requests.send(Request::GiveUp).await.unwrap();
    requests.send(Request::SignOut).await.unwrap();
    assert!(matches!(replies.recv().await, Some(Reply::SignedOut(_))));
    assert_eq!(sessions(&folder), 1);
    team.stop().await;
}

#[tokio::test]
async fn quitting_ends_the_sessions_of_all_profiles() {
    let folder = TempDir::new().unwrap();
    let (_, team) = bench(&folder).await;
    let Link { requests, mut replies, ended, .. } = client::spawn(profiles(base_of(&team)));
    for name in ["prod", "look"] {
        requests.send(Request::Connect(name.to_owned())).await.unwrap();
        while !matches!(replies.recv().await, Some(Reply::Connected(Ok(server))) if server.profile.name == name) {}
        let credentials = Credentials { username: "jo".to_owned(), password: PASSWORD.into() };
        requests.send(Request::SignIn(credentials)).await.unwrap();
        assert!(matches!(replies.recv().await, Some(Reply::SignedIn(Ok(_)))));
    }
    assert_eq!(sessions(&folder), 2);
    drop((requests, replies));
    ended.await.unwrap();
    assert_eq!(sessions(&folder), 0);
    team.stop().await;
}

#[tokio::test]
async fn the_latest_of_two_sign_ins_is_the_only_session() {
    let folder = TempDir::new().unwrap();
    let (_, team) = bench(&folder).await;
    let Link { requests, mut replies, ended, .. } = client::spawn(profiles(base_of(&team)));
    assert!(matches!(replies.recv().await, Some(Reply::Connected(Ok(_)))));
    for _ in 0..2 {
        let credentials = Credentials { username: "jo".to_owned(), password: PASSWORD.into() };
        requests.send(Request::SignIn(credentials)).await.unwrap();
        let reply = replies.recv().await;
        assert!(matches!(reply, Some(Reply::SignedIn(Ok(_)))), "{reply:?}");
    }
    assert_eq!(sessions(&folder), 1);
    drop((requests, replies));
    ended.await.unwrap();
    assert_eq!(sessions(&folder), 0);
    team.stop().await;
}

#[tokio::test]
async fn leaving_ends_the_session_of_this_run() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    sign_in(&mut bench, "jo").await;
    bench.type_keys("q").await;
    assert!(bench.outcome().is_some());
    Box::pin(bench.end()).await;
    assert_eq!(sessions(&folder), 0);
    team.stop().await;
}

#[tokio::test]
async fn leaving_does_not_wait_for_a_create_that_waits_for_a_sign_in() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    sign_in(&mut bench, "jo").await;
    end_sessions(&folder);
    bench.type_keys("c<Enter><Enter>").await;
    assert!(bench.state().creating && bench.state().sign_in.is_some());
    bench.type_keys("<Ctrl-C>").await;
    assert!(bench.outcome().is_some());
    assert!(!matches!(bench.state().dialog, Some(Dialog::Reveal(_))));
    team.stop().await;
}

#[tokio::test]
async fn a_password_is_changed_on_the_page() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    bench.type_keys("<Esc>").await;
    bench.type_keys("P").await;
    bench.sees("You are not signed in.");
    bench.type_keys("r").await;
    sign_in(&mut bench, "au").await; // no right to change keys is needed
    let new = "another-good-password";
    bench.type_keys("P").await;
    bench.sees("Change your password");
    bench.type_keys("<Enter><Enter><Enter>").await;
    bench.sees("Enter your old password.");
    bench.type_keys("wrong-one<Enter>short<Enter>short<Enter>").await;
    bench.sees("needs at least 12");
    bench.type_keys(&format!("{new}<Enter>{new}x<Enter>")).await;
    bench.sees("The passwords don't match.");
    bench.type_keys(&format!("{new}<Enter>{new}<Enter>")).await;
    bench.sees("The old password is incorrect.");
    assert!(!format!("{:?}", bench.state()).contains(new));
    bench.type_keys(&format!("{PASSWORD}<Tab><Tab><Enter>")).await;
    bench.sees("Your password was changed. Your other sessions have ended.");
    assert!(bench.state().dialog.is_none());
    for shown in [PASSWORD, new, "wrong-one"] {
        bench.hides(shown);
    }
    bench.type_keys("r").await;
    bench.sees("No access keys yet"); // this session goes on
    bench.type_keys("oo").await;
    bench.type_keys(&format!("{PASSWORD}<Enter>")).await;
    bench.sees("Incorrect user name or password.");
    bench.type_keys(&format!("{new}<Enter>")).await;
    bench.sees("Signed in as au");
    team.stop().await;
}
