//! Pictures where the terminal has nothing but ASCII, at every size. The charset is the process's.

use std::fmt::Write as _;

use insta::assert_snapshot;
use latchkey::domain::Charset;
use latchkey::platform::terminal_kind::{ColourDepth, TerminalKind};

use crate::screens::stage::{Stage, some_keys};
use crate::support::look;
use crate::support::own_process::alone;

const SIZES: [(u16, u16); 3] = [(40, 10), (80, 24), (200, 60)];
const POOR: TerminalKind =
    TerminalKind { charset: Charset::Ascii, colours: ColourDepth::Mono, titles: false, ..TerminalKind::RICH };

/// The page after a script, at every size.
fn after(script: &str, then: impl Fn(&mut Stage)) -> String {
    Charset::Ascii.speak();
    let mut all = String::new();
    for size in SIZES {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press(script);
        then(&mut stage);
        let bytes = look::bytes(stage.state(), stage.now, POOR);
        assert!(bytes.is_ascii(), "{}", String::from_utf8_lossy(&bytes));
        writeln!(all, "===== {}x{} =====\n{}", size.0, size.1, look::look(&bytes, size).trim_end()).unwrap();
    }
    all
}

#[test]
fn the_page() {
    alone("screens::ascii::the_page", || {
        assert_snapshot!(after("<Down><Enter>", |_| {}));
    });
}

#[test]
fn a_secret() {
    alone("screens::ascii::a_secret", || {
        let hidden = after("c<Enter><Enter>", |stage| drop(stage.created()));
        let shown = after("c<Enter><Enter>", |stage| {
            stage.created();
            stage.press("s");
        });
        assert_snapshot!(format!("{hidden}{shown}"));
    });
}

#[test]
fn help() {
    alone("screens::ascii::help", || {
        assert_snapshot!(after("?", |_| {}));
    });
}

/// A label that is typed or edited is shown escaped, with the cursor where it belongs.
#[test]
fn a_field() {
    alone("screens::ascii::a_field", || {
        assert_snapshot!(after("<Down>e", |_| {}));
        let typed = after("c Zürich<Left><Left>", |_| {});
        assert!(typed.contains("Z\\u{fc}rich"), "{typed}");
    });
}

/// Whatever the program says of its own has a place in the table: nothing came out as a question mark.
#[test]
fn every_dialog_can_be_read() {
    alone("screens::ascii::every_dialog_can_be_read", || {
        for script in ["c<BackTab><BackTab><BackTab><Right><Tab>", "c<Tab>", "d", "a", "t", "p", "/x", "e", "S"] {
            let text = after(script, |_| {}).replace("? help", "");
            assert!(!text.contains('?'), "{script}:\n{text}");
        }
    });
}
