//! The page without a dialog.

use std::time::Duration;

use chrono::TimeDelta;
use insta::assert_snapshot;
use latchkey::client::ApiError;
use latchkey::domain::{Status, Untrusted};

use crate::screens::stage::{SIZES, Stage, at_sizes, foreign_keys, key, noon, some_keys};

fn away() -> ApiError {
    ApiError::Unreachable(Untrusted::new("the server: connection refused"))
}

#[test]
fn loading() {
    assert_snapshot!(at_sizes(&SIZES, Stage::new));
}

#[test]
fn empty() {
    assert_snapshot!(at_sizes(&SIZES, |size| Stage::with(size, Vec::new(), 0)));
}

#[test]
fn list() {
    let sizes = [(80, 24), (40, 10), (60, 16), (120, 30), (200, 60)];
    assert_snapshot!(at_sizes(&sizes, |size| Stage::with(size, some_keys(), 5)));
}

#[test]
fn list_of_a_million() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let keys = (0..100)
            .map(|n: i64| {
                key(&format!("PK{:018}", n * 7_777_777), &format!("billing export {n}"), Status::Active, n, Some(n * n))
            })
            .collect();
        let mut stage = Stage::with(size, keys, 1_000_000);
        stage.press("<Down><Down><Down>");
        stage
    }));
}

#[test]
fn list_of_32_character_ids() {
    assert_snapshot!(at_sizes(&SIZES, |size| Stage::with(size, foreign_keys(), 3)));
}

#[test]
fn filter_being_typed() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("/back");
        stage.answer(Ok(vec![some_keys().remove(0)]), 1);
        stage
    }));
}

#[test]
fn filter_set() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("/back<Enter>f");
        stage.answer(Ok(vec![some_keys().remove(0)]), 1);
        stage
    }));
}

#[test]
fn no_match() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("/xyzzy");
        stage.answer(Ok(Vec::new()), 0);
        stage
    }));
}

#[test]
fn server_away_from_the_start() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::new(size);
        stage.answer(Err(away()), 0);
        stage
    }));
}

#[test]
fn server_away_with_old_data() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("r");
        stage.answer(Err(away()), 0);
        stage.pass(Duration::from_secs(1));
        stage.answer(Err(away()), 0);
        stage
    }));
}

#[test]
fn not_allowed() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::new(size);
        stage.answer(Err(ApiError::NotAllowed(Untrusted::new("this role may not see keys"))), 0);
        stage
    }));
}

#[test]
fn details() {
    assert_snapshot!(at_sizes(&[(80, 24), (40, 10), (60, 16), (120, 30)], |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("<Enter>");
        stage
    }));
}

#[test]
fn details_of_what_is_long() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut keys = foreign_keys();
        keys[0].label = Untrusted::new(&"a label that goes on, ".repeat(6));
        keys[0].expires_at = Some(noon() + chrono::TimeDelta::minutes(59));
        keys[0].last_used_at = Some(noon() - chrono::TimeDelta::minutes(59));
        keys[0].last_used_from = Some(Untrusted::new("2001:db8:85a3:8d3:1319:8a2e:370:7348"));
        let mut stage = Stage::with(size, keys, 3);
        stage.press("<Enter>");
        stage
    }));
}

#[test]
fn details_of_hostile_text() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("<End><Enter>");
        stage
    }));
}

#[test]
fn too_small() {
    assert_snapshot!(at_sizes(&[(39, 10), (40, 9), (20, 4), (3, 3), (1, 1)], |size| Stage::with(size, some_keys(), 5)));
}

#[test]
fn no_size_and_no_state_panics() {
    for width in (1..100).step_by(7).chain([40, 80, 119, 120, 121, 250]) {
        for height in (1..40).step_by(3).chain([10, 24]) {
            for script in [
                "",
                "<Enter>",
                "c",
                "d",
                "a",
                "e",
                "?",
                "/x",
                "e<BackTab><BackTab><BackTab><Right><Tab>",
                "c<Enter><Enter>",
            ] {
                let mut stage = Stage::with((width, height), some_keys(), 5);
                stage.press(script);
                if stage.state().creating {
                    stage.created();
                    stage.picture();
                    stage.press("s");
                }
                stage.picture();
            }
        }
    }
}

#[test]
fn a_key_that_was_refused_in_the_last_24_hours_is_marked() {
    let mut keys = some_keys();
    for (key, hours) in keys.iter_mut().zip([25, 23, 1, 0]) {
        key.refused_at = Some(noon() - TimeDelta::hours(hours));
    }
    let mut stage = Stage::with((80, 24), keys, 5);
    for begin in ["\n▶ PK7QW3", "\n !PK0ZAH", "\n !PKM2XH", "\n !PK5ZJ0", "\n  PKV4T8"] {
        assert!(stage.picture().contains(begin), "{begin:?}");
    }
    stage.press("j<Space>");
    for begin in ["\n!*PK0ZAH", "\n▶!PKM2XH"] {
        assert!(stage.picture().contains(begin), "{begin:?} in {}", stage.picture());
    }
}
