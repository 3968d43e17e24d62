//! A walk over all pages of a list. Each key comes once, wherever it moves meanwhile.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use crate::client::{Cursor, ListRequest, Page};
use crate::domain::{AccessKey, KeyId, KeyQuery, Order, Sort};

/// Keys a page: the contract's most. 250 kB of JSON.
const PAGE: usize = 1000;

/// Where a walk is.
#[derive(Debug)]
pub struct ListWalk {
    /// The page that comes next; none at the end.
    next: Option<ListRequest>,
    /// How many keys may still come.
    left: u64,
    /// Which keys have come, where keys can move.
    seen: Option<Seen>,
    pages: u64,
    is_second: bool,
}

impl ListWalk {
    /// At most so many keys; the first page says what the list is `export`ed as.
    pub fn new(query: KeyQuery, limit: u64, export: Option<&'static str>) -> Self {
        let seen = (!query.sort.is_fixed()).then(Seen::default);
        let next = Some(ListRequest { query, place: Cursor::Start, counted: false, uses: false, export });
        Self { next, left: limit, seen, pages: 0, is_second: false }
    }

    /// The page to ask for, and its most keys; none at the end.
    pub fn next(&self) -> Option<(&ListRequest, usize)> {
        let most = usize::try_from(self.left).unwrap_or(PAGE).min(PAGE);
        self.next.as_ref().map(|request| (request, most))
    }

    /// Takes that page; gives its keys that have not come yet.
    pub fn take(&mut self, page: Page) -> Vec<AccessKey> {
        let Page { mut keys, after, .. } = page;
        self.pages += 1;
        if let Some(seen) = &mut self.seen {
            keys.retain(|key| seen.is_new(&key.id));
        }
        self.left -= self.left.min(keys.len() as u64);
        self.next = self.next.take().filter(|_| self.left > 0).and_then(|asked| match after {
            Some(cursor) => Some(ListRequest { place: Cursor::After(cursor), export: None, ..asked }),
            // A key that was used or renamed meanwhile may have moved to a page that had been read.
            None if self.seen.is_some() && self.pages > 1 && !self.is_second => {
                self.is_second = true;
                let query = KeyQuery { sort: Sort::Id, order: Order::Asc, ..asked.query };
                Some(ListRequest { query, place: Cursor::Start, counted: false, uses: false, export: None })
            }
            None => None,
        });
        keys
    }
}

/// Keys that have come, by fingerprints of 64 bits: 16 MB for a million.
#[derive(Debug, Default)]
struct Seen {
    fingerprints: HashSet<u64>,
    /// Seeded, so that a server cannot choose two IDs with one fingerprint.
    hasher: RandomState,
}

impl Seen {
    fn is_new(&mut self, id: &KeyId) -> bool {
        self.fingerprints.insert(self.hasher.hash_one(id.raw_for_api()))
    }
}
