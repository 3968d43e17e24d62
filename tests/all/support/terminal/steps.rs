//! What nearly every story in a terminal does.

use super::Terminal;

impl Terminal {
    /// Creates a key in the program and shows its secret, which it gives.
    pub fn create_and_show(&mut self, label: &str) -> String {
        self.press(&format!("c{label}<Enter>"));
        self.sees("Access key created");
        self.press("s");
        self.sees("hides in");
        self.word("sk_")
    }

    /// The same where a warning comes first.
    pub fn create_and_show_all_the_same(&mut self, label: &str) -> String {
        self.press(&format!("c{label}<Enter>"));
        self.sees("Access key created");
        self.press("s");
        self.sees("[Show it all the same]");
        self.press("<Tab><Enter>");
        self.sees("hides in");
        self.word("sk_")
    }

    /// Closes the dialog of a new key, from its first button.
    pub fn close(&mut self) {
        self.press("<Tab><Tab><Tab><Tab><Tab><Enter>");
        self.sees("is ready for use");
    }
}
