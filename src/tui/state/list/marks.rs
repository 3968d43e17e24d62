//! Keys that are marked, to be changed together. A mark is on the key, not on its row.

use std::collections::{HashMap, HashSet};

use crate::domain::{AccessKey, Filter, KeyId};
use crate::operations::keys::bulk::Selection;
use crate::tui::state::Window;

#[derive(Debug, Default)]
pub struct Marks {
    /// Those that were marked one by one, as they were on screen.
    keys: HashMap<KeyId, AccessKey>,
    /// In their place all that a filter finds, but for some.
    all: Option<(Filter, HashSet<KeyId>)>,
    range: Option<MarkRange>,
}

/// A range that follows the selection.
#[derive(Debug)]
struct MarkRange {
    /// Rows from the one where it began to the selected one; negative upward.
    rows: isize,
    /// The keys that were marked before.
    before: HashSet<KeyId>,
}

impl Marks {
    pub fn has(&self, id: &KeyId) -> bool {
        match &self.all {
            Some((_, except)) => !except.contains(id),
            None => self.keys.contains_key(id),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_none() && self.keys.is_empty() && self.range.is_none()
    }

    /// Whether a range follows the selection.
    pub const fn has_range(&self) -> bool {
        self.range.is_some()
    }

    /// How many keys are marked, of so many that match; none if that is not known.
    pub fn count(&self, total: Option<u64>) -> Option<u64> {
        match &self.all {
            Some((_, except)) => total.map(|total| total.saturating_sub(except.len() as u64)),
            None => Some(self.keys.len() as u64),
        }
    }

    /// Which keys are marked.
    pub fn selection(&self) -> Selection {
        if let Some((filter, except)) = &self.all {
            return Selection::Matching(filter.clone(), except.clone());
        }
        let mut keys: Vec<AccessKey> = self.keys.values().cloned().collect();
        keys.sort_by_cached_key(|key| (key.label.raw_for_api().to_owned(), key.id.raw_for_api().to_owned()));
        Selection::Keys(keys)
    }

    pub(super) fn toggle(&mut self, key: &AccessKey) {
        let is_marked = self.has(&key.id);
        self.set(key, !is_marked);
    }

    fn set(&mut self, key: &AccessKey, marked: bool) {
        match (&mut self.all, marked) {
            (Some((_, except)), true) => drop(except.remove(&key.id)),
            (Some((_, except)), false) => drop(except.insert(key.id.clone())),
            (None, true) => drop(self.keys.insert(key.id.clone(), key.clone())),
            (None, false) => drop(self.keys.remove(&key.id)),
        }
    }

    /// Marks all that a filter finds; none any more, if all are marked.
    pub(super) fn toggle_all(&mut self, filter: &Filter) {
        let are_marked = matches!(&self.all, Some((_, except)) if except.is_empty());
        *self = Self { all: (!are_marked).then(|| (filter.clone(), HashSet::new())), ..Self::default() };
    }

    pub(super) fn begin_range(&mut self, key: &AccessKey) {
        let before = self.keys.keys().cloned().collect();
        self.set(key, true);
        self.range = Some(MarkRange { rows: 0, before });
    }

    pub(crate) fn end_range(&mut self) {
        self.range = None;
    }

    /// The selection went from one row to another.
    pub(super) fn follow(&mut self, window: &Window, from: usize, to: usize) {
        let Some(range) = &mut self.range else { return };
        let (from, to, before) = (from.cast_signed(), to.cast_signed(), range.rows);
        let anchor = from - before;
        range.rows = to - anchor;
        let is_in = |row: isize, end: isize| (anchor.min(end)..=anchor.max(end)).contains(&row);
        for row in from.min(to)..=from.max(to) {
            let Some(key) = usize::try_from(row).ok().and_then(|row| window.get(row)) else { continue };
            let was_marked = self.range.as_ref().is_some_and(|range| range.before.contains(&key.id));
            match (is_in(row, from), is_in(row, to)) {
                (_, true) => self.set(key, true),
                (true, false) if !was_marked => self.set(key, false),
                _ => {}
            }
        }
    }

    /// Takes all marks away.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes a mark away from a key that is done.
    pub fn forget(&mut self, id: &KeyId) {
        self.keys.remove(id);
        if let Some((_, except)) = &mut self.all {
            except.insert(id.clone());
        }
    }

    /// Leaves of all that a filter found the keys that could not be changed, as far as they are loaded.
    pub(crate) fn leave<'a>(&mut self, window: &Window, unchanged: impl Iterator<Item = &'a KeyId>) {
        if self.all.take().is_some() {
            let unchanged: HashSet<&KeyId> = unchanged.collect();
            let left = window.rows_from(0).filter(|key| unchanged.contains(&key.id));
            self.keys = left.map(|key| (key.id.clone(), key.clone())).collect();
        }
    }

    /// Takes the marks away that are on what another filter finds.
    pub(super) fn keep_of(&mut self, filter: &Filter) {
        self.end_range();
        self.all.take_if(|(marked, _)| marked != filter);
    }

    /// Takes keys as they are now.
    pub(crate) fn renew(&mut self, window: &Window) {
        for key in window.rows_from(0) {
            if let Some(marked) = self.keys.get_mut(&key.id) {
                marked.clone_from(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Cursor, Page};
    use chrono::{DateTime, TimeDelta};

    fn window() -> Window {
        let key = |n: usize| AccessKey::new(KeyId::parse(&format!("PK{n}")).unwrap(), DateTime::UNIX_EPOCH);
        let keys = (0..9).map(key).collect();
        Window::new(
            Cursor::Start,
            Page {
                start: None,
                keys,
                before: None,
                after: None,
                total: Some(9),
                ahead: TimeDelta::zero(),
                lifetimes: crate::domain::Lifetimes::default(),
            },
        )
    }

    fn marked(marks: &Marks, window: &Window) -> String {
        (0..9).map(|row| if marks.has(&window.get(row).unwrap().id) { '*' } else { '.' }).collect()
    }

    #[test]
    fn a_range_follows_the_selection_and_leaves_earlier_marks() {
        let (mut marks, window) = (Marks::default(), window());
        marks.toggle(window.get(6).unwrap());
        marks.begin_range(window.get(4).unwrap());
        for (from, to, expected) in
            [(4, 7, "....****."), (7, 5, "....***.."), (5, 2, "..***.*.."), (2, 3, "...**.*.."), (3, 4, "....*.*..")]
        {
            marks.follow(&window, from, to);
            assert_eq!(marked(&marks, &window), expected, "from {from} to {to}");
        }
        marks.end_range();
        marks.follow(&window, 4, 8);
        assert_eq!(marked(&marks, &window), "....*.*..");
        assert_eq!(marks.count(None), Some(2));
    }

    #[test]
    fn all_that_match_but_for_some() {
        let (mut marks, window) = (Marks::default(), window());
        let filter = Filter { text: "unused:90d".to_owned(), status: None };
        marks.toggle_all(&filter);
        marks.toggle(window.get(1).unwrap());
        assert_eq!((marked(&marks, &window).as_str(), marks.count(Some(500))), ("*.*******", Some(499)));
        assert_eq!(marks.count(None), None);
        marks.keep_of(&filter);
        assert!(!marks.is_empty());
        marks.toggle_all(&filter);
        marks.toggle_all(&filter);
        assert!(marks.is_empty(), "all of all, then none");
        marks.toggle_all(&filter);
        marks.keep_of(&Filter::default());
        assert!(marks.is_empty());
    }
}
