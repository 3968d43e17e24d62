use chrono::{FixedOffset, TimeZone as _};

use super::super::conditions::{TextPattern, TimeRange};
use super::*;

fn parsed(text: &str) -> Search {
    Search::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn now() -> DateTime<Utc> {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn just_after() -> DateTime<Utc> {
    now() + TimeDelta::milliseconds(1)
}

fn tests_of(text: &str) -> Vec<(bool, Test)> {
    let Conditions(all) = parsed(text).conditions(now(), &Utc);
    all.into_iter().map(|condition| (condition.excluded, condition.test)).collect()
}

fn range(text: &str) -> TimeRange {
    match &tests_of(text)[..] {
        [(false, Test::Expires(range) | Test::Created(range))] => *range,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn words_and_filters() {
    use TextPattern::{Begins, Is};
    let contains = |text: &str| Test::Contains(text.to_owned());
    let pattern = |how: fn(String) -> TextPattern, text: &str| vec![how(text.to_owned())];
    // One whose time has come is active.
    let reactivates =
        |before: Option<&str>| Test::Reactivates(TimeRange { from: Some(just_after()), before: before.map(time) });
    for (text, meant) in [
        ("", vec![]),
        ("  Zürich \u{a0} BACKUP ", vec![(false, contains("zurich")), (false, contains("backup"))]),
        ("\"Nightly  Backup\" -test", vec![(false, contains("nightly  backup")), (true, contains("test"))]),
        ("- –x a-b", vec![(false, contains("-")), (false, contains("-x")), (false, contains("a-b"))]),
        (
            "10:30 büro:x \"psa:1\"",
            vec![(false, contains("10:30")), (false, contains("buro:x")), (false, contains("psa:1"))],
        ),
        ("owner:Jo", vec![(false, Test::Owner(pattern(Is, "jo")))]),
        ("OWNER:\"Service Desk\"", vec![(false, Test::Owner(pattern(Is, "service desk")))]),
        ("owner: -owner:\"\"", vec![(false, Test::Owner(pattern(Is, ""))), (true, Test::Owner(pattern(Is, "")))]),
        ("owner:jo*", vec![(false, Test::Owner(pattern(Begins, "jo")))]),
        ("owner:\"jo*\"", vec![(false, Test::Owner(pattern(Is, "jo*")))]),
        ("by:mia", vec![(false, Test::CreatedBy(pattern(Is, "mia")))]),
        (
            "by:Sven,maria,j* -owner:Büro,\"a, b\",ci*,Büro owner:ci,",
            vec![
                (false, Test::CreatedBy([Is("Sven".into()), Is("maria".into()), Begins("j".into())].to_vec())),
                (true, Test::Owner([Is("buro".into()), Is("a, b".into()), Begins("ci".into())].to_vec())),
                (false, Test::Owner([Is("ci".into()), Is(String::new())].to_vec())),
            ],
        ),
        ("owner:\"a,b\"", vec![(false, Test::Owner(pattern(Is, "a,b")))]),
        ("status:active,Expired,active", vec![(false, Test::Status(vec![Status::Active, Status::Expired]))]),
        (
            "never-used -never-used \"never-used\"",
            vec![(false, Test::NeverUsed), (true, Test::NeverUsed), (false, contains("never-used"))],
        ),
        ("expires:never", vec![(false, Test::NeverExpires)]),
        (
            "refused:7d -refused:<36h refused:>7d refused:2026-11-20",
            [
                (false, "2026-11-20T12:00:00Z", ""),
                (true, "2026-11-26T00:00:00Z", ""),
                (false, "", "2026-11-20T12:00:00Z"),
                (false, "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
            ]
            .map(|(excluded, from, before)| {
                let [from, before] = [from, before].map(|text| (!text.is_empty()).then(|| time(text)));
                (excluded, Test::Refused(TimeRange { from, before }))
            })
            .to_vec(),
        ),
        (
            "Rotating -rotating \"rotating\"",
            vec![(false, Test::Rotating(now())), (true, Test::Rotating(now())), (false, contains("rotating"))],
        ),
        (
            "reactivates:Any -reactivates:<1d reactivates:<2026-12-01",
            vec![
                (false, reactivates(None)),
                (true, reactivates(Some("2026-11-28T12:00:00Z"))),
                (false, reactivates(Some("2026-12-01T00:00:00Z"))),
            ],
        ),
    ] {
        assert_eq!(tests_of(text), meant, "{text}");
    }
}

#[test]
fn times_count_from_the_one_that_is_passed_in() {
    let from_to = |from: &str, before: &str| {
        let [from, before] = [from, before].map(|text| (!text.is_empty()).then(|| time(text)));
        TimeRange { from, before }
    };
    for (text, meant) in [
        ("expires:<30d", from_to("2026-11-27T12:00:00.001Z", "2026-12-27T12:00:00Z")),
        ("expires:>2w", from_to("2026-12-11T12:00:00Z", "")),
        ("created:<7d", from_to("2026-11-20T12:00:00Z", "")),
        ("created:>1y", from_to("", "2025-11-27T12:00:00Z")),
        ("created:>2026-01-01", from_to("2026-01-02T00:00:00Z", "")),
        ("created:>=2026-01-01", from_to("2026-01-01T00:00:00Z", "")),
        ("created:<2026-01-01", from_to("", "2026-01-01T00:00:00Z")),
        ("created:<=2026-01", from_to("", "2026-02-01T00:00:00Z")),
        ("expires:2026-12", from_to("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")),
        ("expires:2026-12-01..2026-12-31", from_to("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")),
        ("created:<2026-01-01T10:00:00+02:00", from_to("", "2026-01-01T08:00:00Z")),
    ] {
        assert_eq!(range(text), meant, "{text}");
    }
    for (text, before) in [
        ("unused:90d", "2026-08-29T12:00:00Z"),
        ("unused:>90d", "2026-08-29T12:00:00Z"),
        ("unused:36h", "2026-11-26T00:00:00Z"),
        ("unused:2026-02", "2026-02-01T00:00:00Z"),
    ] {
        assert_eq!(tests_of(text), [(false, Test::UnusedSince(before.parse().unwrap()))], "{text}");
    }
}

#[test]
fn days_are_those_of_the_time_zone_also_for_a_server_elsewhere() {
    let zone = FixedOffset::east_opt(3600).unwrap();
    for text in [
        "created:2026-01-01",
        "created:>2026-01-01",
        "created:<=2026-01",
        "expires:2026-12..2027-01-31",
        "-expires:2026-12",
        "refused:2026-12 refused:7d",
        "unused:2026-01-01",
        "expires:<30d",
        "owner:jo backup",
    ] {
        let search = parsed(text);
        let sent = parsed(&search.clone().in_zone(&zone).to_string());
        assert_eq!(sent.conditions(now(), &Utc), search.conditions(now(), &zone), "{text} as {sent}");
    }
    let sent = parsed("created:2026-01-01").in_zone(&zone).to_string();
    assert_eq!(sent, "created:2025-12-31T23:00:00Z..2026-01-01T22:59:59.999Z");
    assert_eq!(zone.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap().to_utc(), time("2025-12-31T23:00:00Z"));
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (text, at, says) in [
        ("backup onwer:jo", "onwer:jo", "there is no filter onwer: (did you mean owner:?)"),
        ("psa:1 x", "psa:1", "there is no filter psa:; use owner:, by:"),
        ("x status:activ", "activ", "status: is active, inactive or expired"),
        ("status: x", "status:", "status: is active"),
        ("by:", "by:", "by: needs a name"),
        ("by:mia, x", "mia,", "on each side of the comma"),
        ("unused:<90d", "<90d", "-unused:90d"),
        ("unused:soon", "soon", "unused: use 90d"),
        ("expires:30d", "30d", "write expires:<30d or expires:>30d"),
        ("expires:soon", "soon", "or never"),
        ("refused:any", "any", "refused: use 90d"),
        ("created:>2026-02-30 x", ">2026-02-30", "that day is not in the calendar"),
        ("created:<200y", "<200y", "more than a hundred years"),
        ("created:7d..2026-01-01", "7d..2026-01-01", "a range needs two dates"),
        ("a \"b c", "\"b c", "not closed"),
        ("-owner:\"x", "\"x", "not closed"),
    ] {
        let error = Search::parse(text).unwrap_err();
        assert_eq!(&text[error.at.clone()], at, "{text}: {error}");
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
    assert_eq!(Search::parse("東京 by:").unwrap_err().marked("東京 by:"), "東京 by:\n     ^^^");
    assert!(Search::parse(&"x".repeat(1001)).is_err());
    assert!(Search::parse(&format!("owner:{}", "x,".repeat(32))).is_err());
    assert!(Search::parse(&"x ".repeat(33)).is_err() && Search::parse(&"x ".repeat(32)).is_ok());
}

#[test]
fn only_words_are_for_every_server() {
    assert_eq!(parsed(" backup \"zürich\" ").only_words().as_deref(), Some("backup zürich"));
    assert_eq!(parsed("").only_words().as_deref(), Some(""));
    for text in ["backup -test", "\"a b\"", "owner:jo", "never-used", "rotating"] {
        assert_eq!(parsed(text).only_words(), None, "{text}");
    }
    // What a server from before there were lists writes is another text.
    assert_eq!(parsed("by:sven,maria* owner:jo").to_string(), "by:\"sven\",\"maria\"* owner:jo");
    assert_eq!(parsed("backup owner:jo -test").without_words().to_string(), "owner:jo -test");
    assert_eq!(parsed("backup Zürich -test").words(), ["backup", "zurich"]);
}

/// Texts of what the language is made of, in every order: whatever is understood means the same when it is written.
#[test]
fn what_is_understood_is_written_and_read_again() {
    const PARTS: [&str; 31] = [
        "refused",
        ",",
        "-",
        "\"",
        "\\",
        " ",
        ":",
        "owner",
        "by",
        "status",
        "unused",
        "expires",
        "created",
        "never-used",
        "never",
        "rotating",
        "reactivates",
        "any",
        "active,expired",
        "90d",
        "2w",
        "<",
        ">",
        ">=",
        "..",
        "2026-01-31",
        "2026-12",
        "2026-01-31T18:00:00+01:00",
        "é*",
        "\u{3000}",
        "x",
    ];
    let (mut state, mut understood) = (7_u64, 0);
    let mut dice = |sides: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % sides
    };
    for _ in 0..40_000 {
        let text: String = (0..=dice(8)).map(|_| PARTS[dice(PARTS.len())]).collect();
        match Search::parse(&text) {
            Ok(search) => {
                let written = search.to_string();
                assert_eq!(Search::parse(&written).as_ref(), Ok(&search), "{text:?} as {written:?}");
                assert_eq!(parsed(&written).to_string(), written);
                understood += usize::from(!search.is_empty());
            }
            Err(error) => {
                assert!(text.get(error.at.clone()).is_some_and(|wrong| !wrong.is_empty()), "{text:?}: {error:?}");
            }
        }
    }
    assert!(understood > 5_000, "{understood}");
}

#[test]
fn the_views_and_the_examples_are_in_the_language() {
    for view in super::super::views(Some("jo smith")) {
        assert_eq!(parsed(&view.search).to_string(), view.search);
    }
    for (form, _) in SEARCH_FILTERS {
        for part in form.split(", ") {
            parsed(part);
        }
    }
}
