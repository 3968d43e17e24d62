//! Editing a key: only what differs is sent, since the rest need not even be valid on another's server.

use chrono::{DateTime, Utc};

use crate::client::{ApiError, Changed, Changes, Client};
use crate::domain::key::fields;
use crate::domain::{AccessKey, Texts};
use crate::operations::keys::changes;

/// What an edit changes: texts and expiry date where they are given and differ from the key's; none if nothing does. An
/// expiry date of `Some(None)` is never. They are made for the key as it is here.
#[expect(clippy::option_option, reason = "unchanged, never and a time are three things")]
pub fn changes(key: &AccessKey, mut texts: Texts, expires_at: Option<Option<DateTime<Utc>>>) -> Option<Changes> {
    texts.retain(|name, text| fields::named(name).is_none_or(|field| field.raw_text(key) != text));
    let expires_at = expires_at.filter(|end| *end != key.expires_at);
    let changes = Changes { texts, expires_at, ..Changes::default() };
    (changes != Changes::default()).then_some(Changes { revision: key.revision, ..changes })
}

/// A key that another administrator changed after it was read: it was left as it is.
#[derive(Debug)]
pub(crate) struct Conflict {
    pub(crate) now: AccessKey,
    /// Who changed what.
    pub(crate) words: String,
}

/// Makes a change of a key as it was read. If another administrator was faster, nothing is changed, and it is said who
/// that was.
pub(crate) async fn send(
    client: &Client,
    key: &AccessKey,
    changes: &Changes,
) -> Result<Result<Changed<AccessKey>, Conflict>, ApiError> {
    match client.edit(&key.id, changes).await {
        Err(ApiError::Changed(Some(now))) => Ok(Err(conflict(client, key, *now).await)),
        done => done.map(Ok),
    }
}

/// What another administrator did to a key since it was read.
pub(crate) async fn conflict(client: &Client, key: &AccessKey, now: AccessKey) -> Conflict {
    // Without its history it can still be said what was changed.
    let page = client.history(&key.id, NEWEST, None).await.ok();
    let by = page.as_ref().and_then(|page| changes::changed_by(&page.events));
    Conflict { words: changes::meanwhile(by, key, &now), now }
}

/// Events among which the last change is looked for: uses and refusals may have come after it.
const NEWEST: usize = 100;
