//! Editing a key: only what differs is sent, since the rest need not even be valid on another's server.

use chrono::{DateTime, Utc};

use crate::client::Changes;
use crate::domain::key::fields;
use crate::domain::{AccessKey, Texts};

/// What an edit changes: texts and expiry date where they are given and differ from the key's; none if nothing does. An
/// expiry date of `Some(None)` is never. They are made for the key as it is here.
#[expect(clippy::option_option, reason = "unchanged, never and a time are three things")]
pub fn changes(key: &AccessKey, mut texts: Texts, expires_at: Option<Option<DateTime<Utc>>>) -> Option<Changes> {
    texts.retain(|name, text| fields::named(name).is_none_or(|field| field.raw_text(key) != text));
    let expires_at = expires_at.filter(|end| *end != key.expires_at);
    let changes = Changes { texts, expires_at, ..Changes::default() };
    (changes != Changes::default()).then_some(Changes { revision: key.revision, ..changes })
}
