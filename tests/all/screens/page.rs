//! The page without a dialog.

use std::time::Duration;

use chrono::TimeDelta;
use insta::assert_snapshot;
use latchkey::client::{ApiError, Reply};
use latchkey::domain::{AddressUsage, KeyUsage, Status, Untrusted, UsageCount, UsageSpan};

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
        keys[0].expires_at = Some(noon() + TimeDelta::minutes(59));
        keys[0].last_used_at = Some(noon() - TimeDelta::minutes(59));
        keys[0].last_used_from = Some(Untrusted::new("2001:db8:85a3:8d3:1319:8a2e:370:7348"));
        let mut stage = Stage::with(size, keys, 3);
        stage.press("<Enter>");
        stage
    }));
}

/// Used by many, refused to some.
fn busy() -> KeyUsage {
    let one = |address: &str, uses, refusals| AddressUsage {
        address: Untrusted::new(address),
        uses,
        refusals,
        used_at: None,
        refused_at: (refusals > 0).then(|| noon() - TimeDelta::hours(1)),
    };
    KeyUsage {
        since: noon() - TimeDelta::days(29) - TimeDelta::hours(12),
        until: noon(),
        span: UsageSpan::Day,
        counts: (0..3)
            .map(|day| UsageCount {
                at: noon() - TimeDelta::hours(12) - TimeDelta::days(20 - 9 * day),
                uses: 40,
                refusals: 7,
            })
            .collect(),
        addresses: vec![one("192.0.2.17", 100, 0), one("198.51.100.4", 20, 0), one("203.0.113.9", 0, 21)],
        address_count: 2,
        has_more_addresses: false,
        tokens: 2,
        tokens_until: Some(noon() + TimeDelta::minutes(50)),
    }
}

/// Details that don't fit are scrolled, and every fact is reached.
#[test]
fn details_that_are_scrolled() {
    let at = |size, script: &str| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press(if size.0 < 197 { "<Enter>" } else { "" });
        stage.pass(Duration::from_millis(300));
        stage.reply(Reply::Usage(some_keys().remove(0).id, 30, Ok(busy())));
        stage.press(script);
        stage
    };
    let sizes = [(80, 24), (50, 14), (40, 10)];
    for size in sizes {
        let all = (0..5).map(|pages| at(size, &"J".repeat(pages)).picture()).collect::<String>();
        for fact in ["PK7QW3N5ZJ0V4T8M2XHC", "by jo", "203.0.113.9", "198.51.100.4", "2 valid", "OPS-4711", "active"] {
            assert!(all.contains(fact), "{size:?}: {fact} in\n{all}");
        }
        let first = at(size, "").picture();
        assert!(first.contains("21 times from") && first.contains(" more"), "{first}");
        assert_eq!(at(size, "JK").picture(), first);
        assert_ne!(at(size, "J").picture(), first);
    }
    assert_snapshot!(at_sizes(&sizes, |size| at(size, "J")));
    let whole = at((200, 60), "").picture();
    assert!(whole.contains("203.0.113.9") && !whole.contains(" more lines"), "{whole}");
}

#[test]
fn details_are_scrolled_only_where_they_are_open() {
    let mut stage = Stage::with((80, 24), some_keys(), 5);
    stage.press("J");
    assert!(stage.picture().contains("open them with Enter"), "{}", stage.picture());
}

/// Until the answer is there, nothing is done to rows that were asked for before.
#[test]
fn rows_of_the_list_before() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("/back<Enter>");
        for press in ["*", "d", "a", "<Space>"] {
            stage.press(press);
            assert!(stage.picture().contains("Wait until the new list is"), "{press}: {}", stage.picture());
            assert!(stage.state().dialog.is_none() && stage.state().list.marks.is_empty());
        }
        stage.pass(Duration::from_millis(200));
        stage
    }));
    let mut stage = Stage::with((80, 24), some_keys(), 5);
    stage.press("/back<Enter>");
    stage.answer(Ok(vec![some_keys().remove(0)]), 1);
    assert!(!stage.picture().contains("list before"), "{}", stage.picture());
    stage.press("d");
    assert!(stage.state().dialog.is_some());
    // Where it does not come, that stays so.
    let mut stage = Stage::with((80, 24), some_keys(), 5);
    stage.press("/back<Enter>");
    stage.answer(Err(away()), 0);
    stage.press("d");
    assert!(stage.picture().contains("of the list before"), "{}", stage.picture());
    assert!(stage.state().dialog.is_none());
    // A refresh shows the same list.
    let mut stage = Stage::with((80, 24), some_keys(), 5);
    stage.press("rd");
    assert!(stage.state().dialog.is_some());
}

/// Keys that expire soon: counted in the header, marked in the list.
#[test]
fn keys_that_expire_soon() {
    let soon = || {
        let mut keys = some_keys();
        keys[0].expires_at = Some(noon() + TimeDelta::days(2));
        keys[1].expires_at = Some(noon() + TimeDelta::days(29));
        keys[3].expires_at = Some(noon() - TimeDelta::days(400));
        keys
    };
    assert_snapshot!(at_sizes(&[(80, 24), (50, 14), (40, 10)], |size| {
        let mut stage = Stage::with(size, soon(), 5);
        stage.reply(Reply::Due(7, Ok(vec![soon().remove(0)])));
        assert!(stage.picture().contains("Keys: 1 expires within 7 days (!)."), "{}", stage.picture());
        stage.press("<Down>");
        stage
    }));
    let mut stage = Stage::with((80, 24), soon(), 5);
    stage.reply(Reply::Due(7, Ok(vec![soon().remove(0)])));
    stage.press("!");
    assert!(stage.picture().contains("expires:<7d"), "{}", stage.picture());
    stage.answer(Ok(vec![soon().remove(0)]), 1);
    assert!(stage.picture().contains("1 key matches"), "{}", stage.picture());
    assert!(stage.picture().contains("1 expires within 7 days (!)"), "{}", stage.picture());
    let filter = stage.state().list.query.filter.clone();
    stage.reply(Reply::Counts(vec![filter], Ok(vec![Some(0)])));
    assert!(!stage.picture().contains("within 7 days"), "{}", stage.picture());
}

/// A match in a column that has no room is told behind the label.
#[test]
fn a_match_that_no_column_shows() {
    let mut stage = Stage::with((80, 24), some_keys(), 5);
    stage.press("/ops");
    stage.answer(Ok(some_keys()), 5);
    let row = |stage: &Stage| stage.picture().lines().find(|line| line.contains("nightly")).unwrap().to_owned();
    assert!(row(&stage).contains("nightly b… · ops@"), "{}", row(&stage));
    stage.press("<Ctrl-U>night");
    stage.answer(Ok(some_keys()), 5);
    assert!(!row(&stage).contains("owner"), "{}", row(&stage));
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
