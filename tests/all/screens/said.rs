//! Sentences, and where a small screen finds the room for them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use insta::assert_snapshot;
use latchkey::client::{ApiError, CreateAttempt, NewKey, PendingCreate, Reply};
use latchkey::domain::key::fields::named;
use latchkey::domain::{Texts, Untrusted};
use latchkey::platform::clipboard::report::{CopyReport, What};
use latchkey::platform::surroundings::ClipboardRoute;
use latchkey::tui::state::HelpLine;

use crate::screens::stage::{SIZES, Stage, at_sizes, noon, some_keys};

/// The page with keys, after a script and what comes of it.
fn after(script: &'static str, then: impl Fn(&mut Stage)) -> String {
    at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press(script);
        then(&mut stage);
        stage
    })
}

fn left_over(stage: &mut Stage) {
    left_over_until(stage, None);
}

/// A create that was cut off, whose secret the server keeps until then.
fn left_over_until(stage: &mut Stage, secret_until: Option<DateTime<Utc>>) {
    let mut texts = Texts::default();
    texts.set(named("label").unwrap(), "nightly backup of the billing database").unwrap();
    let new = NewKey { attempt: CreateAttempt::random(), texts, expires_at: None, replaces: None };
    stage.state_mut().on_left_over(vec![PendingCreate {
        new,
        earlier: Vec::new(),
        at: noon(),
        repeatable: true,
        secret_until,
    }]);
}

fn unreachable() -> ApiError {
    ApiError::Unreachable(Untrusted::new("the server: connection refused"))
}

#[test]
fn a_notice_takes_a_row_of_the_list() {
    assert_snapshot!(after("o", |_| {}));
}

/// Until the server answers, the mark says how the rows on screen are sorted; what is under way is said once it is noticed.
#[test]
fn a_slow_answer_is_told_and_the_rows_keep_their_mark() {
    let mut stage = Stage::with((120, 24), some_keys(), 5);
    stage.press("2");
    assert!(!stage.picture().contains("Sorting"), "{}", stage.picture());
    for (milliseconds, words) in [(150, "Sorting…"), (1850, "Sorting… 2 s")] {
        stage.pass(Duration::from_millis(milliseconds));
        let picture = stage.picture();
        assert!(picture.contains(words) && picture.contains("Created▼") && !picture.contains("Label▲"), "{picture}");
    }
    stage.answer(Ok(some_keys()), 5);
    let picture = stage.picture();
    assert!(picture.contains("Label▲") && !picture.contains("Sorting"), "{picture}");
}

#[test]
fn a_notice_leaves_the_selected_key_in_sight() {
    assert_snapshot!(after("<End>", |stage| stage
        .state_mut()
        .on_copied(What::Id, CopyReport::Sent(ClipboardRoute::Terminal))));
}

#[test]
fn the_clipboard_is_overwritten() {
    assert_snapshot!(after("", |stage| stage
        .state_mut()
        .on_copied(What::Clipboard, CopyReport::Overwritten(ClipboardRoute::Terminal))));
}

#[test]
fn a_create_was_left_over_whose_secret_is_kept() {
    assert_snapshot!(after("", |stage| left_over_until(stage, Some(noon() + TimeDelta::minutes(10)))));
}

#[test]
fn a_create_was_left_over() {
    assert_snapshot!(after("", left_over));
}

/// A form that is closed while it isn't known what came of what it asked for can be come back to.
#[test]
fn a_create_without_an_answer_is_put_off_with_its_form() {
    let refused = ApiError::Refused(400, Untrusted::new("label: is no good"));
    for (error, is_open) in [(unreachable(), true), (refused, false)] {
        let mut stage = Stage::with((80, 24), some_keys(), 5);
        stage.press("cone<Enter>");
        stage.reply(Reply::Created(Err(error)));
        stage.press("<Esc>");
        assert_eq!(stage.picture().contains("Interrupted creation: F finishes it."), is_open, "{}", stage.picture());
        stage.press("F");
        let words = if is_open { "creating a key labelled “one”" } else { "There is no unfinished key creation." };
        assert!(stage.picture().contains(words), "{}", stage.picture());
    }
}

#[test]
fn a_create_that_was_left_over_is_put_off() {
    assert_snapshot!(after("", |stage| {
        left_over(stage);
        stage.press("<Esc>");
    }));
}

#[test]
fn a_create_that_was_left_over_fails() {
    assert_snapshot!(after("", |stage| {
        left_over(stage);
        stage.press("<Tab><Enter>");
        stage.reply(Reply::Created(Err(unreachable())));
    }));
}

#[test]
fn a_key_is_not_switched() {
    assert_snapshot!(after("a<Tab><Enter>", |stage| {
        let before = Box::new(some_keys().remove(0));
        stage.reply(Reply::Edited(before, Err(unreachable())));
    }));
}

#[test]
fn a_token_is_copied() {
    let picture = after("c<Enter><Enter>", |stage| {
        stage.created();
        stage.press("h<Ctrl-U>api-content-hash<Enter><Tab><Enter>");
        stage.state_mut().on_copied(What::HmacToken, CopyReport::Sent(ClipboardRoute::Terminal));
        stage.pass(Duration::from_secs(12));
    });
    assert!(picture.contains("HMAC token (secret), hidden in 18 s"), "{picture}");
    assert!(picture.contains("Sent, not confirmed."), "{picture}");
}

/// Every line of the help is on screen at some time, page by page, and both ends are a press away.
#[test]
fn a_page_of_the_help_skips_no_line() {
    for size in [(40, 10), (60, 16), (80, 24), (41, 11)] {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("?<End>");
        let end = stage.picture();
        assert!(end.contains("latchkey 0") && !end.contains("more"), "{end}");
        stage.press("<Home>");
        let start = stage.picture();
        assert!(start.contains("Create an access key") && start.contains("more"), "{start}");
        let mut paged = String::new();
        while stage.picture() != end {
            paged.push_str(&stage.picture());
            stage.press("<PageDown>");
        }
        paged.push_str(&end);
        for line in stage.state().help_lines() {
            let words = match &line {
                HelpLine::Topic(words) => words,
                HelpLine::Entry { words, .. } | HelpLine::Words(words) => words.as_str(),
            };
            assert!(paged.contains(words), "{words} at {size:?}:\n{paged}");
        }
        stage.press("<PageDown><PageUp>");
        assert_ne!(stage.picture(), end, "it does not scroll past its end");
    }
}
