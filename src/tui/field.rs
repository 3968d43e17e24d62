//! One line of text being typed.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

/// A line of text with a cursor and a limit of characters. Takes no control characters.
#[derive(Clone, Default)]
pub struct Field {
    input: Input,
    limit: usize,
    masked: bool,
    is_selected: bool,
}

impl Field {
    /// A field with a text in it, the cursor at its end.
    pub fn new(text: &str, limit: usize) -> Self {
        Self { input: Input::new(text.to_owned()), limit, masked: false, is_selected: false }
    }

    /// A field with a text in it that is replaced by what is typed, unless the cursor is moved first.
    pub fn selected(text: &str, limit: usize) -> Self {
        Self { is_selected: !text.is_empty(), ..Self::new(text, limit) }
    }

    /// An empty field whose text is never drawn or printed.
    pub fn masked(limit: usize) -> Self {
        Self { masked: true, ..Self::new("", limit) }
    }

    /// Whether its text is never drawn.
    pub const fn is_masked(&self) -> bool {
        self.masked
    }

    /// Whether what is typed replaces its text.
    pub const fn is_selected(&self) -> bool {
        self.is_selected
    }

    /// What is in it.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Takes a press; false if the press means nothing to a field.
    pub fn press(&mut self, key: KeyEvent) -> bool {
        let modifiers = key.modifiers.difference(KeyModifiers::SHIFT);
        let control = modifiers == KeyModifiers::CONTROL;
        let alt = modifiers == KeyModifiers::ALT;
        let request = match key.code {
            KeyCode::Char(c) if modifiers.is_empty() => {
                return !c.is_control() && self.insert(c);
            }
            KeyCode::Char('u') if control => InputRequest::DeleteLine,
            KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
            KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
            KeyCode::Char('a') if control => InputRequest::GoToStart,
            KeyCode::Char('e') if control => InputRequest::GoToEnd,
            KeyCode::Backspace if alt || control => InputRequest::DeletePrevWord,
            KeyCode::Left if control => InputRequest::GoToPrevWord,
            KeyCode::Right if control => InputRequest::GoToNextWord,
            KeyCode::Delete if control => InputRequest::DeleteNextWord,
            _ if !modifiers.is_empty() => return false,
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            _ => return false,
        };
        if std::mem::take(&mut self.is_selected)
            && matches!(request, InputRequest::DeletePrevChar | InputRequest::DeleteNextChar)
        {
            self.input.reset();
        }
        self.input.handle(request);
        true
    }

    /// Takes pasted text, without its control characters, as far as it fits.
    pub fn paste(&mut self, text: &str) {
        // Terminals write the end of a line as CR, and programs that paste as LF or both.
        for c in text.replace("\r\n", "\n").trim_end_matches(['\r', '\n']).chars() {
            let c = if matches!(c, '\r' | '\n' | '\t') { ' ' } else { c };
            if !c.is_control() {
                self.insert(c);
            }
        }
    }

    /// What is before the cursor.
    pub fn before_cursor(&self) -> &str {
        let end = self.text().char_indices().nth(self.input.cursor()).map_or(self.text().len(), |(at, _)| at);
        &self.text()[..end]
    }

    fn insert(&mut self, c: char) -> bool {
        if std::mem::take(&mut self.is_selected) {
            self.input.reset();
        }
        if self.input.value().chars().count() < self.limit {
            self.input.handle(InputRequest::InsertChar(c));
        }
        true
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.masked { "…" } else { self.text() };
        f.debug_tuple("Field").field(&text).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_edits_and_keeps_its_limit() {
        let mut field = Field::new("ab", 4);
        for c in "cdef".chars() {
            field.press(KeyEvent::from(KeyCode::Char(c)));
        }
        assert_eq!(field.text(), "abcd");
        field.press(KeyEvent::from(KeyCode::Backspace));
        field.press(KeyEvent::from(KeyCode::Home));
        field.press(KeyEvent::from(KeyCode::Delete));
        assert_eq!(field.text(), "bc");
        assert!(!field.press(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::CONTROL)));
    }

    #[test]
    fn typing_replaces_a_selected_text() {
        let after = |codes: &[KeyCode]| {
            let mut field = Field::selected("90", 4);
            for code in codes {
                field.press(KeyEvent::from(*code));
            }
            field.text().to_owned()
        };
        let (one, two) = (KeyCode::Char('1'), KeyCode::Char('2'));
        assert_eq!(after(&[one, two]), "12");
        assert_eq!(after(&[KeyCode::Left, one]), "910");
        assert_eq!(after(&[KeyCode::Backspace]), "");
        assert_eq!(after(&[KeyCode::End, one]), "901");
    }

    #[test]
    fn words_are_edited_as_a_shell_does() {
        let after = |code, modifiers| {
            let mut field = Field::new("one two", 100);
            assert!(field.press(KeyEvent::new(code, modifiers)), "{code:?} {modifiers:?}");
            field.press(KeyEvent::from(KeyCode::Char('|')));
            field.text().to_owned()
        };
        let (alt, control) = (KeyModifiers::ALT, KeyModifiers::CONTROL);
        assert_eq!(after(KeyCode::Backspace, alt), "one |");
        assert_eq!(after(KeyCode::Char('w'), control), "one |");
        assert_eq!(after(KeyCode::Left, control), "one |two");
        assert_eq!(after(KeyCode::Char('u'), control), "|");
        assert_eq!(after(KeyCode::Char('a'), control), "|one two");
        assert_eq!(after(KeyCode::Char('e'), control), "one two|");
        let mut field = Field::new("one two", 100);
        for code in [KeyCode::Char('u'), KeyCode::Char('x'), KeyCode::Left, KeyCode::Home, KeyCode::Delete] {
            assert!(!field.press(KeyEvent::new(code, alt)), "{code:?}");
        }
        assert_eq!(field.text(), "one two");
    }

    #[test]
    fn pasted_control_characters_are_dropped() {
        let mut field = Field::new("", 100);
        field.paste("a\x1b[31mb\u{9b}c\nd\n");
        assert_eq!(field.text(), "a[31mbc d");
        for lines in ["a\rb", "a\nb", "a\r\nb\r\n", "a\tb\r"] {
            let mut field = Field::new("", 100);
            field.paste(lines);
            assert_eq!(field.text(), "a b", "{lines:?}");
        }
    }
}
