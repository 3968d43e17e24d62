//! A real xterm: what its keys and its mouse send.

use tempfile::TempDir;

use super::inside::Tmux;
use crate::support::program::binary;
use crate::support::terminal::{command, latchkey};
use crate::support::wait;
use crate::support::xterm::Xterm;

#[test]
fn a_click_presses_nothing_where_another_program_left_mouse_reports_on() {
    let (xterm, home) = (Xterm::start(&[]), TempDir::new().unwrap());
    let script = format!("printf '\\033[?1000h'; read _; exec {}", binary());
    let mut terminal = xterm.run(command("sh", home.path()).args(["-c", &script]));
    // The click is reported before the page starts.
    terminal.waits_for("mouse reports", |terminal| terminal.bytes.ends_with(b"\x1b[?1000h"));
    xterm.click();
    xterm.press(&["Return"]);
    terminal.sees("No access keys yet");
    let before = xterm.sent();
    assert!(before.starts_with(b"\x1b[M"), "{before:?}");
    terminal.create_and_show("nightly");
    terminal.close();
    xterm.click();
    xterm.press(&["F1"]);
    terminal.sees("Help");
    assert_eq!(xterm.sent()[before.len()..], *b"\x1bOP", "the page has switched them off");
    xterm.press(&["Escape"]);
    terminal.loses("Help");
    xterm.press(&["ctrl+c"]);
    assert!(terminal.ends().0.success());
}

#[test]
fn capitals_and_ctrl_c_come_through_where_another_program_left_extended_keys_on() {
    let (xterm, home) = (Xterm::start(&[]), TempDir::new().unwrap());
    let script = format!("printf '\\033[>4;2m\\033='; exec {}", binary());
    let mut terminal = xterm.run(command("sh", home.path()).args(["-c", &script]));
    terminal.sees("No access keys yet");
    xterm.press(&["c"]);
    terminal.sees("Create access key");
    xterm.types("Backup OF Friday");
    xterm.press(&["KP_1", "KP_Add"]);
    terminal.sees("Backup OF Friday1+");
    xterm.press(&["ctrl+c"]);
    assert!(terminal.ends().0.success());
}

#[test]
fn alt_and_ctrl_edit_a_field_by_words_and_close_nothing() {
    let (xterm, home) = (Xterm::start(&[]), TempDir::new().unwrap());
    let mut terminal = xterm.run(latchkey(home.path()));
    terminal.sees("No access keys yet");
    xterm.press(&["c"]);
    terminal.sees("Create access key");
    xterm.types("nightly backup of mail");
    terminal.sees("nightly backup of mail");
    xterm.press(&["alt+BackSpace", "alt+Return", "shift+Home", "alt+Up"]);
    terminal.sees("nightly backup of ");
    xterm.press(&["End", "ctrl+Left"]);
    xterm.types("copy ");
    terminal.sees("nightly backup copy of");
    xterm.press(&["Return"]);
    terminal.sees("Access key created");
    terminal.is_typed_to();
    terminal.press("s");
    terminal.sees("[Hide key]");
    xterm.press(&["alt+Return", "alt+Return"]);
    terminal.is_typed_to();
    // Still the dialog: in the list this would sort.
    terminal.press("s");
    terminal.sees("[Show key]");
}

/// Characters of ambiguous width take two cells there: ours are of ASCII then, and those of labels are measured.
#[test]
fn rows_line_up_where_ambiguous_characters_are_wide() {
    let (xterm, home) = (Xterm::start(&["-cjk_width"]), TempDir::new().unwrap());
    let mut terminal = xterm.run(latchkey(home.path()));
    // What the window has answered: ● took two cells.
    terminal.sees("No access keys yet");
    wait::until("the answer", || xterm.sent().ends_with(b"\x1b[1;3R"));
    terminal.press("c");
    terminal.waits_for("a border of ASCII", |terminal| terminal.text().contains("+ Create access key -"));
    terminal.paste("Büro – Zürich");
    terminal.press("<Enter>");
    terminal.sees("Access key created");
    terminal.press("s");
    terminal.sees("hidden in");
    terminal.close();
    terminal.sees("* active");
    terminal.gets("Büro – Zürich".as_bytes());
    let text = String::from_utf8_lossy(&terminal.bytes).into_owned();
    let drawn: String = text
        .split("\x1b[")
        .map(|part| match part.split_once('m') {
            Some((style, rest)) if style.chars().all(|c| c.is_ascii_digit() || c == ';') => rest,
            _ => part,
        })
        .collect();
    // How many blanks there are between two texts, wherever that is all between them.
    let between = |from: &str, to: &str| -> Vec<usize> {
        let rests = drawn.split(from).skip(1).filter(|rest| rest.trim_start_matches(' ').starts_with(to));
        rests.map(|rest| rest.len() - rest.trim_start_matches(' ').len()).collect()
    };
    // The two end in the same column; ü, – and ü take two cells each.
    let ends = |from: usize, blanks: &usize, to: &str| from + blanks + to.len();
    let names: Vec<_> = between("Label", "Last used").iter().map(|n| ends("Label".len(), n, "Last used")).collect();
    let rows: Vec<_> = between("Büro – Zürich", "never").iter().map(|n| ends(10 + 3 * 2, n, "never")).collect();
    assert!(!rows.is_empty() && rows.iter().all(|end| names.contains(end)), "{names:?} {rows:?} {text:?}");
    assert!(!text.rsplit("Create access key").next().unwrap().contains(['▶', '●', '│', '…', '•']), "{text:?}");
}

/// tmux names no selection, and xterm takes that for PRIMARY.
#[test]
fn a_copy_through_tmux_is_where_the_page_says() {
    let xterm = Xterm::start(&["-xrm", "XTerm*allowWindowOps: true"]);
    xterm.desktop.copies("of someone else");
    let (_tmux, mut terminal) = Tmux::in_window(&xterm);
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("");
    terminal.sees(
        "Copy goes through tmux to xterm's PRIMARY selection (paste with the middle button), if xterm allows it.",
    );
    terminal.press("c");
    terminal.sees("sent through tmux to xterm's PRIMARY selection (middle button)");
    wait::until("the secret in PRIMARY", || xterm.desktop.selects() == secret);
    terminal.press("x");
    terminal.sees("xterm's PRIMARY selection overwritten.");
    wait::until("a space in PRIMARY", || xterm.desktop.selects() == " ");
    assert_eq!(xterm.desktop.holds(), "of someone else");
}
