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

/// Long names, folders and hosts beside short ones; servers that were left, and others that were not opened.
#[test]
fn profiles_with_what_is_known() {
    assert_snapshot!(at_sizes(&[(80, 24), (40, 10), (50, 14), (120, 40)], |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        let mut local = server("local", "embedded server");
        local.profile.folder = Some("~/.local/share/latchkey".to_owned());
        let mut far = team("eu-west-customer-logistics");
        far.profile.server = "api-keys.eu-west-1.customer-logistics.example:8443".to_owned();
        let others = [team("team").profile, team("prod").profile, team("look").profile, far.profile.clone()];
        stage.state_mut().begin([vec![local.profile], others.to_vec()].concat(), "");
        let until = noon() + chrono::TimeDelta::hours(8);
        let (mut here, mut next) = (team("team"), team("prod"));
        here.who = Some(Identity { expires_at: until, ..signed_in("superuser") });
        next.who = Some(signed_in("auditor"));
        for (press, server) in [("p2", here), ("p3", next), ("p5", far)] {
            stage.press(press);
            stage.reply(Reply::Connected(Ok(server)));
        }
        stage.answer(Err(ApiError::Unreachable(Untrusted::new("the server: no route to host"))), 0);
        stage.press("p");
        stage
    }));
}

#[test]
fn profiles_found() {
    assert_snapshot!(page("prod", "plo"));
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

/// A server of `--url` has no name but its host: it is said once.
#[test]
fn a_server_without_a_profile() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::new(size);
        let mut here = team("team");
        here.profile.name = here.profile.server.clone();
        stage.reply(Reply::Connected(Ok(here)));
        stage.reply(Reply::SignInNeeded);
        stage.press("secret-word<Enter>");
        let words = "too many failed sign-ins from bastion-host-of-the-night-shift.example.com, which has to wait for some time";
        stage.reply(Reply::SignedIn(Err(ApiError::TooMany { retry_after: Some(30), words: Untrusted::new(words) })));
        stage
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
