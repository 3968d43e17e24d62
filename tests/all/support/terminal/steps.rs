//! What nearly every story in a terminal does.

use super::Terminal;

impl Terminal {
    /// Creates a key in the program and shows its secret, which it gives.
    pub fn create_and_show(&mut self, label: &str) -> String {
        self.press(&format!("c{label}<Enter>"));
        self.sees("Access key created");
        self.press("s");
        self.sees("hidden in");
        self.word("sk_")
    }

    /// The same where a warning comes first.
    pub fn create_and_show_all_the_same(&mut self, label: &str) -> String {
        self.press(&format!("c{label}<Enter>"));
        self.sees("Access key created");
        self.press("s");
        self.sees("[Show anyway]");
        self.press("<Tab><Enter>");
        self.sees("hidden in");
        self.word("sk_")
    }

    /// Closes the dialog of a new key, from its first button.
    pub fn close(&mut self) {
        self.press("<Tab><Tab><Tab><Tab><Tab><Enter>");
        self.sees("is ready to use");
    }
}
