//! How the page tells times, as the setting `dates` says.

use std::str::FromStr;

/// A choice of how times are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dates {
    /// How long ago, or until then.
    #[default]
    Relative,
    /// Date and time of day, in the time zone here.
    Iso,
    /// Date and time of day, in UTC.
    Utc,
}

impl Dates {
    /// All of them, in the order in which a press changes them.
    pub const ALL: [Self; 3] = [Self::Relative, Self::Iso, Self::Utc];

    /// Its name in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Relative => "relative",
            Self::Iso => "iso",
            Self::Utc => "utc",
        }
    }

    /// How many cells a time takes that is told as a date and a time of day; none if it is told as how long ago.
    pub const fn cells(self) -> Option<usize> {
        match self {
            Self::Relative => None,
            Self::Iso => Some("2026-01-31 12:00".len()),
            Self::Utc => Some("2026-01-31 12:00Z".len()),
        }
    }

    /// The one after it; after the last, the first.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Relative => Self::Iso,
            Self::Iso => Self::Utc,
            Self::Utc => Self::Relative,
        }
    }
}

impl FromStr for Dates {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|dates| dates.as_str() == name);
        found.ok_or_else(|| format!("dates is one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}
