//! Which keys, in which order: the question behind a list.

mod conditions;
mod search;
mod views;

use super::Status;

pub use conditions::{Condition, Conditions, Test, TextPattern, TimeRange};
pub use search::{SEARCH_FILTERS, Search, SearchError, near};
pub use views::{View, views};

/// What a list of keys is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// By time of creation.
    #[default]
    CreatedAt,
    /// By who created it.
    CreatedBy,
    /// By expiry; a key that never expires sorts as latest.
    ExpiresAt,
    /// By last use; a key that was never used sorts as oldest.
    LastUsedAt,
    /// By label, without regard to case.
    Label,
    /// By owner, without regard to case.
    Owner,
    /// By note, without regard to case.
    Note,
    /// By status: active, expired, inactive.
    Status,
    /// By access key ID.
    Id,
}

impl Sort {
    /// Every sort, in the order of its digit on the page: users know the digits, so a new sort comes last.
    pub const ALL: [Self; 9] = [
        Self::Id,
        Self::Label,
        Self::CreatedAt,
        Self::LastUsedAt,
        Self::Status,
        Self::Owner,
        Self::Note,
        Self::ExpiresAt,
        Self::CreatedBy,
    ];

    /// The word of the HTTP contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::CreatedBy => "created_by",
            Self::ExpiresAt => "expires_at",
            Self::LastUsedAt => "last_used_at",
            Self::Label => "label",
            Self::Owner => "owner",
            Self::Note => "note",
            Self::Status => "status",
            Self::Id => "id",
        }
    }

    /// The sort that a word names: that of the contract, or a short one that users may type.
    pub fn parse(word: &str) -> Option<Self> {
        let short = match word {
            "created" => Some(Self::CreatedAt),
            "by" => Some(Self::CreatedBy),
            "expires" => Some(Self::ExpiresAt),
            "used" => Some(Self::LastUsedAt),
            _ => None,
        };
        short.or_else(|| Self::of_contract(word))
    }

    /// The sort that the contract's word names.
    pub fn of_contract(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }

    /// Whether a key keeps its place in this sort as long as it exists.
    pub const fn is_fixed(self) -> bool {
        matches!(self, Self::CreatedAt | Self::Id)
    }

    /// The order that a user means when choosing this sort: newest first, or A to Z.
    pub const fn natural_order(self) -> Order {
        match self {
            Self::CreatedAt | Self::LastUsedAt => Order::Desc,
            Self::ExpiresAt | Self::Label | Self::CreatedBy | Self::Owner | Self::Note | Self::Status | Self::Id => {
                Order::Asc
            }
        }
    }
}

/// The direction of a sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Smallest or oldest first.
    Asc,
    /// Largest or newest first.
    #[default]
    Desc,
}

impl Order {
    /// The word of the HTTP contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }

    /// The order that the contract's word names.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "asc" => Some(Self::Asc),
            "desc" => Some(Self::Desc),
            _ => None,
        }
    }

    /// The other direction.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Self::Asc => Self::Desc,
            Self::Desc => Self::Asc,
        }
    }
}

/// Which keys a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// A part of the ID or of a text, without regard to case; empty for all.
    pub text: String,
    /// Only keys of this status.
    pub status: Option<Status>,
}

impl Filter {
    /// Refuses a text that must not be sent: a filter is in a URL, which others log. Says why, without the text.
    pub fn check(text: &str) -> Result<(), &'static str> {
        if crate::domain::holds_credential(text) {
            return Err("that looks like a secret or token; it was not accepted, because filters are sent in URLs");
        }
        Ok(())
    }

    /// Whether every key passes.
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty() && self.status.is_none()
    }
}

/// A filter and an order: what a list on screen shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyQuery {
    pub sort: Sort,
    /// In which direction.
    pub order: Order,
    pub filter: Filter,
}

/// A place between two keys of a sorted list, as the server wrote it. Opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CursorToken(pub String);

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::Filter;
    use crate::domain::{KeyFormat, KeyId, SecretKey};

    #[test]
    fn no_credential_is_a_filter() {
        let secret = SecretKey::from_random(&Zeroizing::new([9; 32]), KeyFormat::Prefixed);
        let hex = SecretKey::from_random(&Zeroizing::new([9; 32]), KeyFormat::Hex);
        let id = KeyId::from_random(&[9; 28], KeyFormat::Hex);
        let session = "q7Yw3mXk0ZfT-dVb2LrGh8JnPs5AcE1uUoIi9BvKx4M";
        for refused in [
            secret.expose(),
            hex.expose(),
            "at sk_abcdefgh",
            "eyJ0eXAi.a.b",
            &format!("at{}", "0c".repeat(32)),
            &"2".repeat(33),
            session,
        ] {
            let why = Filter::check(refused).unwrap_err();
            assert!(!why.contains(refused), "{why}");
        }
        for good in
            [id.raw_for_api(), "", "nightly backup", "sk_", "task_list", "PK7QW3N5ZJ0V4T8M2XHC", &"2".repeat(32)]
        {
            assert_eq!(Filter::check(good), Ok(()), "{good}");
        }
    }
}
