//! What takes typed and pasted text: a field, or a form in which a field has the focus.

use crossterm::event::{KeyCode, KeyEvent};

use crate::tui::field::Field;
use crate::tui::keymap::Action;

pub(crate) trait TextInput {
    /// The field that has the focus; none if no text is taken now.
    fn field(&mut self) -> Option<&mut Field>;

    /// Moves the focus.
    fn go(&mut self, _: Action) {}

    /// Takes note that the text of a field may have changed.
    fn changed(&mut self) {}

    /// Takes a press that is no intent: into the field, or from one button to the next.
    fn press(&mut self, key: KeyEvent) {
        match (self.field(), key.code) {
            (Some(field), _) => {
                field.press(key);
                self.changed();
            }
            (None, KeyCode::Left) => self.go(Action::Previous),
            (None, KeyCode::Right) => self.go(Action::Next),
            _ => {}
        }
    }

    fn paste(&mut self, text: &str) {
        if let Some(field) = self.field() {
            field.paste(text);
            self.changed();
        }
    }
}

impl TextInput for Field {
    fn field(&mut self) -> Option<&mut Field> {
        Some(self)
    }
}
