//! The dialog that changes many keys.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey::client::{ApiError, Changes, KeyChange, KeyChanged, Reply, Request};
use latchkey::domain::{AccessKey, KeyId, Untrusted};

use super::stage::{Stage, at_sizes, key, noon, page, server, some_keys};
use crate::support::hands;
use chrono::TimeDelta;
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

/// Of all that match, marked by `*`, those that are done stop matching: they are not taken off the count twice.
#[test]
fn the_count_of_marks_is_right_after_an_act_that_was_stopped() {
    let active = |n: usize| key(&format!("PKV{n}ZAHJZ123456789KMN"), "stale", Status::Active, 300, None);
    let keys: Vec<AccessKey> = (0..8).map(active).collect();
    let mut stage = Stage::with((80, 24), keys.clone(), 8);
    stage.press("f");
    stage.answer(Ok(keys.clone()), 8);
    stage.press("*<Space>a");
    let read = |stage: &mut Stage| {
        let Some(Request::Walk(attempt, request)) = stage.asked.take() else { panic!("nothing is read") };
        stage.reply(Reply::Walked(attempt, Ok(page(&request, keys.clone(), 8))));
    };
    read(&mut stage);
    stage.press("<Tab><Enter>");
    read(&mut stage);
    let (attempt, sent) = changes(&mut stage);
    assert_eq!(sent.len(), 7);
    stage.press("<Esc>");
    let done = |n: usize| AccessKey { status: Status::Inactive, ..active(n) };
    let made = |n: usize| Ok(KeyChanged::Edited(Box::new(done(n).into())));
    stage.reply(Reply::KeysChanged(attempt, (1..5).map(made).collect()));
    let picture = stage.picture();
    assert!(picture.contains("4 deactivated. 3 not tried.") && picture.contains("* 3 marked"), "{picture}");
    stage.press("<Enter>");
    stage.answer(Ok([0, 5, 6, 7].map(active).to_vec()), 4);
    assert!(stage.picture().contains("* 3 of 4 marked"), "{}", stage.picture());
}

/// What an administrator does most is few presses: the goals of the page.
#[test]
fn forty_stale_keys_are_deleted_and_all_that_expire_this_month_extended_by_few_presses() {
    let unused = |n: usize| key(&format!("PKV{n:02}AHJZ12345678KMN"), "stale", Status::Active, 300, None);
    let keys: Vec<AccessKey> = (0..40).map(unused).collect();
    let ending = AccessKey { expires_at: Some(noon() + TimeDelta::days(20)), ..unused(0) };
    let ending: Vec<AccessKey> = keys.iter().map(|key| AccessKey { id: key.id.clone(), ..ending.clone() }).collect();
    for (keys, script, confirms, most) in [
        (&keys, ["v5", "*d", "delete<Space>40<Enter>"], "Delete 40 keys", 14),
        (&ending, ["v2", "*e9<Enter>", "<Tab><Enter>"], "Change 40 keys", 10),
    ] {
        assert!(hands::events(&script.concat()).len() <= most, "{script:?}");
        let mut stage = Stage::with((80, 24), some_keys(), 5);
        let read = |stage: &mut Stage| {
            let Some(Request::Walk(attempt, request)) = stage.asked.take() else { panic!("nothing is read") };
            stage.reply(Reply::Walked(attempt, Ok(page(&request, keys.clone(), 40))));
        };
        stage.press(script[0]);
        stage.answer(Ok(keys.clone()), 40);
        stage.press(script[1]);
        read(&mut stage);
        assert!(stage.picture().contains(confirms), "{}", stage.picture());
        stage.press(script[2]);
        read(&mut stage);
        assert_eq!(changes(&mut stage).1.len(), 40);
    }
}

/// At every size the reason comes first, and the keys that don't fit are reached.
#[test]
fn the_keys_are_named_in_the_confirmation_and_scrolled() {
    let many = |size| {
        let mut keys: Vec<AccessKey> = (0..40)
            .map(|n: usize| {
                let used = (n % 9 == 4).then_some(60 * 24 * 40 + 7);
                let one =
                    key(&format!("PKV{n:02}AHJZ12345678KMN"), &format!("ci runner {n}"), Status::Active, 300, used);
                AccessKey { owner: Some(Untrusted::new(["ops", "billing@example.com"][n % 2])), ..one }
            })
            .collect();
        keys[30].note = Some(Untrusted::new("Do not delete: the vault"));
        keys[31].last_used_at = Some(noon() - TimeDelta::hours(3));
        keys[32].owner = Some(Untrusted::new(""));
        let mut stage = Stage::with(size, keys, 40);
        stage.press("*");
        stage.press("d");
        let Some(Request::Walk(attempt, request)) = stage.asked.take() else { panic!("nothing is read") };
        let keys = stage.state().list.window.as_ref().unwrap().rows_from(0).cloned().collect();
        stage.reply(Reply::Walked(attempt, Ok(page(&request, keys, 40))));
        stage
    };
    assert_snapshot!(at_sizes(&[(80, 24), (50, 14), (120, 40), (200, 60)], many));
    assert_snapshot!(at_sizes(&[(80, 24), (50, 14)], |size| {
        let mut stage = many(size);
        stage.press("<PageDown><Up><Space>");
        stage
    }));
    let mut stage = many((80, 24));
    stage.press(&"<PageDown>".repeat(8));
    let picture = stage.picture();
    assert!(picture.contains("ci runner 39") && picture.contains("above (PgUp)"), "{picture}");
    stage.press(&"<PageUp>".repeat(8));
    assert!(stage.picture().contains("! used 3 h ago"), "{}", stage.picture());
    // Every press has its line in the help.
    stage.press("<F1>");
    let picture = stage.picture();
    for press in ["Enter ", "Tab ", "PgDn PgUp ", "Space ", "Esc "] {
        assert!(picture.contains(press), "{press}: {picture}");
    }
}

#[test]
fn undo_of_many_asks_for_no_phrase_in_production() {
    let mut keys = some_keys();
    for key in &mut keys {
        key.revision = Some(7);
    }
    let mut stage = Stage::new((80, 24));
    let mut live = server("live", "keys.example.com");
    live.profile.production = true;
    stage.reply(Reply::Connected(Ok(live)));
    stage.answer(Ok(keys.clone()), 5);
    stage.press("<Space><Space>a deactivate<Space>2<Space>live<Enter>");
    let (attempt, sent) = changes(&mut stage);
    assert_eq!(sent.len(), 2);
    let made = |change: &KeyChange| {
        let (KeyChange::Edit(id, _) | KeyChange::Delete(id, _)) = change;
        let key = keys.iter().find(|key| key.id == *id).unwrap().clone();
        Ok(KeyChanged::Edited(Box::new(AccessKey { status: Status::Inactive, revision: Some(8), ..key }.into())))
    };
    stage.reply(Reply::KeysChanged(attempt, sent.iter().map(made).collect()));
    stage.press("u");
    let picture = stage.picture();
    assert!(picture.contains("2 keys become active again.") && picture.contains("[Cancel] [Undo 2]"), "{picture}");
    stage.press("<Tab><Enter>");
    assert_eq!(changes(&mut stage).1.len(), 2);
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
