//! The words of the field: keys, secrets, queries. No I/O, no clock, no random source. Two things reach beyond values:
//! [`SecretKey`] can lock its memory, and [`Charset::speak`] sets once for the process what a terminal can show.

mod accounts;
mod base_url;
mod certificate;
mod clipboard;
pub mod diagnosis;
mod display;
mod fold;
mod in_force;
pub mod key;
pub mod secrets;

pub use accounts::identity::Identity;
pub use accounts::profile::Profile;
pub use accounts::role::Role;
pub use base_url::{BaseUrl, BaseUrlError, PASSPORTAL_HOSTS};
pub use certificate::Validity;
pub use clipboard::ClipboardChoice;
pub use display::charset::{AmbiguousWidth, Charset, SECOND_CELL};
pub use display::dates::Dates;
pub use display::local_time::in_zone;
pub use display::theme::{Background, Theme};
pub use display::untrusted::{ConfusableWarning, Untrusted, is_invisible, is_printable_ascii};
pub use fold::{fold, words};
pub use in_force::InForce;
pub use key::{
    AccessKey, AddressUsage, Condition, Conditions, CursorToken, DUE_DAYS, Filter, KeyFormat, KeyId, KeyIdError,
    KeyQuery, KeyUsage, Lifetimes, MOST_DAYS_BY_HOUR, MOST_DUE_DAYS, MOST_LISTED_ADDRESSES, MOST_OVERLAP,
    MOST_USAGE_DAYS, Order, Rotation, SEARCH_FILTERS, Search, SearchError, Sort, Status, Test, TextError, TextPattern,
    Texts, TimeRange, USAGE_DAYS, UsageCount, UsageSpan, View, near, views,
};
pub use secrets::access_token::{AccessToken, Grant, Verdict};
pub use secrets::content::{Content, ContentError};
pub use secrets::credentials::{Credentials, CredentialsForm};
pub use secrets::curl::{CurlEndpoint, curl_text};
pub use secrets::handover::{HandoverCode, HandoverKeys, lookup_digest};
pub use secrets::hmac::{HmacToken, hmac_token};
pub use secrets::key_file::KeyFileForm;
pub use secrets::leaks::{Leak, LeakFinder, leaks_in};
pub(crate) use secrets::redact::holds_credential;
pub use secrets::redact::{looks_secret, redact};
pub use secrets::sealed::{SealKey, SealTo, SealedSecret};
pub use secrets::secret_key::{SecretKey, SecretKeyError};
pub(crate) use secrets::stack::wiped_after;

/// Words with a capital at the beginning.
pub fn capitalized(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Words as a sentence: with a capital at the beginning and a full stop at the end.
pub fn sentence(words: &str) -> String {
    format!("{}.", capitalized(words).trim_end_matches('.'))
}
