//! Other servers, and signing in.

use insta::assert_snapshot;
use latchkey::client::{ApiError, Reply, Server};
use latchkey::domain::{Identity, Untrusted};

use crate::screens::stage::{SIZES, Stage, at_sizes, noon, server, some_keys};

/// A server of a team.
pub(super) fn team(name: &str) -> Server {
    let mut team = server(name, "keys.example.com");
    team.profile.signs_in = true;
    team.profile.username = Some("jo".to_owned());
    team.profile.production = name == "prod";
    team.profile.read_only = name == "look";
    team
}

pub(super) fn signed_in(role: &str) -> Identity {
    Identity { username: Untrusted::new("jo"), role: Untrusted::new(role), expires_at: noon() }
}

/// The page of a team's server, after a script.
fn page(name: &'static str, script: &'static str) -> String {
    at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage
            .state_mut()
            .begin(vec![server("local", "embedded server").profile, team("prod").profile, team("look").profile], "");
        let mut here = team(name);
        here.who = Some(signed_in("administrator"));
        stage.reply(Reply::Connected(Ok(here)));
        stage.press(script);
        stage
    })
}

fn sign_in(then: impl Fn(&mut Stage)) -> String {
    at_sizes(&SIZES, |size| {
        let mut stage = Stage::new(size);
        stage.reply(Reply::Connected(Ok(team("prod"))));
        stage.reply(Reply::SignInNeeded);
        then(&mut stage);
        stage
    })
}

#[test]
fn production() {
    assert_snapshot!(page("prod", ""));
}

#[test]
fn production_delete() {
    assert_snapshot!(page("prod", "d 2XHC"));
}

#[test]
fn read_only() {
    assert_snapshot!(page("look", "d"));
}

#[test]
fn profiles() {
    assert_snapshot!(page("prod", "p<Down>"));
}

#[test]
fn connecting() {
    assert_snapshot!(page("prod", "p<Down><Enter>"));
}

#[test]
fn sign_in_asked() {
    assert_snapshot!(sign_in(|stage| stage.press("secret-word")));
}

#[test]
fn sign_in_says_whether_anything_may_be_changed() {
    for (profile, purpose) in [("look", "Sign in to view the keys on this"), ("prod", "Sign in to manage")] {
        let mut stage = Stage::new((40, 10));
        stage.reply(Reply::Connected(Ok(team(profile))));
        stage.reply(Reply::SignInNeeded);
        assert!(stage.picture().contains(purpose), "{}", stage.picture());
    }
}

#[test]
fn sign_in_refused() {
    assert_snapshot!(sign_in(|stage| {
        stage.press("secret-word<Enter>");
        stage.reply(Reply::SignedIn(Err(ApiError::WrongCredentials)));
    }));
}

#[test]
fn session_ended_beside_a_dialog() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        let mut here = team("prod");
        here.who = Some(signed_in("administrator"));
        stage.reply(Reply::Connected(Ok(here)));
        stage.press("e<Ctrl-U>new<Enter>");
        stage.reply(Reply::SignInNeeded);
        stage
    }));
}
