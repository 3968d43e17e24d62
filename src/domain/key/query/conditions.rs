//! What a key must meet to be in a list, with every time known.

use chrono::{DateTime, Utc};

use crate::domain::Status;

/// What the keys of a list meet, each of them all of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions(pub Vec<Condition>);

/// A test that a key must pass or, if `excluded`, must not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub excluded: bool,
    pub test: Test,
}

/// One question about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// A folded text is a part of the ID or of a text that users write.
    Contains(String),
    /// Who answers for it, without regard to case and accents: one of these.
    Owner(Vec<TextPattern>),
    /// Who created it: one of these. Names are compared as given and in lower case, as names of administrators are.
    CreatedBy(Vec<TextPattern>),
    /// It has one of these.
    Status(Vec<Status>),
    /// It was not used at this time or later. A key that was never used counts if it was created before.
    UnusedSince(DateTime<Utc>),
    NeverUsed,
    /// When it stops working by itself. A key that never does is in no range.
    Expires(TimeRange),
    NeverExpires,
    Created(TimeRange),
    /// It is one of the two keys of a rotation that is under way at this time.
    Rotating(DateTime<Utc>),
    /// When it was last refused. A key that never was is in no range.
    Refused(TimeRange),
    /// When it becomes active again by itself. A key that doesn't is in no range.
    Reactivates(TimeRange),
}

/// A text, or its beginning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextPattern {
    Is(String),
    Begins(String),
}

/// From a time on, and before another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    pub from: Option<DateTime<Utc>>,
    pub before: Option<DateTime<Utc>>,
}

impl Conditions {
    /// The only status that keys may have, if one condition says so.
    pub fn only_status(&self) -> Option<Status> {
        self.0.iter().find_map(|condition| match condition {
            Condition { excluded: false, test: Test::Status(any) } if any.len() == 1 => any.first().copied(),
            _ => None,
        })
    }
}

impl From<Test> for Condition {
    fn from(test: Test) -> Self {
        Self { excluded: false, test }
    }
}

impl TextPattern {
    /// The same for another form of its text.
    #[must_use]
    pub fn map(self, form: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Is(text) => Self::Is(form(text)),
            Self::Begins(text) => Self::Begins(form(text)),
        }
    }

    /// Whether each text that is `other` is this too.
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Begins(start), Self::Is(text) | Self::Begins(text)) => text.starts_with(start),
            _ => self == other,
        }
    }
}
