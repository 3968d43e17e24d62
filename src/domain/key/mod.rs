//! An access key: what it has, what a user sets, and how keys are asked for.

mod access_key;
mod columns;
pub mod due;
pub mod fields;
mod format;
mod id;
mod lifetimes;
mod query;
mod texts;
mod usage;

pub use access_key::{AccessKey, DUE_DAYS, MOST_DUE_DAYS, MOST_OVERLAP, Rotation, Status};
pub(crate) use format::HexKind;
pub use format::KeyFormat;
pub use id::{KeyId, KeyIdError};
pub use lifetimes::Lifetimes;
pub use query::{
    Condition, Conditions, CursorToken, Filter, KeyQuery, Order, SEARCH_FILTERS, Search, SearchError, Sort, Test,
    TextPattern, TimeRange, View, near, views,
};
pub use texts::{TextError, Texts};
pub use usage::{
    AddressUsage, KeyUsage, MOST_DAYS_BY_HOUR, MOST_LISTED_ADDRESSES, MOST_USAGE_DAYS, USAGE_DAYS, UsageCount,
    UsageSpan,
};
