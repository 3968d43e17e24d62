//! The dialog that changes many keys.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey::client::{ApiError, Changes, KeyChange, KeyChanged, Reply, Request};
use latchkey::domain::{AccessKey, KeyId, Untrusted};

use super::stage::{Stage, at_sizes, key, server, some_keys};
use latchkey::domain::Status;

const SIZES: [(u16, u16); 3] = [(80, 24), (50, 14), (40, 10)];

/// Five keys on screen, of which all are marked.
fn marked(size: (u16, u16)) -> Stage {
    let mut keys = some_keys();
    keys.push(key("PKZZAHJZ123456789KMN", "do-not-delete: vault", Status::Active, 300, Some(60 * 24 * 200)));
    let mut stage = Stage::with(size, keys, 6);
    stage.press("V jjjjj");
    stage
}

#[test]
fn marked_keys() {
    assert_snapshot!(at_sizes(&SIZES, marked));
}

#[test]
fn confirmation_of_a_delete() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = marked(size);
        stage.press("d");
        stage
    }));
}

#[test]
fn confirmation_of_an_activation_and_of_an_edit() {
    assert_snapshot!(at_sizes(&SIZES[..2], |size| {
        let mut stage = marked(size);
        stage.press("e9<Enter>");
        stage
    }));
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = marked(size);
        stage.press("e");
        stage
    }));
}

/// What was asked for: the changes, and how to answer them.
fn changes(stage: &mut Stage) -> (latchkey::client::Attempt, Vec<KeyChange>) {
    match stage.asked.take() {
        Some(Request::ChangeKeys(attempt, changes)) => (attempt, changes),
        asked => panic!("asked {asked:?}"),
    }
}

#[test]
fn a_line_that_drops_and_a_key_that_fails() {
    let refused = || Err(ApiError::Refused(409, Untrusted::new("it is in use \u{1b}[2J")));
    let lost = || Err(ApiError::Unreachable(Untrusted::new("the server: connection refused")));
    let deleted = || Ok(KeyChanged::Deleted(true.into()));
    let dropped = |size| {
        let mut stage = marked(size);
        stage.press("d delete<Space>6<Enter>");
        let (attempt, sent) = changes(&mut stage);
        assert_eq!(sent.len(), 6);
        stage.reply(Reply::KeysChanged(attempt, vec![deleted(), refused(), lost()]));
        (stage, attempt)
    };
    assert_snapshot!(at_sizes(&SIZES, |size| dropped(size).0));
    let ended = |size| {
        let (mut stage, attempt) = dropped(size);
        assert!(stage.asked.is_none(), "it waits");
        stage.pass(Duration::from_secs(1));
        let (again, rest) = changes(&mut stage);
        assert_eq!((again, rest.len()), (attempt, 4), "only the rest is sent again");
        stage.press("<Esc>");
        stage.reply(Reply::KeysChanged(attempt, vec![deleted(), deleted()]));
        stage
    };
    assert_snapshot!(at_sizes(&SIZES, ended));
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = ended(size);
        stage.press("<Tab><Enter>");
        stage
    }));
}

/// What was sent when the line dropped may have been made: it isn't called "not tried", and `u` takes it back.
#[test]
fn what_was_sent_and_not_answered_can_be_undone() {
    let mut keys = some_keys();
    for key in &mut keys {
        key.revision = Some(7);
    }
    let mut stage = Stage::with((80, 24), keys.clone(), 5);
    stage.press("V jjjja deactivate<Space>4<Enter>");
    let (attempt, sent) = changes(&mut stage);
    assert_eq!(sent.len(), 4);
    let ids = sent.iter().map(|(KeyChange::Edit(id, _) | KeyChange::Delete(id, _))| id.clone());
    let ids: Vec<KeyId> = ids.collect();
    let key = keys.iter().find(|key| key.id == ids[0]).unwrap().clone();
    let made = AccessKey { status: Status::Inactive, revision: Some(8), ..key };
    let lost = Err(ApiError::Unreachable(Untrusted::new("the server: connection reset")));
    stage.reply(Reply::KeysChanged(attempt, vec![Ok(KeyChanged::Edited(Box::new(made.into()))), lost]));
    stage.press("<Esc>");
    let picture = stage.picture();
    assert!(picture.contains("1 already inactive. 1 sent, result unknown. 2 not"), "{picture}");
    stage.press("<Esc>u<Tab><Enter>");
    let changes_back = Changes { status: Some(Status::Active), revision: Some(8), ..Changes::default() };
    let back = ids[..2].iter().map(|id| KeyChange::Edit(id.clone(), changes_back.clone()));
    assert_eq!(changes(&mut stage).1, back.collect::<Vec<_>>());
}

#[test]
fn a_production_profile_is_named_in_the_phrase() {
    let mut stage = Stage::new((80, 24));
    let mut live = server("live", "keys.example.com");
    live.profile.production = true;
    stage.reply(Reply::Connected(Ok(live)));
    stage.answer(Ok(some_keys()), 5);
    stage.press("<Space><Space>d delete<Space>2<Enter>");
    assert!(stage.picture().contains("That doesn't match. Type delete 2 live."), "{}", stage.picture());
    stage.press("<Ctrl-U>delete<Space>2<Space>live<Enter>");
    assert_eq!(changes(&mut stage).1.len(), 2);
}
