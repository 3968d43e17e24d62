//! Colours and attributes as a terminal gets them: with the 16 colours, and without.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use latchkey::client::Reply;
use latchkey::platform::clipboard::report::{CopyReport, What};
use latchkey::platform::terminal_kind::{ColourDepth, TerminalKind};

use crate::screens::stage::{SIZES, Stage, server, some_keys};
use crate::support::look::{bytes, look};

const MONO: TerminalKind = TerminalKind { colours: ColourDepth::Mono, ..TerminalKind::RICH };

fn production() -> Stage {
    let mut stage = Stage::with(SIZES[0], some_keys(), 5);
    let mut there = server("prod", "keys.example.net");
    there.profile.production = true;
    stage.reply(Reply::Connected(Ok(there)));
    stage
}

/// A new key whose copy has failed, its secret shown.
fn revealed(size: (u16, u16)) -> Stage {
    let mut stage = Stage::with(size, some_keys(), 5);
    stage.press("c<Enter><Enter>");
    stage.created();
    stage.press("s");
    stage.state_mut().on_copied(What::Secret, CopyReport::Failed { reason: "tmux does not answer.".into() });
    stage
}

/// A key that is in use, to be deleted.
fn deleting() -> Stage {
    let mut stage = Stage::with(SIZES[0], some_keys(), 5);
    stage.press("d");
    stage
}

fn seen(stage: &Stage, kind: TerminalKind) -> String {
    look(&bytes(stage.state(), stage.now, kind), stage.state().size)
}

#[test]
fn the_page_in_16_colours() {
    assert_snapshot!(seen(&production(), TerminalKind::RICH));
}

#[test]
fn the_page_without_colour() {
    assert_snapshot!(seen(&production(), MONO));
}

#[test]
fn a_warning_in_16_colours() {
    assert_snapshot!(seen(&deleting(), TerminalKind::RICH));
}

#[test]
fn a_secret_in_16_colours() {
    assert_snapshot!(seen(&revealed(SIZES[0]), TerminalKind::RICH));
}

#[test]
fn a_secret_without_colour() {
    assert_snapshot!(seen(&revealed(SIZES[1]), MONO));
}

/// Without colour everything still differs in its words or its marks.
#[test]
fn no_state_is_told_by_colour_alone() {
    let without = |text: String| -> Vec<String> {
        text.lines().filter(|row| row.chars().any(|c| !" bdurBRM#?".contains(c))).map(str::to_owned).collect()
    };
    for stage in [production(), revealed(SIZES[0])] {
        assert_eq!(without(seen(&stage, TerminalKind::RICH)), without(seen(&stage, MONO)));
        let statuses: Vec<&str> = ["● active", "○ inactive", "× expired"].into();
        let text = seen(&production(), MONO);
        assert!(statuses.iter().all(|status| text.contains(status)), "{text}");
    }
}

/// Nothing but the basic codes, whatever is on screen; and no colours where there are none.
#[test]
fn codes_are_the_basic_ones() {
    let colours = |kind| -> BTreeSet<String> {
        let text = |stage: Stage| String::from_utf8(bytes(stage.state(), stage.now, kind)).unwrap();
        let texts = [text(production()), text(deleting()), text(revealed(SIZES[0])), text(revealed(SIZES[1]))];
        let sequences = texts.iter().flat_map(|text| text.split("\x1b[").skip(1));
        let styles = sequences.filter_map(|sequence| Some(sequence.split_once('m')?.0));
        let codes = styles.filter(|codes| !codes.contains(char::is_alphabetic)).flat_map(|codes| codes.split(';'));
        codes.filter(|code| !["", "0", "1", "2", "4", "7"].contains(code)).map(str::to_owned).collect()
    };
    assert_eq!(colours(TerminalKind::RICH), BTreeSet::from(["31", "35", "39", "41", "97"].map(str::to_owned)));
    assert_eq!(colours(MONO), BTreeSet::new());
}
