//! Which keys, and reading them one page after the other.

use std::collections::{HashSet, VecDeque};

use crate::client::{Cursor, ListRequest, Page};
use crate::domain::{AccessKey, Filter, KeyId, KeyQuery, Order, Sort};

/// Which keys.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Keys as they were read.
    Keys(Vec<AccessKey>),
    /// Keys that are still to be read, by ID.
    Ids(Vec<KeyId>),
    /// All that a filter finds, but for some.
    Matching(Filter, HashSet<KeyId>),
}

/// A walk over the keys of a selection. It holds no more than a page of those that a filter finds.
#[derive(Debug)]
pub struct Walk {
    keys: Vec<AccessKey>,
    ids: VecDeque<KeyId>,
    /// The next page.
    page: Option<ListRequest>,
    except: HashSet<KeyId>,
}

/// What a walk needs to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WalkStep {
    /// Nothing: here are keys.
    Keys(Vec<AccessKey>),
    /// This page.
    Page(ListRequest),
    /// This key.
    Key(KeyId),
    /// That was all.
    End,
}

impl Walk {
    pub fn new(selection: Selection) -> Self {
        let mut walk = Self { keys: Vec::new(), ids: VecDeque::new(), page: None, except: HashSet::new() };
        match selection {
            Selection::Keys(keys) => walk.keys = keys,
            Selection::Ids(ids) => walk.ids = ids.into(),
            Selection::Matching(filter, except) => {
                // A key keeps its place in this order, whatever is done to it: none is passed over, none comes twice.
                let query = KeyQuery { sort: Sort::Id, order: Order::Asc, filter };
                walk.page =
                    Some(ListRequest { query, place: Cursor::Start, counted: false, uses: false, export: None });
                walk.except = except;
            }
        }
        walk
    }

    /// What comes next. A page or a key is asked for until it has come.
    pub fn step(&mut self) -> WalkStep {
        if !self.keys.is_empty() {
            return WalkStep::Keys(std::mem::take(&mut self.keys));
        }
        match (self.ids.front(), &self.page) {
            (Some(id), _) => WalkStep::Key(id.clone()),
            (None, Some(page)) => WalkStep::Page(page.clone()),
            (None, None) => WalkStep::End,
        }
    }

    /// Takes the page that was asked for.
    pub fn on_page(&mut self, page: Page) -> Vec<AccessKey> {
        let next = |request: ListRequest| Some(ListRequest { place: Cursor::After(page.after?), ..request });
        self.page = self.page.take().and_then(next);
        let mut keys = page.keys;
        keys.retain(|key| !self.except.contains(&key.id));
        keys
    }

    /// Goes on to the next ID.
    pub(crate) fn pass_key(&mut self) -> Option<KeyId> {
        self.ids.pop_front()
    }
}
