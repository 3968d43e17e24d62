//! Keys that are marked, to be changed together. A mark is on the key, not on its row.

use std::collections::{HashMap, HashSet};

use crate::domain::{AccessKey, Filter, KeyId};
use crate::operations::keys::bulk::Selection;
use crate::tui::state::Window;

#[derive(Debug, Default)]
pub struct Marks {
    /// Those that were marked one by one, as they were on screen.
    keys: HashMap<KeyId, AccessKey>,
    /// Those of them that were marked in another view, and not seen in this one since.
    elsewhere: HashSet<KeyId>,
    /// In their place all that a filter finds, but for some.
    all: Option<AllMarked>,
    range: Option<MarkRange>,
}

/// All that a filter finds, but for some.
#[derive(Debug, Default)]
struct AllMarked {
    filter: Filter,
    /// Those whose mark was taken away: by a press, or because they are done.
    except: HashSet<KeyId>,
    /// How many of these the filter doesn't find any more, as an act has changed them.
    gone: u64,
    /// How many are marked, while it is not known how many the filter finds after an act.
    left: Option<u64>,
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
            Some(all) => !all.except.contains(id),
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
            Some(all) => {
                let excepted = (all.except.len() as u64).saturating_sub(all.gone);
                all.left.or_else(|| total.map(|total| total.saturating_sub(excepted)))
            }
            None => Some(self.keys.len() as u64),
        }
    }

    /// How many of them the list on screen doesn't have, as far as its rows were read.
    pub fn elsewhere(&self) -> u64 {
        self.elsewhere.len() as u64
    }

    /// Which keys are marked.
    pub fn selection(&self) -> Selection {
        if let Some(all) = &self.all {
            return Selection::Matching(all.filter.clone(), all.except.clone());
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
            (Some(all), true) => all.include(&key.id),
            (Some(all), false) => all.exclude(&key.id),
            (None, true) => drop(self.keys.insert(key.id.clone(), key.clone())),
            (None, false) => self.remove(&key.id),
        }
    }

    fn remove(&mut self, id: &KeyId) {
        self.keys.remove(id);
        self.elsewhere.remove(id);
    }

    /// Marks all that a filter finds; none any more, if all are marked.
    pub(super) fn toggle_all(&mut self, filter: &Filter) {
        let are_marked = matches!(&self.all, Some(all) if all.except.is_empty());
        let all = || AllMarked { filter: filter.clone(), ..AllMarked::default() };
        *self = Self { all: (!are_marked).then(all), ..Self::default() };
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
        self.remove(id);
        if let Some(all) = &mut self.all {
            all.exclude(id);
        }
    }

    /// The same of a key that is not there any more, and is not counted among those that match.
    pub(super) fn forget_deleted(&mut self, id: &KeyId) {
        self.remove(id);
        if let Some(all) = &mut self.all
            && !all.except.remove(id)
            && let Some(left) = &mut all.left
        {
            *left = left.saturating_sub(1);
        }
    }

    /// An act has changed keys, and so how many of these match: it is counted again.
    pub(super) fn hold(&mut self, total: Option<u64>) {
        let left = self.count(total);
        if let Some(all) = &mut self.all {
            all.left = left;
        }
    }

    /// How many keys match, where so many of them are marked; none if the marks don't tell.
    pub(super) fn total_for(&self, marked: u64) -> Option<u64> {
        let all = self.all.as_ref()?;
        Some(marked + (all.except.len() as u64).saturating_sub(all.gone))
    }

    /// Takes how many keys match. What they are more than those that are marked are those whose mark was taken away.
    pub(super) fn on_total(&mut self, total: u64) {
        let Some(all) = &mut self.all else { return };
        if let Some(left) = all.left.take() {
            all.gone = (all.except.len() as u64).saturating_sub(total.saturating_sub(left));
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

    /// Another filter is listed. Single marks stay, on keys that it may not find; that on all that the old one finds is
    /// taken away, and true says so.
    pub(super) fn change_view(&mut self, filter: &Filter) -> bool {
        self.end_range();
        self.elsewhere = self.keys.keys().cloned().collect();
        self.all.take_if(|all| all.filter != *filter).is_some()
    }

    /// Takes note of which keys the list has.
    pub(super) fn see(&mut self, window: &Window) {
        if window.before().is_none() && window.after().is_none() {
            self.elsewhere = self.keys.keys().cloned().collect();
        }
        if !self.elsewhere.is_empty() {
            for key in window.rows_from(0) {
                self.elsewhere.remove(&key.id);
            }
        }
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

impl AllMarked {
    fn include(&mut self, id: &KeyId) {
        if self.except.remove(id) {
            self.left = self.left.map(|left| left + 1);
        }
    }

    fn exclude(&mut self, id: &KeyId) {
        if self.except.insert(id.clone()) {
            self.left = self.left.map(|left| left.saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Cursor, Page};
    use chrono::{DateTime, TimeDelta};

    fn key(n: usize) -> AccessKey {
        AccessKey::new(KeyId::parse(&format!("PK{n}")).unwrap(), DateTime::UNIX_EPOCH)
    }

    fn page(keys: Vec<AccessKey>) -> Page {
        Page {
            start: None,
            keys,
            before: None,
            after: None,
            total: Some(9),
            ahead: TimeDelta::zero(),
            lifetimes: crate::domain::Lifetimes::default(),
        }
    }

    fn window() -> Window {
        Window::new(Cursor::Start, page((0..9).map(key).collect()))
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
        assert!(!marks.change_view(&filter) && !marks.is_empty());
        marks.toggle_all(&filter);
        marks.toggle_all(&filter);
        assert!(marks.is_empty(), "all of all, then none");
        marks.toggle_all(&filter);
        assert!(marks.change_view(&Filter::default()) && marks.is_empty());
        assert!(!marks.change_view(&filter), "there was none");
    }

    #[test]
    fn what_an_act_has_done_is_not_taken_off_twice() {
        let (mut marks, window) = (Marks::default(), window());
        let id = |row: usize| &window.get(row).unwrap().id;
        marks.toggle_all(&Filter::default());
        marks.toggle(window.get(0).unwrap()); // stays among those that match
        for row in 1..5 {
            marks.forget(id(row)); // two of them will not match any more
        }
        marks.forget_deleted(id(5));
        assert_eq!(marks.count(Some(8)), Some(3));
        marks.hold(Some(8));
        assert_eq!(marks.count(None), Some(3), "it is known while the total is not");
        marks.forget(id(6)); // an answer that came late
        marks.on_total(6);
        assert_eq!(marks.count(Some(6)), Some(2));
        marks.toggle(window.get(0).unwrap());
        assert_eq!(marks.count(Some(6)), Some(3));
        // What someone else creates is marked too, as it matches.
        assert_eq!(marks.count(Some(7)), Some(4));
    }

    #[test]
    fn single_marks_stay_in_another_view_and_are_told_there() {
        let (mut marks, window) = (Marks::default(), window());
        for row in 0..3 {
            marks.toggle(window.get(row).unwrap());
        }
        marks.see(&window);
        assert_eq!((marks.count(None), marks.elsewhere()), (Some(3), 0));
        assert!(!marks.change_view(&Filter { text: "unused:90d".to_owned(), status: None }));
        assert_eq!((marks.count(None), marks.elsewhere()), (Some(3), 3));
        let mut fewer = Window::new(Cursor::Start, page((1..9).map(key).collect()));
        marks.see(&fewer);
        assert_eq!(marks.elsewhere(), 1);
        marks.toggle(fewer.get(0).unwrap());
        marks.forget(&key(0).id);
        assert_eq!((marks.count(None), marks.elsewhere()), (Some(1), 0));
        fewer.remove(&key(2).id);
        marks.see(&fewer);
        assert_eq!(marks.elsewhere(), 1, "it doesn't match any more");
    }
}
