//! The roles of administrators.

/// What an administrator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Manage keys and administrators.
    Superuser,
    /// Manage keys.
    Administrator,
    /// View keys, and change nothing.
    Auditor,
}

impl Role {
    /// Every role, the most powerful first.
    pub const ALL: [Self; 3] = [Self::Superuser, Self::Administrator, Self::Auditor];

    /// Whether this role may do all that `other` may.
    pub const fn includes(self, other: Self) -> bool {
        self as u8 <= other as u8
    }

    /// The word of the HTTP contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Superuser => "superuser",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    /// The role that the contract's word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}
