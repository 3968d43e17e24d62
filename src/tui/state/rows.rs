//! A short list that is read whole: its rows, and the selected one.

use crate::client::ApiError;
use crate::tui::keymap::Action;

#[derive(Debug)]
pub struct Rows<T> {
    /// None before the first answer.
    pub entries: Option<Vec<T>>,
    pub selected: usize,
    /// Why they could not be read, or not again.
    pub failure: Option<ApiError>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { entries: None, selected: 0, failure: None }
    }
}

impl<T> Rows<T> {
    pub fn selected(&self) -> Option<&T> {
        self.entries.as_ref()?.get(self.selected)
    }

    pub fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, Vec::len)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first row on a screen of so many.
    pub const fn top(&self, height: usize) -> usize {
        (self.selected + 1).saturating_sub(height)
    }

    /// Moves the selection, on a screen of so many rows.
    pub fn go(&mut self, action: Action, height: usize) {
        let last = self.len().saturating_sub(1);
        self.selected = match action {
            Action::Up => self.selected.saturating_sub(1),
            Action::Down => self.selected + 1,
            Action::HalfUp => self.selected.saturating_sub(height / 2),
            Action::HalfDown => self.selected + height / 2,
            Action::PageUp => self.selected.saturating_sub(height),
            Action::PageDown => self.selected + height,
            Action::Home => 0,
            Action::End => last,
            _ => self.selected,
        }
        .min(last);
    }

    /// Takes an answer. What was selected stays so, as far as `is_same` finds it.
    pub fn on_read(&mut self, read: Result<Vec<T>, ApiError>, is_same: impl Fn(&T, &T) -> bool) {
        match read {
            Err(error) => self.failure = Some(error),
            Ok(entries) => {
                let before = self.selected();
                let at = before.and_then(|before| entries.iter().position(|entry| is_same(before, entry)));
                self.selected = at.unwrap_or(self.selected).min(entries.len().saturating_sub(1));
                (self.entries, self.failure) = (Some(entries), None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_follows_its_row_and_stays_within() {
        let mut rows = Rows::default();
        rows.go(Action::Down, 10);
        assert_eq!((rows.selected(), rows.len()), (None::<&char>, 0));
        rows.on_read(Ok(vec!['a', 'b', 'c']), char::eq);
        rows.go(Action::End, 10);
        rows.on_read(Ok(vec!['a', 'c', 'd', 'e']), char::eq);
        assert_eq!(rows.selected(), Some(&'c'));
        rows.on_read(Ok(vec!['a']), char::eq);
        assert_eq!((rows.selected(), rows.top(1)), (Some(&'a'), 0));
        rows.on_read(Err(ApiError::WrongCredentials), char::eq);
        assert_eq!((rows.selected(), rows.failure.is_some()), (Some(&'a'), true));
    }
}
