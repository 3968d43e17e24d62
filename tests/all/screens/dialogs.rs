//! The dialogs.

use std::time::Duration;

use chrono::TimeDelta;
use insta::assert_snapshot;
use latchkey::client::{ApiError, Creation, Reply, Request, TrailPage};
use latchkey::domain::{AccessKey, KeyUsage, Lifetimes, Status, Untrusted, UsageCount, UsageSpan};
use latchkey::platform::clipboard::report::{CopyReport, What};
use latchkey::platform::delivery::CommandOutput;
use latchkey::platform::surroundings::{ClipboardRoute, Surroundings, Warning};
use latchkey::tui::state::{Delivery, NotSaved, SaveKind, Saved};

use crate::screens::stage::{SIZES, Stage, at_sizes, key, noon, some_keys};

/// The page with keys, after a script.
fn after(script: &'static str) -> String {
    at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press(script);
        stage
    })
}

/// A new key's dialog, after more has happened.
pub fn reveal(then: impl Fn(&mut Stage)) -> String {
    at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("c<Enter><Enter>");
        stage.created();
        then(&mut stage);
        stage
    })
}

#[test]
fn create() {
    assert_snapshot!(after("c nightly<Space>backup"));
}

#[test]
fn create_without_a_label() {
    assert_snapshot!(after("c<Enter>"));
}

#[test]
fn create_in_days() {
    assert_snapshot!(after("c<BackTab><BackTab><BackTab>9"));
}

#[test]
fn create_on_a_wrong_date() {
    assert_snapshot!(after("clabel<BackTab><BackTab><BackTab>o2020-01-01<Enter>"));
}

#[test]
fn create_where_the_server_limits_the_expiry() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.state_mut().list.lifetimes = Lifetimes { most: Some(90), default: Some(30) };
        stage.press("clabel");
        stage
    }));
}

#[test]
fn create_sent_and_leaving() {
    assert_snapshot!(after("c label<Enter><Ctrl-C>"));
}

#[test]
fn create_failed() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("c label<Enter>");
        let reason = Untrusted::new("the server: connection refused");
        stage.reply(Reply::Created(Err(ApiError::Unreachable(reason))));
        stage
    }));
}

#[test]
fn reveal_hidden() {
    assert_snapshot!(reveal(|_| {}));
}

#[test]
fn reveal_shown() {
    let picture = reveal(|stage| {
        stage.press("s");
        stage.pass(Duration::from_secs(12));
    });
    // The picture is kept without the secret, though it is a made-up one.
    let secret = Stage::new((80, 24)).created();
    assert!(picture.contains(secret.expose()));
    let start = &secret.expose()[..40];
    assert!(picture.contains(&format!("\n{start}\n")), "at 40 columns it fills its own rows from edge to edge");
    let masked = picture.replace(secret.expose(), &"S".repeat(52)).replace(start, &"S".repeat(40));
    assert_snapshot!(masked.replace(&secret.expose()[40..], &"S".repeat(12)));
}

#[test]
fn reveal_copied() {
    assert_snapshot!(reveal(|stage| stage.state_mut().on_copied(What::Secret, CopyReport::Sent(ClipboardRoute::Tmux))));
}

#[test]
fn reveal_not_copied() {
    assert_snapshot!(reveal(|stage| {
        let reason = "tmux does not answer.".to_owned();
        stage.state_mut().on_copied(What::Secret, CopyReport::Failed { reason });
    }));
}

#[test]
fn reveal_shown_and_copied() {
    let picture = reveal(|stage| {
        stage.press("s");
        stage.state_mut().on_copied(What::Secret, CopyReport::Sent(ClipboardRoute::Tmux));
    });
    // The picture is kept without the secret, though it is a made-up one.
    let secret = Stage::new((80, 24)).created();
    let (start, end) = secret.expose().split_at(40);
    assert_snapshot!(picture.replace(start, &"S".repeat(40)).replace(end, &"S".repeat(12)));
}

#[test]
fn reveal_without_a_clipboard() {
    assert_snapshot!(reveal(|stage| {
        let way = Err("this terminal (linux) doesn't support a clipboard".to_owned());
        let around = Surroundings { way, warnings: vec![Warning::Stays], ..Surroundings::default() };
        let now = stage.now;
        let _ = stage.state_mut().on_surroundings(around, now);
    }));
}

/// A place where much is to be said of what is around.
fn watched(stage: &mut Stage) {
    let around = Surroundings {
        way: Err("your terminal, as tmux sees it (vt220), doesn't support a clipboard".to_owned()),
        warnings: vec![Warning::Recorded("tlog-rec-sessio".to_owned()), Warning::Shared(2)],
        ..Surroundings::default()
    };
    stage.surround(around.clone());
    let now = stage.now;
    let _ = stage.state_mut().on_surroundings(around, now);
}

#[test]
fn reveal_says_who_watches_and_that_nothing_can_be_copied() {
    assert_snapshot!(reveal(watched));
}

#[test]
fn reveal_asks_before_it_is_shown_to_others() {
    assert_snapshot!(reveal(|stage| {
        watched(stage);
        stage.press("s<Tab>");
    }));
}

#[test]
fn reveal_asks_after_a_copy_that_nobody_confirms() {
    assert_snapshot!(reveal(|stage| {
        stage.state_mut().on_copied(What::Secret, CopyReport::Sent(ClipboardRoute::Screen));
        stage.press("<Esc><Enter>");
    }));
}

#[test]
fn save() {
    assert_snapshot!(reveal(|stage| stage.press("w")));
}

#[test]
fn save_by_a_command() {
    assert_snapshot!(reveal(|stage| stage.press("w<Tab><Tab>pass<Space>insert<Space>-m<Space>latchkey<Enter>")));
}

#[test]
fn save_failed() {
    assert_snapshot!(reveal(|stage| {
        stage.press("w<Tab><Tab>pass<Space>insert<Enter>");
        let said = Untrusted::new("Error: pass-name is not in the password store.\u{1b}[2J");
        stage.state_mut().on_delivered(
            SaveKind::Secret,
            Err(NotSaved { output: said, ..NotSaved::new("the command failed (exit status: 1)") }),
        );
    }));
}

#[test]
fn what_a_command_printed_is_in_its_lines() {
    let said = || Untrusted::new("gpg: error: no key\ngpg:   skipped\u{1b}[2J\n");
    for (is_saved, before) in [(true, "successfully. Output:"), (false, "still in this dialog. Output:")] {
        let mut stage = Stage::with((80, 24), some_keys(), 5);
        stage.press("c<Enter><Enter>");
        stage.created();
        stage.press("w<Tab><Tab>gpg<Enter>");
        let output = CommandOutput { words: said(), had_secret: false };
        let result = if is_saved {
            Ok(Saved { output, to: Delivery::Command })
        } else {
            Err(NotSaved { output: said(), ..NotSaved::new("the command failed (exit status: 2)") })
        };
        stage.state_mut().on_delivered(SaveKind::Secret, result);
        let picture = stage.picture();
        let lines: Vec<&str> = picture.lines().map(|line| line.trim_matches([' ', '│'])).collect();
        let at = lines.iter().position(|line| line.contains("Output:")).unwrap();
        assert!(lines[at - 1..=at].join(" ").contains(before), "{picture}");
        assert_eq!(lines[at + 1..at + 3], ["gpg: error: no key", "gpg:   skipped^[[2J"], "{picture}");
    }
}

#[test]
fn save_to_what_exists() {
    assert_snapshot!(reveal(|stage| {
        stage.press("w<Enter>");
        let why = "the file /home/someone/with/a/long/way/to/PK7QW3N5ZJ0V4T8M2XHC.secret already exists and will \
            not be overwritten";
        stage.state_mut().on_delivered(SaveKind::Secret, Err(NotSaved::new(why)));
    }));
}

#[test]
fn saved() {
    assert_snapshot!(reveal(|stage| {
        stage.press("w<Enter>");
        stage
            .state_mut()
            .on_delivered(SaveKind::Secret, Ok(Saved::at(Delivery::File("~/PK7QW3N5ZJ0V4T8M2XHC.secret".into()))));
    }));
}

#[test]
fn reveal_asks_before_it_closes() {
    assert_snapshot!(reveal(|stage| stage.press("<Esc><Enter>")));
}

#[test]
fn lost() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("c<Enter><Enter>");
        stage.reply(Reply::Created(Ok(Creation::Replayed(some_keys().remove(0)))));
        stage
    }));
}

/// It is on top even where the help was read meanwhile.
#[test]
fn lost_while_the_help_is_open() {
    let seen = |script| {
        at_sizes(&SIZES, |size| {
            let mut stage = Stage::with(size, some_keys(), 5);
            stage.press(script);
            assert_eq!(stage.picture().contains("Help: this dialog"), script.ends_with("<F1>"));
            stage.reply(Reply::Created(Ok(Creation::Replayed(some_keys().remove(0)))));
            stage
        })
    };
    assert_eq!(seen("c<Enter><Enter><F1>"), seen("c<Enter><Enter>"));
}

#[test]
fn delete() {
    assert_snapshot!(after("<Down><Down>d"));
}

#[test]
fn delete_of_a_key_in_use() {
    assert_snapshot!(after("d 2XH"));
}

#[test]
fn delete_confirmed() {
    assert_snapshot!(after("d 2XHC"));
}

/// Another administrator changed the key while its dialog was open.
#[test]
fn changed_meanwhile() {
    for (name, script) in
        [("edit", "e<Ctrl-U>offsite<Enter>"), ("deactivate", "a<Tab><Enter>"), ("delete", "d 2XHC<Enter>")]
    {
        let picture = at_sizes(&[(80, 24), (50, 14), (40, 10)], |size| {
            let mut stage = Stage::with(size, some_keys(), 5);
            stage.press(script);
            let mut now = some_keys().remove(0);
            now.note = Some(Untrusted::new("rotate with mia"));
            let error = ApiError::Changed(Some(Box::new(now)));
            match stage.asked.take() {
                Some(Request::Edit(before, _)) => stage.reply(Reply::Edited(before, Err(error))),
                Some(Request::Delete(before)) => stage.reply(Reply::Deleted(before, Err(error))),
                other => panic!("{other:?} was asked for"),
            }
            let Some(Request::Events(request)) = stage.asked.take() else { panic!("no events were asked for") };
            let edited =
                r#"{"at": "2026-11-23T11:59:00Z", "kind": "edited", "by": "mia", "from": null, "detail": null}"#;
            let events = vec![serde_json::from_str(edited).unwrap()];
            stage.reply(Reply::Events(request, Ok(TrailPage { events, next_cursor: None, newest_cursor: None })));
            stage
        });
        assert_snapshot!(format!("changed_meanwhile_{name}"), picture);
    }
}

/// The answer was lost, and the repeat finds the key as it was to be: that was our change, and can be undone.
#[test]
fn a_change_whose_answer_was_lost_is_ours() {
    for (script, revision, is_ours) in [
        ("a<Tab><Enter>", 8, true),
        ("a<Tab><Enter>", 9, false),
        ("e<Ctrl-U>offsite<Enter>", 8, true),
        ("e<Ctrl-U>other<Enter>", 8, false),
    ] {
        let mut keys = some_keys();
        keys[0].revision = Some(7);
        let mut stage = Stage::with((80, 24), keys.clone(), 5);
        stage.press(script);
        let is_edit = script.starts_with('e');
        let mut now = AccessKey { revision: Some(revision), ..keys.remove(0) };
        if is_edit {
            now.label = Untrusted::new("offsite");
        } else {
            now.status = Status::Inactive;
        }
        let lost = ApiError::Unreachable(Untrusted::new("the server: connection reset"));
        for error in [lost, ApiError::Changed(Some(Box::new(now)))] {
            let Some(Request::Edit(before, _)) = stage.asked.take() else { panic!("nothing was sent") };
            let is_lost = matches!(error, ApiError::Unreachable(_));
            stage.reply(Reply::Edited(before, Err(error)));
            if is_lost {
                stage.press("<Enter>");
            }
        }
        let picture = stage.picture();
        assert_eq!(picture.contains("Undo with u."), is_ours, "{picture}");
        assert_eq!(matches!(stage.asked, Some(Request::Events(_))), !is_ours, "{picture}");
    }
}

#[test]
fn delete_refused() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("d 2XHC<Enter>");
        let key = Box::new(key("PK7QW3N5ZJ0V4T8M2XHC", "", latchkey::domain::Status::Active, 1, None));
        stage.reply(Reply::Deleted(key, Err(ApiError::NotAllowed(Untrusted::new("auditors may only look.\u{1b}[2J")))));
        stage
    }));
}

#[test]
fn deactivate() {
    assert_snapshot!(after("a"));
}

#[test]
fn activate() {
    assert_snapshot!(after("<Down><Down>a<Tab>"));
}

#[test]
fn expired_keys_are_not_switched() {
    assert_snapshot!(after("<Down><Down><Down>a"));
}

#[test]
fn delete_of_a_key_that_is_refused_already() {
    assert_snapshot!(after("<Down><Down><Down>d"));
}

/// A key that no request can use any more was used today: that is told, and not warned of.
#[test]
fn delete_of_an_inactive_key_that_was_used_today() {
    let told = |downs: &str| {
        let mut stage = Stage::with((80, 24), some_keys(), 5);
        stage.press(&format!("{downs}d"));
        for key in some_keys() {
            stage.reply(Reply::Usage(key.id, 1, Ok(used_today())));
        }
        stage.picture()
    };
    let (active, refused) = (told(""), told("<Down><Down><Down>"));
    assert!(active.contains("! Last 24 hours: 3 calls"), "{active}");
    assert!(refused.contains(" Last 24 hours: 3 calls") && !refused.contains("! Last"), "{refused}");
}

fn used_today() -> KeyUsage {
    let until = noon();
    KeyUsage {
        since: until - TimeDelta::days(1),
        until,
        span: UsageSpan::Hour,
        counts: vec![UsageCount { at: until - TimeDelta::hours(2), uses: 3, refusals: 0 }],
        addresses: Vec::new(),
        address_count: 1,
        has_more_addresses: false,
        tokens: 0,
        tokens_until: None,
    }
}

#[test]
fn edit() {
    assert_snapshot!(after("<Down><Down><Down>e"));
}

#[test]
fn help() {
    assert_snapshot!(after("?"));
}

#[test]
fn help_of_a_dialog() {
    let page = |typed: &'static str| {
        at_sizes(&[(80, 24), (50, 14)], |size| {
            let mut stage = Stage::with(size, some_keys(), 5);
            stage.press("c<Enter><Enter>");
            stage.created();
            stage.press("?");
            stage.press(typed);
            stage
        })
    };
    assert_snapshot!([page(""), page("copy")].concat());
}

/// A wide character of the list that reaches below a dialog would take a piece of its border with it.
#[test]
fn a_dialog_over_wide_characters_has_a_whole_border() {
    for width in [119, 120, 121] {
        let keys = (0..30).map(|n| key(&format!("PK{n:018}"), "監視システム", Status::Active, n, None)).collect();
        let mut stage = Stage::with((width, 40), keys, 30);
        stage.press("c");
        let picture = stage.picture();
        assert!(picture.contains("監視"), "{picture}");
        let count = |border: char| picture.matches(border).count();
        let sides = picture.lines().filter(|row| row.contains('│')).count();
        assert_eq!(['┌', '┐', '└', '┘', '│'].map(count), [1, 1, 1, 1, 2 * sides], "{picture}");
        assert!(sides > 8, "{picture}");
    }
}
