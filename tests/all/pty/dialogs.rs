//! Dialogs as they stand in a real terminal of this or that size.

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::home::Home;
use crate::support::look::is_bar;
use crate::support::terminal::{Terminal, latchkey};

/// What is focused, from the cursor on.
fn under_cursor(terminal: &Terminal) -> String {
    let screen = terminal.screen.screen();
    let (row, column) = screen.cursor_position();
    let cells = (column..screen.size().1.get()).map_while(|x| screen.cell(row, x).filter(|cell| is_bar(cell)));
    cells.map(vt100::Cell::contents).collect::<String>().trim_end().to_owned()
}

/// Waits until the dialog with this title has a whole border.
#[track_caller]
fn is_whole(terminal: &mut Terminal, title: &str) {
    terminal
        .waits_for(&format!("a whole border of “{title}”"), |terminal| has_border(terminal, title) == Some(true));
}

/// None without the dialog.
fn has_border(terminal: &Terminal, title: &str) -> Option<bool> {
    let screen = terminal.screen.screen();
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let at = |y, x| screen.cell(y, x).map_or("", vt100::Cell::contents);
    let line = |y| (0..columns).map(|x| at(y, x)).collect::<String>();
    let top = (0..rows).find(|y| line(*y).contains(&format!(" {title} ─")))?;
    let of = |y, corner| (0..columns).find(|x| at(y, *x) == corner);
    let (left, right) = (of(top, "┌")?, of(top, "┐")?);
    let bottom = (top..rows).find(|y| at(*y, left) == "└")?;
    let sides = (top + 1..bottom).all(|y| (at(y, left), at(y, right)) == ("│", "│"));
    Some(sides && at(bottom, right) == "┘")
}

/// Every stop of Tab in a dialog, in this order.
#[track_caller]
fn stops_at(terminal: &mut Terminal, names: &[&str]) {
    for name in names {
        terminal.press("<Tab>");
        terminal.waits_for(name, |terminal| under_cursor(terminal) == *name);
    }
}

/// Half the height of the usual, as a pane of tmux has it: no button and no row of words is lost.
#[test]
fn all_of_a_token_dialog_is_on_screen_at_50x14() {
    let home = TempDir::new().unwrap();
    let mut terminal = Terminal::start_at(latchkey(home.path()), 14, 50);
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("Access key created");
    let id = terminal.word("PK");
    is_whole(&mut terminal, "Access key created");
    terminal.press("h");
    terminal.sees("[Generate] [Back]");
    is_whole(&mut terminal, "HMAC token");
    terminal.press("<Enter>");
    // At once, since a token that is hidden leaves its rows to others.
    terminal.waits_for("the token and its buttons", |terminal| {
        let buttons = ["[Copy token]", "[Copy content]", "[Copy as curl]", "[Back]"];
        terminal.shows("hidden in") && buttons.iter().all(|button| terminal.shows(button))
    });
    is_whole(&mut terminal, "HMAC token");
    stops_at(&mut terminal, &["[Copy content]", "[Copy as curl]", "[Back]"]);
    terminal.press("<Enter>");
    terminal.sees("[Test key]");
    terminal.press("t");
    terminal.sees("The server accepts the token for this key.");
    terminal.sees("Access token received.");
    is_whole(&mut terminal, "Test key");
    stops_at(&mut terminal, &["[Copy access token]", "[Test again]", "[Back]"]);
    terminal.press("<Enter>");
    terminal.sees("[Show key]");
    terminal.press("s");
    terminal.sees("hidden in");
    terminal.close();
    // The doctor, of a secret that is another key's.
    terminal.press("t");
    terminal.sees("HMAC token and access token");
    is_whole(&mut terminal, "HMAC token and access token");
    terminal.press(&"2".repeat(32));
    terminal.sees(&id);
    stops_at(&mut terminal, &["", "", "[HMAC token]", "[Get access token]", "[Doctor]"]);
    terminal.press("<Enter>");
    terminal.sees("[Test again]");
    is_whole(&mut terminal, "Doctor");
    terminal.signal(Signal::TERM);
    terminal.waits_for_end();
}

/// A wide character that a border cuts in two goes whole, and takes no border with it.
#[test]
fn no_border_is_lost_beside_a_wide_character() {
    let home = Home::new();
    // Of both parities, so that one of two rows has a character on either border.
    for n in 0..12 {
        home.create(&format!("{}{}", &"x"[..n % 2], "東京".repeat(40)));
    }
    // At 180 the label reaches beyond the right border too.
    for columns in [120, 121, 180, 181] {
        let mut terminal = Terminal::start_at(latchkey(home.0.path()), 40, columns);
        terminal.sees("東京東京");
        for (key, title) in [("d", "Delete access key"), ("c", "Create access key"), ("?", "Help")] {
            terminal.press(key);
            terminal.sees(title);
            is_whole(&mut terminal, title);
            terminal.press("<Esc>");
            terminal.loses(title);
        }
        terminal.signal(Signal::TERM);
        terminal.waits_for_end();
    }
}
