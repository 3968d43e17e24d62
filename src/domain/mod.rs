//! The words of the field: keys, secrets, queries. No I/O, no clock, no random source. Two things reach beyond values:
//! [`SecretKey`] can lock its memory, and [`Charset::speak`] sets once for the process what a terminal can show.

mod access_token;
mod ambiguous;
mod base_url;
mod certificate;
mod charset;
mod clipboard;
mod content;
pub mod credential_kind;
mod credentials;
mod curl;
mod dates;
pub mod diagnosis;
mod fold;
mod hmac;
mod identity;
mod in_force;
pub mod key;
mod key_file;
mod local_time;
mod profile;
mod redact;
mod role;
mod secret_key;
mod stack;
mod theme;
mod untrusted;

pub use access_token::{AccessToken, Grant, Verdict};
pub use base_url::{BaseUrl, BaseUrlError, PASSPORTAL_HOSTS};
pub use certificate::Validity;
pub use charset::{AmbiguousWidth, Charset, SECOND_CELL};
pub use clipboard::ClipboardChoice;
pub use content::{Content, ContentError};
pub use credentials::{Credentials, CredentialsForm};
pub use curl::{CurlEndpoint, curl_text};
pub use dates::Dates;
pub use fold::{fold, words};
pub use hmac::{HmacToken, hmac_token};
pub use identity::Identity;
pub use in_force::InForce;
pub use key::{
    AccessKey, AddressUsage, Condition, Conditions, CursorToken, Filter, KeyFormat, KeyId, KeyIdError, KeyQuery,
    KeyUsage, Lifetimes, MOST_DAYS_BY_HOUR, MOST_LISTED_ADDRESSES, MOST_USAGE_DAYS, Order, SEARCH_FILTERS, Search,
    SearchError, Sort, Status, Test, TextError, TextPattern, Texts, TimeRange, UsageCount, UsageSpan, View, views,
};
pub use key_file::KeyFileForm;
pub use local_time::in_zone;
pub use profile::Profile;
pub(crate) use redact::holds_credential;
pub use redact::{looks_secret, redact};
pub use role::Role;
pub use secret_key::{SecretKey, SecretKeyError};
pub(crate) use stack::wiped_after;
pub use theme::{Background, Theme};
pub use untrusted::{ConfusableWarning, Untrusted, is_invisible, is_printable_ascii};

/// Words with a capital at the beginning.
pub fn capitalized(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Words as a sentence: with a capital at the beginning and a full stop at the end.
pub fn sentence(words: &str) -> String {
    format!("{}.", capitalized(words).trim_end_matches('.'))
}
