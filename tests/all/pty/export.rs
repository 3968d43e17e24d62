//! Lists that are longer than what a pipe holds.

use tempfile::TempDir;

use crate::support::fill::fill;
use crate::support::terminal::{Terminal, latchkey};

/// Goes to the command's field, and has the list given to this one.
fn give_to(terminal: &mut Terminal, command: &str) {
    terminal.press("E");
    terminal.sees("Export 2,000 keys");
    terminal.press("<Tab><Tab>");
    terminal.paste(command);
    terminal.press("<Enter>");
}

#[test]
fn a_command_that_reads_little_or_writes_much_or_waits_does_not_hold_up_the_page() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("many");
    fill(&data, 2000, &mut |_| {}).unwrap();
    let mut terminal = Terminal::start(latchkey(home.path()).arg("--data").arg(&data));
    terminal.sees("2,000");
    give_to(&mut terminal, "cat");
    terminal.sees("Exported 2,000 keys. The command finished successfully. Output: id,label,status,");
    give_to(&mut terminal, "head -n 1");
    terminal.sees("The command ended without reading all of its input.");
    terminal.sees("id,label,status,");
    terminal.press("<Esc>");
    terminal.loses("Export 2,000 keys");
    give_to(&mut terminal, "sleep 1000");
    terminal.sees("Writing…");
    terminal.press("<Esc>");
    terminal.sees("The command was interrupted.");
    terminal.press("<Esc>");
    terminal.loses("Export 2,000 keys");
    terminal.press("q");
    assert!(terminal.ends().0.success());
}
