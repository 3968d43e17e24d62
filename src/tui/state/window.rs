//! The loaded part of a list: a few pages that follow each other.

use std::collections::VecDeque;

use crate::client::{Cursor, Page};
use crate::domain::{AccessKey, CursorToken, KeyId};

/// A run of pages around what is on screen. Rows count from its first; it knows where that is in
/// the whole list when it can.
#[derive(Debug, Default)]
pub struct Window {
    pages: VecDeque<(Cursor, Page)>,
    /// Rows of the whole list above the first loaded one, if known.
    pub above: Option<u64>,
}

/// Pages kept. 8 × 100 rows are about 250 kB.
const MAX_PAGES: usize = 8;

impl Window {
    /// A window of one page.
    pub fn new(place: Cursor, page: Page) -> Self {
        let above = match place {
            Cursor::Start => Some(0),
            _ => page.total.filter(|_| place == Cursor::End).map(|total| total.saturating_sub(page.keys.len() as u64)),
        };
        Self { pages: VecDeque::from([(place, page)]), above }
    }

    /// How many rows are loaded.
    pub fn len(&self) -> usize {
        self.pages.iter().map(|(_, page)| page.keys.len()).sum()
    }

    /// Whether no row is loaded.
    pub fn is_empty(&self) -> bool {
        self.pages.iter().all(|(_, page)| page.keys.is_empty())
    }

    pub fn get(&self, row: usize) -> Option<&AccessKey> {
        let (page, at) = self.locate(row)?;
        self.pages[page].1.keys.get(at)
    }

    /// The loaded rows from one on.
    pub fn rows_from(&self, row: usize) -> impl Iterator<Item = &AccessKey> {
        self.pages.iter().flat_map(|(_, page)| &page.keys).skip(row)
    }

    /// The row of a key.
    pub fn find(&self, id: &KeyId) -> Option<usize> {
        self.pages.iter().flat_map(|(_, page)| &page.keys).position(|key| key.id == *id)
    }

    /// Where the page above ends.
    pub fn before(&self) -> Option<&CursorToken> {
        self.pages.front()?.1.before.as_ref()
    }

    /// Where the page below begins.
    pub fn after(&self) -> Option<&CursorToken> {
        self.pages.back()?.1.after.as_ref()
    }

    /// The place of the page that holds a row.
    pub fn place_of(&self, row: usize) -> Option<Cursor> {
        Some(self.pages[self.locate(row)?.0].0.clone())
    }

    /// Adds the page below; gives how many rows fell off the top.
    pub fn push_below(&mut self, place: Cursor, page: Page) -> usize {
        self.pages.push_back((place, page));
        if self.pages.len() <= MAX_PAGES {
            return 0;
        }
        let gone = self.pages.pop_front().map_or(0, |(_, page)| page.keys.len());
        if let Some((_, first)) = self.pages.front_mut()
            && let Some(above) = &mut self.above
        {
            *above += gone as u64;
            debug_assert!(first.before.is_some(), "a page below the first has one above");
        }
        gone
    }

    /// Adds the page above; gives how many rows it has.
    pub fn push_above(&mut self, place: Cursor, page: Page) -> usize {
        let rows = page.keys.len();
        self.above = if page.before.is_none() { Some(0) } else { self.above.map(|a| a.saturating_sub(rows as u64)) };
        self.pages.push_front((place, page));
        self.pages.truncate(MAX_PAGES);
        rows
    }

    /// Puts a page in place of the one that was read from the same place. It still touches the page that it
    /// was read from; the one beyond stays only if its border did. Gives how many rows went from above it;
    /// none if there is no such page.
    pub fn replace(&mut self, place: &Cursor, page: Page) -> Option<usize> {
        let at = self.pages.iter().position(|(p, _)| p == place)?;
        let old = std::mem::replace(&mut self.pages[at].1, page);
        let new = &self.pages[at].1;
        match place {
            Cursor::Start | Cursor::After(_) => {
                if old.after != new.after {
                    self.pages.truncate(at + 1);
                }
                Some(0)
            }
            Cursor::End | Cursor::Before(_) => {
                if old.before == new.before {
                    return Some(0);
                }
                let gone: usize = self.pages.drain(..at).map(|(_, page)| page.keys.len()).sum();
                self.above = self.above.map(|above| above + gone as u64);
                Some(gone)
            }
        }
    }

    /// Puts a changed key in place of the old one.
    pub fn update(&mut self, key: AccessKey) {
        if let Some(old) = self.pages.iter_mut().flat_map(|(_, p)| &mut p.keys).find(|old| old.id == key.id) {
            *old = key;
        }
    }

    /// Takes a key out; gives its row.
    pub fn remove(&mut self, id: &KeyId) -> Option<usize> {
        let row = self.find(id)?;
        let (page, at) = self.locate(row)?;
        self.pages[page].1.keys.remove(at);
        Some(row)
    }

    fn locate(&self, row: usize) -> Option<(usize, usize)> {
        let mut rest = row;
        for (at, (_, page)) in self.pages.iter().enumerate() {
            if rest < page.keys.len() {
                return Some((at, rest));
            }
            rest -= page.keys.len();
        }
        None
    }
}
