//! Places in sorted lists of keys, for keyset paging.

use serde::{Deserialize, Serialize};

use crate::domain::{Order, Sort};

/// A place in a sorted list: the value sorted by, and for equal values the order of creation. Places compare as the
/// keys of an ascending list do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Keyset {
    pub(crate) value: SortValue,
    pub(crate) seq: i64,
}

impl Keyset {
    /// The place directly before this one, where no key is: a page that begins after it begins with this one's key.
    pub(crate) fn just_before(&self, sort: Sort, order: Order) -> Self {
        let step = |number: i64| match order {
            Order::Asc => number.saturating_sub(1),
            Order::Desc => number.saturating_add(1),
        };
        let value = match self.value {
            SortValue::Number(seq) if sort == Sort::CreatedAt => SortValue::Number(step(seq)),
            ref value => value.clone(),
        };
        Self { value, seq: step(self.seq) }
    }
}

/// What a list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum SortValue {
    /// The order of creation, a time in milliseconds since 1970 (0 for a key that was never used, the greatest number
    /// for one that never expires), or a status's rank.
    Number(i64),
    /// An ID or a folded text, in the order of its bytes.
    Text(String),
}

impl SortValue {
    /// Whether lists sorted by `sort` have values of this type.
    pub(crate) fn fits(&self, sort: Sort) -> bool {
        match sort {
            Sort::Label | Sort::CreatedBy | Sort::Owner | Sort::Note | Sort::Id => matches!(self, Self::Text(_)),
            Sort::CreatedAt | Sort::ExpiresAt | Sort::LastUsedAt | Sort::Status => matches!(self, Self::Number(_)),
        }
    }
}
