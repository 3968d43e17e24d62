//! The loaded part of a list: a few pages that follow each other.

use std::collections::VecDeque;
use std::ops::Range;

use crate::client::{Cursor, Page};
use crate::domain::key::fields;
use crate::domain::key::fields::{FIELDS, FieldWidths};
use crate::domain::{AccessKey, CursorToken, KeyId};

/// A run of pages around what is on screen. Rows count from its first; it knows where that is in
/// the whole list when it can.
#[derive(Debug, Default)]
pub struct Window {
    pages: VecDeque<LoadedPage>,
    /// Rows of the whole list above the first loaded one, if known.
    pub above: Option<u64>,
}

#[derive(Debug)]
struct LoadedPage {
    place: Cursor,
    page: Page,
    /// Of its keys: measured once, since they are drawn at every press.
    widths: FieldWidths,
}

impl LoadedPage {
    fn new(place: Cursor, page: Page) -> Self {
        Self { place, widths: fields::widths(&page.keys), page }
    }
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
        Self { pages: VecDeque::from([LoadedPage::new(place, page)]), above }
    }

    /// How many rows are loaded.
    pub fn len(&self) -> usize {
        self.pages.iter().map(|loaded| loaded.page.keys.len()).sum()
    }

    /// Whether no row is loaded.
    pub fn is_empty(&self) -> bool {
        self.pages.iter().all(|loaded| loaded.page.keys.is_empty())
    }

    pub fn get(&self, row: usize) -> Option<&AccessKey> {
        let (page, at) = self.locate(row)?;
        self.pages[page].page.keys.get(at)
    }

    /// The loaded rows from one on.
    pub fn rows_from(&self, row: usize) -> impl Iterator<Item = &AccessKey> {
        self.pages.iter().flat_map(|loaded| &loaded.page.keys).skip(row)
    }

    /// How many cells texts take in the pages that some rows are of: for a text that no page has, none. Rows of one page
    /// are measured together, so that columns stay where they are while the list is scrolled.
    pub fn widths(&self, rows: Range<usize>) -> FieldWidths {
        let mut widths = [0; FIELDS.len()];
        let mut first = 0;
        for loaded in &self.pages {
            let is_seen = first < rows.end && first + loaded.page.keys.len() > rows.start;
            for (width, of_page) in widths.iter_mut().zip(loaded.widths) {
                *width = if is_seen { of_page.max(*width) } else { (*width).max(of_page.min(1)) };
            }
            first += loaded.page.keys.len();
        }
        widths
    }

    /// The row of a key.
    pub fn find(&self, id: &KeyId) -> Option<usize> {
        self.pages.iter().flat_map(|loaded| &loaded.page.keys).position(|key| key.id == *id)
    }

    /// Where the page above ends.
    pub fn before(&self) -> Option<&CursorToken> {
        self.pages.front()?.page.before.as_ref()
    }

    /// Where the page below begins.
    pub fn after(&self) -> Option<&CursorToken> {
        self.pages.back()?.page.after.as_ref()
    }

    /// The place of the page that holds a row.
    pub fn place_of(&self, row: usize) -> Option<Cursor> {
        Some(self.pages[self.locate(row)?.0].place.clone())
    }

    /// Adds the page below; gives how many rows fell off the top.
    pub fn push_below(&mut self, place: Cursor, page: Page) -> usize {
        self.pages.push_back(LoadedPage::new(place, page));
        if self.pages.len() <= MAX_PAGES {
            return 0;
        }
        let gone = self.pages.pop_front().map_or(0, |loaded| loaded.page.keys.len());
        if let Some(first) = self.pages.front()
            && let Some(above) = &mut self.above
        {
            *above += gone as u64;
            debug_assert!(first.page.before.is_some(), "a page below the first has one above");
        }
        gone
    }

    /// Adds the page above; gives how many rows it has.
    pub fn push_above(&mut self, place: Cursor, page: Page) -> usize {
        let rows = page.keys.len();
        self.above = if page.before.is_none() { Some(0) } else { self.above.map(|a| a.saturating_sub(rows as u64)) };
        self.pages.push_front(LoadedPage::new(place, page));
        self.pages.truncate(MAX_PAGES);
        rows
    }

    /// Puts a page in place of the one that was read from the same place. It still touches the page that it
    /// was read from; the one beyond stays only if its border did. Gives how many rows went from above it;
    /// none if there is no such page.
    pub fn replace(&mut self, place: &Cursor, page: Page) -> Option<usize> {
        let at = self.pages.iter().position(|loaded| loaded.place == *place)?;
        let old = std::mem::replace(&mut self.pages[at], LoadedPage::new(place.clone(), page)).page;
        let new = &self.pages[at].page;
        match place {
            // A page around a key is kept as the one after its start.
            Cursor::Start | Cursor::After(_) | Cursor::Around(_) => {
                if old.after != new.after {
                    self.pages.truncate(at + 1);
                }
                Some(0)
            }
            Cursor::End | Cursor::Before(_) => {
                if old.before == new.before {
                    return Some(0);
                }
                let gone: usize = self.pages.drain(..at).map(|loaded| loaded.page.keys.len()).sum();
                self.above = self.above.map(|above| above + gone as u64);
                Some(gone)
            }
        }
    }

    /// Puts a changed key in place of the old one. How it was used has not changed.
    pub fn update(&mut self, mut key: AccessKey) {
        for loaded in &mut self.pages {
            if let Some(old) = loaded.page.keys.iter_mut().find(|old| old.id == key.id) {
                key.daily_uses = key.daily_uses.take().or_else(|| old.daily_uses.take());
                *old = key;
                loaded.widths = fields::widths(&loaded.page.keys);
                return;
            }
        }
    }

    /// Takes a key out; gives its row.
    pub fn remove(&mut self, id: &KeyId) -> Option<usize> {
        let row = self.find(id)?;
        let (page, at) = self.locate(row)?;
        self.pages[page].page.keys.remove(at);
        Some(row)
    }

    fn locate(&self, row: usize) -> Option<(usize, usize)> {
        let mut rest = row;
        for (at, LoadedPage { page, .. }) in self.pages.iter().enumerate() {
            if rest < page.keys.len() {
                return Some((at, rest));
            }
            rest -= page.keys.len();
        }
        None
    }
}
