//! The keys that access tokens are signed with, as a server keeps them in memory.
//!
//! After a rotation there are two of them for an hour, until the last token of the one before has expired. A server signs
//! with the new one only when every other server knows it or verifies nothing: when it has known the key itself for as long
//! as any server may go on without hearing from the database. So no token is refused because of a rotation.

use std::sync::Arc;
use std::time::Duration;

use crate::server::auth::token;

/// What is added to times of other machines' clocks.
const MARGIN: Duration = Duration::from_secs(60);

/// A signing key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredSigningKey {
    /// In the header of its tokens; empty for the first, which no header names.
    pub(crate) id: String,
    /// Encrypted with the master key. `None` for the half of that key which signs until the first rotation.
    pub(crate) encrypted: Option<Vec<u8>>,
}

/// A signing key to be stored.
#[derive(Clone)]
pub(crate) struct NewSigningKey {
    pub(crate) id: String,
    /// Encrypted with the master key.
    pub(crate) encrypted: Vec<u8>,
    /// The ID of that master key.
    pub(crate) encrypted_by: String,
    /// Whether all others end at once, with their tokens.
    pub(crate) ends_others: bool,
}

impl NewSigningKey {
    /// What the trail says of it.
    pub(crate) fn words(&self) -> String {
        let of_others = if self.ends_others { "; no other is accepted any more" } else { "" };
        format!("new key {}{of_others}", self.id)
    }
}

/// The signing keys of a store. Times are since the machine was started.
#[derive(Debug, Default)]
pub(crate) struct SigningKeys(Vec<KnownKey>);

#[derive(Debug)]
struct KnownKey {
    stored: Arc<StoredSigningKey>,
    /// How old it was at `read`, by the clock of the database.
    age: Duration,
    read: Duration,
    /// When this process first knew it.
    learnt: Duration,
}

impl KnownKey {
    fn age(&self, now: Duration) -> Duration {
        self.age + now.saturating_sub(self.read)
    }
}

/// When all servers sign with a new key: all know it after the longest lease, and use it after another one.
fn settled(longest_lease: Duration) -> Duration {
    2 * longest_lease + MARGIN
}

/// How long after a rotation the key before is accepted.
pub(crate) fn accepted_for(longest_lease: Duration) -> Duration {
    settled(longest_lease) + Duration::from_secs(token::LIFETIME.unsigned_abs()) + MARGIN
}

impl SigningKeys {
    /// Takes all stored keys with their ages, the oldest first, as they were read at `now`.
    pub(crate) fn learn(&mut self, stored: impl IntoIterator<Item = (StoredSigningKey, Duration)>, now: Duration) {
        let known = std::mem::take(&mut self.0);
        let learnt = |key: &StoredSigningKey| known.iter().find(|known| known.stored.id == key.id);
        self.0 = stored
            .into_iter()
            .map(|(stored, age)| match learnt(&stored) {
                Some(known) => KnownKey { learnt: known.learnt, stored: Arc::new(stored), age, read: now },
                None => KnownKey { stored: Arc::new(stored), age, read: now, learnt: now },
            })
            .collect();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<StoredSigningKey>> {
        self.0.iter().map(|key| Arc::clone(&key.stored)).collect()
    }

    /// The one to sign with: the newest that no server refuses.
    pub(crate) fn to_sign(&self, now: Duration, longest_lease: Duration) -> Option<&Arc<StoredSigningKey>> {
        let is_known_everywhere =
            |key: &&KnownKey| now.saturating_sub(key.learnt) >= longest_lease || key.age(now) >= settled(longest_lease);
        let newest = self.0.iter().rev().find(is_known_everywhere);
        newest.or(self.0.first()).map(|key| &key.stored)
    }

    /// Whether tokens of the key with this ID are accepted: of the newest, and of one whose last token may not have
    /// expired yet.
    pub(crate) fn accept(&self, id: &str, now: Duration, longest_lease: Duration) -> bool {
        let Some(position) = self.0.iter().position(|key| key.stored.id == id) else { return false };
        let next = self.0.get(position + 1);
        next.is_none_or(|next| next.age(now) < accepted_for(longest_lease))
    }
}

#[cfg(test)]
mod tests {
    use crate::server::store::tokens::signing_keys::*;

    const LEASE: Duration = Duration::from_secs(5);

    fn key(id: &str) -> StoredSigningKey {
        StoredSigningKey { id: id.to_owned(), encrypted: None }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn signs(keys: &SigningKeys, now: u64) -> &str {
        &keys.to_sign(seconds(now), LEASE).unwrap().id
    }

    #[test]
    fn a_new_key_signs_when_every_server_knows_it_and_the_old_one_ends_an_hour_later() {
        let mut keys = SigningKeys::default();
        keys.learn([(key("old"), seconds(9_999))], seconds(100));
        assert_eq!(signs(&keys, 100), "old");
        keys.learn([(key("old"), seconds(10_999)), (key("new"), seconds(1))], seconds(1_000));
        assert_eq!((signs(&keys, 1_004), signs(&keys, 1_005)), ("old", "new"));
        // What is read again is not new again.
        keys.learn([(key("old"), seconds(11_003)), (key("new"), seconds(5))], seconds(1_004));
        assert_eq!((signs(&keys, 1_004), signs(&keys, 1_005)), ("old", "new"));
        let accepted = |id, now| keys.accept(id, seconds(now), LEASE);
        assert!(accepted("old", 1_000) && accepted("new", 1_000) && !accepted("other", 1_000));
        let end = 999 + accepted_for(LEASE).as_secs();
        assert!(accepted("old", end - 1) && !accepted("old", end) && accepted("new", end + 100_000));
        assert!(end >= 1_000 + 60 * 60);
    }

    #[test]
    fn a_server_that_starts_signs_with_the_key_before_until_all_know_the_new_one() {
        let mut keys = SigningKeys::default();
        keys.learn([(key("old"), seconds(9_999)), (key("new"), seconds(1))], seconds(50));
        assert_eq!((signs(&keys, 54), signs(&keys, 55)), ("old", "new"));
        // One that starts much later begins with the new one, or tokens of the old one would not live for their hour.
        let mut keys = SigningKeys::default();
        keys.learn([(key("old"), seconds(9_999)), (key("new"), settled(LEASE))], seconds(50));
        assert_eq!(signs(&keys, 50), "new");
        let mut keys = SigningKeys::default();
        keys.learn([(key("only"), seconds(0))], seconds(50));
        assert_eq!(signs(&keys, 50), "only");
    }
}
