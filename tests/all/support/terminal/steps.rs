//! What nearly every story in a terminal does.

use super::Terminal;
use crate::support::look::is_bar;

impl Terminal {
    /// Creates a key in the program and shows its secret, which it gives.
    pub fn create_and_show(&mut self, label: &str) -> String {
        let again = if label.is_empty() { "<Enter>" } else { "" }; // without a label, it asks once
        self.press(&format!("c{label}<Enter>{again}"));
        self.sees("Access key created");
        self.press("s");
        self.sees("hidden in");
        self.word("sk_")
    }

    /// The same where a warning comes first.
    pub fn create_and_show_all_the_same(&mut self, label: &str) -> String {
        let again = if label.is_empty() { "<Enter>" } else { "" }; // without a label, it asks once
        self.press(&format!("c{label}<Enter>{again}"));
        self.sees("Access key created");
        self.press("s");
        self.sees("[Show anyway]");
        self.press("<Tab><Enter>");
        self.sees("hidden in");
        self.word("sk_")
    }

    /// Goes to the button that closes the dialog of a new key, by Esc. The terminal sends Esc and a key at once for Alt
    /// and the key, so what is pressed next waits until it was taken.
    pub fn goes_to_close(&mut self) {
        self.press("<Esc>");
        self.waits_for("[Close] focused", |terminal| {
            let screen = terminal.screen.screen();
            let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
            screen.rows(0, columns).zip(0..rows).any(|(text, row)| {
                let before = text.split_once("[Close]").map(|(before, _)| before.chars().count());
                let column = before.and_then(|count| u16::try_from(count).ok());
                column.and_then(|column| screen.cell(row, column)).is_some_and(is_bar)
            })
        });
    }

    /// Closes the dialog of a new key, from its first button.
    pub fn close(&mut self) {
        self.press("<BackTab><Enter>");
        self.sees("is ready to use");
    }
}
