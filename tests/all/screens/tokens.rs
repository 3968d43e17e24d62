//! Steps two and three.

use chrono::TimeDelta;
use insta::assert_snapshot;
use latchkey::client::{ApiError, Exchanged, Reply, Request};
use latchkey::domain::{AccessToken, Grant, Verdict};
use latchkey::platform::clipboard::report::{CopyReport, What};
use latchkey::platform::surroundings::ClipboardRoute;

use crate::screens::dialogs::reveal;
use crate::screens::stage::{SIZES, Stage, at_sizes, noon, some_keys};

/// The page for any key, after a script.
fn page(script: &'static str) -> String {
    at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("t");
        stage.press(script);
        stage
    })
}

fn exchanged(stage: &mut Stage, result: Result<Grant, ApiError>, clock: TimeDelta) {
    let Some(Request::Exchange(attempt, _)) = stage.asked.take() else { panic!("no exchange was asked for") };
    let server_time = Some(noon() + clock);
    stage.reply(Reply::Exchanged(attempt, Exchanged { result, server_time }));
}

fn works(stage: &mut Stage) {
    let grant = Grant { access_token: AccessToken::new("eyJ0.made.up"), expires_at: noon() + TimeDelta::minutes(60) };
    exchanged(stage, Ok(grant), TimeDelta::zero());
    let Some(Request::Verify(attempt, _, _)) = stage.asked.take() else { panic!("the token is not verified") };
    stage.reply(Reply::Verified(attempt, Ok(Verdict::Good(some_keys().remove(0).id))));
}

#[test]
fn hmac_offered() {
    // The offered content is random: another stands for it.
    assert_snapshot!(reveal(|stage| stage.press("h<Ctrl-U>api-content-hash")));
}

#[test]
fn hmac_made() {
    let picture = reveal(|stage| stage.press("h<Ctrl-U>api-content-hash<Enter>"));
    // The token is that of a made-up secret; even so, no golden file has one.
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let masked: Vec<String> = picture
        .split_inclusive(['\n', ' ', '│'])
        .map(|word| {
            let bare = word.trim_end_matches(['\n', ' ', '│']);
            if bare.len() >= 26 && bare.chars().all(hex) { word.replace(hex, "h") } else { word.to_owned() }
        })
        .collect();
    assert_snapshot!(masked.concat());
}

#[test]
fn hmac_refused() {
    assert_snapshot!(reveal(|stage| stage.press("h<Ctrl-U><Enter>")));
}

#[test]
fn test_under_way() {
    assert_snapshot!(reveal(|stage| stage.press("t")));
}

#[test]
fn test_works() {
    assert_snapshot!(reveal(|stage| {
        stage.press("t");
        works(stage);
    }));
}

#[test]
fn test_works_and_the_token_is_copied() {
    assert_snapshot!(reveal(|stage| {
        stage.press("t");
        works(stage);
        stage.state_mut().on_copied(What::AccessToken, CopyReport::Sent(ClipboardRoute::Terminal));
    }));
}

#[test]
fn test_finds_the_key_inactive_and_the_clock_off() {
    assert_snapshot!(reveal(|stage| {
        stage.press("t");
        exchanged(stage, Err(ApiError::Verification), TimeDelta::minutes(-200));
        let Some(Request::Look(attempt, _)) = stage.asked.take() else { panic!("the key is not looked at") };
        let mut key = some_keys().remove(2);
        key.label = some_keys()[0].label.clone();
        stage.reply(Reply::Looked(attempt, Ok(key)));
    }));
}

#[test]
fn what_does_not_fit_is_a_press_away() {
    let mut stage = Stage::with((40, 10), some_keys(), 5);
    stage.press(&format!("t<BackTab><Ctrl-U>{}<Tab>{}<Tab>", "1".repeat(32), "2".repeat(32)));
    stage.press("api-content-hash<Tab>DEM9fojtyaCcmB3PRjE6GqwjIl9xhzkYJpIfe1AJhTc=<Tab><Tab><Tab><Enter>");
    works(&mut stage);
    assert!(stage.picture().contains("more rows"));
    stage.press("<Down><Down><Down><Down>");
    assert!(stage.picture().contains("Write the HMAC as 64 hex digits."), "{}", stage.picture());
}

#[test]
fn page_for_any_key() {
    assert_snapshot!(page(""));
}

#[test]
fn page_says_what_is_wrong() {
    assert_snapshot!(page("PK7QW3N5ZJ0V4T8M2XHC<Tab>"));
}

#[test]
fn page_for_another_server() {
    assert_snapshot!(page(
        "<BackTab><BackTab>https://instance.passportalmsp.com//dashboard<Tab><Tab>2222<BackTab><BackTab>"
    ));
}

#[test]
fn doctor_of_a_foreign_token() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press(&format!("t<BackTab><Ctrl-U>{}<Tab>{}<Tab>", "1".repeat(32), "2".repeat(32)));
        // The right token for this content, but in base64.
        stage.press("api-content-hash<Tab>DEM9fojtyaCcmB3PRjE6GqwjIl9xhzkYJpIfe1AJhTc=<Tab><Tab><Tab><Enter>");
        works(&mut stage);
        stage
    }));
}

/// The list says at once that a key was used, which the server's list does only seconds later: a test uses it.
#[test]
fn after_a_test_the_list_says_that_the_key_was_used() {
    let mut stage = Stage::with((80, 24), some_keys(), 5);
    stage.press("c<Enter><Enter>");
    stage.created();
    stage.answer(Ok(some_keys()), 5);
    assert!(!stage.picture().contains("just now"), "{}", stage.picture());
    stage.press("t");
    works(&mut stage);
    stage.press("<Esc>s<Esc><Enter>");
    // The secret is known to have arrived; no list is asked for.
    assert!(stage.state().dialog.is_none() && matches!(stage.asked, Some(Request::Delivered(_))));
    let row = stage.picture().lines().find(|row| row.starts_with('▶')).map(str::to_owned);
    assert!(row.as_ref().is_some_and(|row| row.contains("just now")), "{row:?}");
    // From where is not known yet.
    stage.press("<Enter>");
    let picture = stage.picture();
    assert!(picture.contains("(just now)") && !picture.contains("(just now) from"), "{picture}");
}
