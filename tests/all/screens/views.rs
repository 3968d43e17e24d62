//! Views.

use insta::assert_snapshot;
use latchkey::client::{ApiError, Reply, Request};
use latchkey::domain::Untrusted;

use super::stage::{SIZES, Stage, at_sizes, some_keys};

/// The views after a script, with these counts.
fn counted(size: (u16, u16), script: &str, failure: Option<ApiError>) -> Stage {
    let mut stage = Stage::with(size, some_keys(), 5);
    stage.press("v");
    assert!(stage.picture().contains('…'), "counting");
    let Some(Request::Counts(filters)) = stage.asked.take() else { panic!("nothing was counted") };
    let counts = [Some(1_234_567), Some(1_200_000), Some(15), Some(105), None, Some(714), Some(0)];
    let counts = counts.into_iter().cycle().take(filters.len()).collect();
    stage.reply(Reply::Counts(filters, failure.map_or(Ok(counts), Err)));
    stage.press(script);
    stage
}

#[test]
fn views() {
    assert_snapshot!(at_sizes(&[(80, 24), (50, 14), (40, 10)], |size| counted(size, "<Down><Down>", None)));
}

#[test]
fn views_of_a_server_that_does_not_count() {
    assert_snapshot!(at_sizes(&SIZES, |size| counted(size, "", Some(ApiError::NoCounts))));
}

/// The overview after a script.
fn overview_after(size: (u16, u16), script: &str) -> Stage {
    let mut stage = Stage::with(size, some_keys(), 5);
    stage.press("O");
    let Some(Request::FrequentOwners(most)) = stage.asked.take() else { panic!("no owners were asked for") };
    let owners =
        ["ops@example.com", "o\u{1b}[2Jps\u{200b}", "監視チーム", "a team with a name that is longer than its column"];
    stage.reply(Reply::FrequentOwners(Ok(owners.map(Untrusted::new).into_iter().take(most).collect())));
    let Some(Request::Counts(filters)) = stage.asked.take() else { panic!("nothing was counted") };
    let counts = [Some(736), Some(183), Some(367), None, Some(525), Some(1), Some(0)];
    let counts = counts.into_iter().cycle().take(filters.len()).collect();
    stage.reply(Reply::Counts(filters, Ok(counts)));
    stage.press(script);
    stage
}

#[test]
fn overview() {
    assert_snapshot!(at_sizes(&[(80, 24), (50, 14), (120, 40)], |size| overview_after(size, "<End><Up>")));
}

/// The last row says how many lines are below, and covers no bar.
#[test]
fn overview_on_a_low_screen() {
    assert_snapshot!(at_sizes(&[(80, 14), (50, 10)], |size| overview_after(size, "<Down><Down><Down><Down>")));
    let whole = overview_after((80, 40), "").picture();
    assert!(whole.contains("never") && !whole.contains("more lines"), "{whole}");
    let low = overview_after((80, 14), "").picture();
    assert!(low.contains("more lines"), "{low}");
}

#[test]
fn a_view_of_the_list() {
    assert_snapshot!(at_sizes(&[(80, 24), (50, 14)], |size| {
        let mut stage = counted(size, "<End><Enter>", None);
        stage.answer(Ok(some_keys()), 5);
        stage
    }));
}
