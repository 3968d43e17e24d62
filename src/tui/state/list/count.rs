//! Counts before a move, as vim and less have them: `10j`.
//!
//! A digit alone sorts, at once, and the same digit again reverses. So a count has two digits or more, which follow each
//! other without a pause. The move then brings back the order that the list had before its digits. While a range of marks is
//! open, digits only count.

use std::time::{Duration, Instant};

use super::List;
use crate::client::Request;
use crate::domain::KeyQuery;
use crate::tui::keymap::Action;

/// The longest pause between the presses of a count.
const TOGETHER: Duration = Duration::from_secs(1);
/// The most rows that a counted move goes: they are read page by page.
const MOST: usize = 9_999;

/// Digits that were just pressed.
#[derive(Debug)]
pub(crate) struct Digits {
    number: usize,
    at: Instant,
    /// What was listed before them.
    before: KeyQuery,
}

impl Digits {
    /// What they count, unless they only sort.
    fn count(&self, has_range: bool) -> Option<usize> {
        if has_range {
            return (self.number > 0).then_some(self.number);
        }
        let reverses = self.number < 100 && self.number.is_multiple_of(11);
        (self.number >= 10 && !reverses).then_some(self.number)
    }
}

impl List {
    /// The digits that a press follows. What was left of the last move is not made any more.
    pub(crate) fn take_digits(&mut self, now: Instant) -> Option<Digits> {
        self.steps = None;
        self.digits.take().filter(|digits| now.duration_since(digits.at) <= TOGETHER)
    }

    /// Takes a digit, which may belong to a count.
    pub(crate) fn add_digit(&mut self, digits: Option<Digits>, digit: usize, now: Instant) {
        let (number, before) = digits.map_or_else(|| (0, self.query.clone()), |digits| (digits.number, digits.before));
        self.digits = Some(Digits { number: number.saturating_mul(10).saturating_add(digit), at: now, before });
    }

    /// Moves the selection as often as was counted; to the first or last row, or to the row of that number.
    pub(crate) fn go_counted(&mut self, action: Action, digits: Option<Digits>) -> Option<Request> {
        let Some((count, digits)) = digits.and_then(|digits| Some((digits.count(self.marks.has_range())?, digits)))
        else {
            return self.go(action);
        };
        let page = self.height.max(1);
        let (action, rows) = match action {
            Action::PageUp => (Action::Up, page),
            Action::PageDown => (Action::Down, page),
            Action::HalfUp => (Action::Up, page.div_ceil(2)),
            Action::HalfDown => (Action::Down, page.div_ceil(2)),
            _ => (action, 1),
        };
        self.steps = Some((action, count.saturating_mul(rows).min(MOST)));
        self.change(digits.before).or_else(|| self.walk())
    }

    /// Makes the moves that are left, as far as rows are loaded; the rest when more of them are.
    pub(super) fn walk(&mut self) -> Option<Request> {
        let (action, count) = self.steps.take()?;
        if matches!(action, Action::Home | Action::End) {
            self.steps = Some((Action::Down, count - 1));
            return self.go(Action::Home).or_else(|| self.walk());
        }
        let mut request = None;
        for left in (1..=count).rev() {
            let before = self.selected;
            request = self.go(action).or(request);
            if self.selected == before {
                self.steps = self.is_loading().then_some((action, left));
                break;
            }
        }
        request
    }
}
