//! Replacing a key, and the two keys of a rotation.

use std::time::Duration;

use chrono::TimeDelta;
use insta::assert_snapshot;
use latchkey::client::{ApiError, Creation, Reply, Request, RotationEnd};
use latchkey::domain::{
    AccessKey, KeyFormat, KeyId, KeyUsage, Rotation, SecretKey, Status, Untrusted, UsageCount, UsageSpan,
};
use latchkey::platform::clipboard::report::{CopyReport, What};
use latchkey::platform::surroundings::ClipboardRoute;
use zeroize::Zeroizing;

use crate::screens::stage::{Stage, at_sizes, key, noon, some_keys};

const SIZES: [(u16, u16); 3] = [(80, 24), (50, 14), (40, 10)];

/// Keys of which two are a pair, and one was used after its rotation had ended.
fn pair(new_used: Option<i64>, old_used: i64) -> Vec<AccessKey> {
    let mut keys = some_keys();
    let old = &mut keys[0];
    let new_id = KeyId::parse("PKN3W8M2XHC7QW3N5ZJ0").unwrap();
    (old.rotation, old.expires_at) = (Some(Rotation::ReplacedBy(new_id)), Some(noon() + TimeDelta::hours(23)));
    (old.last_used_at, old.last_used_from) =
        (Some(noon() - TimeDelta::minutes(old_used)), Some(Untrusted::new("10.0.3.7")));
    let new = AccessKey {
        rotation: Some(Rotation::Replaces(old.id.clone())),
        owner: old.owner.clone(),
        note: old.note.clone(),
        ..key("PKN3W8M2XHC7QW3N5ZJ0", "nightly backup", Status::Active, 0, new_used)
    };
    keys.insert(0, new);
    let late = &mut keys[4];
    let at = Some(noon() - TimeDelta::hours(3));
    (late.late_use_at, late.refused_at) = (at, at);
    late.refused_from = Some(Untrusted::new("203.0.113.9"));
    keys
}

fn usage(days: u16, ago: &[i64]) -> KeyUsage {
    let span = UsageSpan::of_days(days);
    KeyUsage {
        since: noon() - TimeDelta::days(i64::from(days) - 1) - TimeDelta::hours(12),
        until: noon(),
        span,
        counts: ago
            .iter()
            .rev()
            .map(|ago| UsageCount {
                at: noon() - TimeDelta::hours(12) - TimeDelta::hours(ago * span.hours()),
                uses: 40,
                refusals: 0,
            })
            .collect(),
        addresses: Vec::new(),
        address_count: 1,
        has_more_addresses: false,
        tokens: 0,
        tokens_until: None,
    }
}

/// Answers what the dialog of a pair asks.
fn answer(stage: &mut Stage, keys: &[AccessKey], ago: &[i64]) {
    for _ in 0..4 {
        match stage.asked.take() {
            Some(Request::Look(attempt, id)) => {
                let key = keys.iter().find(|key| key.id == id).cloned();
                let looked = key.ok_or_else(|| ApiError::NotFound(Untrusted::new("This key was not found")));
                stage.reply(Reply::Looked(attempt, looked));
            }
            Some(Request::Usage(id, days)) => stage.reply(Reply::Usage(id, days, Ok(usage(days, ago)))),
            other => panic!("{other:?}"),
        }
    }
}

/// The dialog of a pair.
fn rotation(new_used: Option<i64>, old_used: i64, ago: &[i64], then: impl Fn(&mut Stage)) -> String {
    at_sizes(&SIZES, |size| {
        let keys = pair(new_used, old_used);
        let mut stage = Stage::with(size, keys.clone(), 6);
        stage.press("R");
        answer(&mut stage, &keys, ago);
        then(&mut stage);
        stage
    })
}

/// The form.
fn form(script: &str, then: impl Fn(&mut Stage)) -> String {
    at_sizes(&SIZES, |size| {
        let mut keys = some_keys();
        keys[0].last_used_at = Some(noon() - TimeDelta::minutes(4));
        let mut stage = Stage::with(size, keys, 5);
        stage.press("R");
        stage.press(script);
        then(&mut stage);
        stage
    })
}

#[test]
fn the_form() {
    assert_snapshot!(form("", |_| {}));
}

#[test]
fn the_form_of_a_key_that_is_in_use_and_ends_now() {
    assert_snapshot!(form("n", |_| {}));
}

#[test]
fn the_form_with_a_time_and_a_file() {
    assert_snapshot!(form("o<Ctrl-U>3h<Tab>f", |_| {}));
}

#[test]
fn the_form_at_its_end() {
    assert_snapshot!(form("<BackTab><BackTab><BackTab>9", |_| {}));
}

#[test]
fn a_destination_is_refused() {
    assert_snapshot!(form("<Tab>f", |stage| {
        let why = "the file /home/someone/with/a/long/way/rotation-of-PK7QW3N5ZJ0V4T8M2XHC.secret can't be created: \
            Permission denied (os error 13)";
        stage.machine.state().refused = Some(why.to_owned());
        stage.press("<Enter>");
    }));
}

#[test]
fn a_key_that_is_rotated_already() {
    assert_snapshot!(form("<Enter>", |stage| {
        let words = Untrusted::new("This key is being rotated already; finish that rotation first");
        stage.reply(Reply::Created(Err(ApiError::NotRotated(words))));
    }));
}

#[test]
fn the_new_secret() {
    let picture = |copied: bool| {
        form("<Enter>", move |stage| {
            let secret = SecretKey::from_random(&Zeroizing::new([7; 32]), KeyFormat::Prefixed);
            stage.reply(Reply::Created(Ok(Creation::New(pair(None, 4).remove(0), secret))));
            if copied {
                stage.state_mut().on_copied(What::Secret, CopyReport::Sent(ClipboardRoute::Terminal));
            }
        })
    };
    assert_snapshot!(picture(false));
    assert_snapshot!(picture(true));
}

#[test]
fn a_pair_whose_old_key_is_in_use() {
    assert_snapshot!(rotation(Some(2), 4, &[0, 1, 2, 3, 5], |_| {}));
}

#[test]
fn a_pair_whose_old_key_is_quiet() {
    assert_snapshot!(rotation(Some(2), 60 * 40, &[2, 3, 4, 5], |_| {}));
}

#[test]
fn a_pair_whose_new_key_was_not_used_yet() {
    assert_snapshot!(rotation(None, 60 * 40, &[2, 3, 4, 5], |_| {}));
}

#[test]
fn finishing_asks_once_more() {
    assert_snapshot!(rotation(Some(2), 4, &[0, 1, 2, 3, 5], |stage| stage.press("f")));
}

#[test]
fn a_rotation_that_another_administrator_finished() {
    assert_snapshot!(rotation(Some(2), 60 * 40, &[2, 3, 4, 5], |stage| {
        stage.press("f");
        let mut keys = pair(Some(2), 60 * 40);
        answer(stage, &keys, &[2, 3, 4, 5]); // it is read once more before it is sent
        let before = keys[1].clone();
        (keys[1].rotation, keys[0].rotation) = (None, None);
        (keys[1].status, keys[1].expires_at) = (Status::Expired, Some(noon() - TimeDelta::minutes(1)));
        let error = ApiError::Changed(Some(Box::new(keys[1].clone())));
        stage.reply(Reply::RotationEnded(Box::new(before), RotationEnd::Finish, Err(error)));
        answer(stage, &keys, &[2, 3, 4, 5]);
    }));
}

#[test]
fn a_rotation_that_another_administrator_undid() {
    assert_snapshot!(rotation(None, 60 * 40, &[2, 3, 4, 5], |stage| {
        stage.pass(Duration::from_secs(11));
        let mut keys = pair(None, 60 * 40);
        keys.remove(0);
        (keys[0].rotation, keys[0].expires_at) = (None, None);
        answer(stage, &keys, &[2, 3, 4, 5]);
    }));
}

const LIST_SIZES: [(u16, u16); 4] = [(80, 24), (50, 14), (40, 10), (120, 40)];

#[test]
fn the_list_with_a_pair() {
    assert_snapshot!(at_sizes(&LIST_SIZES, |size| Stage::with(size, pair(None, 4), 6)));
}

#[test]
fn the_details_of_a_pair() {
    assert_snapshot!(at_sizes(&LIST_SIZES, |size| {
        let mut stage = Stage::with(size, pair(None, 4), 6);
        stage.press("<Down><Enter>");
        stage
    }));
}

#[test]
fn the_details_of_a_key_that_somebody_still_has() {
    assert_snapshot!(at_sizes(&LIST_SIZES, |size| {
        let mut stage = Stage::with(size, pair(None, 4), 6);
        stage.press("<Down><Down><Down><Down><Enter>");
        stage
    }));
}
