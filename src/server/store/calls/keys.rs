//! Keys, their history and their use.

use chrono::{DateTime, Utc};

use crate::domain::{AccessKey, Conditions};
use crate::server::store::{
    Actor, Change, ChangeOutcome, CreateOutcome, Digested, EventQuery, KeyCredential, KeyInsert, KeyPage, Keyset,
    OwnerCount, PageQuery, Recorded, RotationEnd, RotationOutcome, SecretDigest, SecretOwner, Store, StoreError,
    StoredEvent, StoredSecret, StoredUsage, UsageQuery, Use, usage,
};

impl Store {
    /// A page of keys.
    pub(crate) async fn list(&self, request: PageQuery, now: DateTime<Utc>) -> Result<KeyPage, StoreError> {
        engine!(self.list(request, now))
    }

    /// Where a key stands in a list; none if the list doesn't have it.
    pub(crate) async fn find(
        &self,
        request: PageQuery,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Keyset>, StoreError> {
        engine!(self.find(request, id, now))
    }

    /// The uses of each of these keys on each of so many days in UTC, of which today is the last.
    pub(crate) async fn daily_uses(
        &self,
        ids: Vec<String>,
        now: DateTime<Utc>,
        days: u16,
    ) -> Result<Vec<Box<[u64]>>, StoreError> {
        let first = usage::day(now) - i64::from(days) + 1;
        let counted = engine!(self.daily_uses(ids.clone(), first))?;
        Ok(usage::by_day(&ids, &counted, first, days))
    }

    /// How many keys meet each of several conditions; `None` where that is not known within
    /// [`COUNTED_FOR`](crate::server::store::keys::COUNTED_FOR) for all
    /// together.
    pub(crate) async fn count(&self, all: Vec<Conditions>, now: DateTime<Utc>) -> Result<Vec<Option<u64>>, StoreError> {
        engine!(self.count(all, now))
    }

    /// The owners that most keys have, at most so many, the most frequent first; `None` if that is not known within
    /// [`COUNTED_FOR`](crate::server::store::keys::COUNTED_FOR).
    pub(crate) async fn frequent_owners(&self, limit: usize) -> Result<Option<Vec<OwnerCount>>, StoreError> {
        engine!(self.frequent_owners(limit))
    }

    /// One key.
    pub(crate) async fn key(&self, id: &str, now: DateTime<Utc>) -> Result<Option<AccessKey>, StoreError> {
        engine!(self.key(id, now))
    }

    /// Creates a key, unless this request was made before.
    pub(crate) async fn create(&self, new: KeyInsert, now: DateTime<Utc>) -> Result<CreateOutcome, StoreError> {
        engine!(self.create(new, now))
    }

    /// Deletes the sealed secret of a key that this administrator created. Returns whether there was one.
    pub(crate) async fn delivered(&self, id: &str, username: &str) -> Result<bool, StoreError> {
        engine!(self.delivered(id, username))
    }

    /// Deletes the sealed secrets that were kept for long enough.
    pub(crate) async fn forget_undelivered(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        engine!(self.forget_undelivered(now))
    }

    /// Ends a rotation that is under way in one of two ways; `id` is that of either key.
    pub(crate) async fn end_rotation(
        &self,
        id: &str,
        revision: Option<u64>,
        end: RotationEnd,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<RotationOutcome, StoreError> {
        engine!(self.end_rotation(id, revision, end, actor, now))
    }

    /// Changes a key and gives it as it is then.
    pub(crate) async fn edit(
        &self,
        id: &str,
        change: Change,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<ChangeOutcome<AccessKey>, StoreError> {
        engine!(self.edit(id, change, actor, now))
    }

    /// Stores that keys which were switched off for a while are active again, where that is due: with an event each. By one
    /// of many servers that do so at the same time. Whether a key works is told by the clock alone.
    pub(crate) async fn reactivate(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        engine!(self.reactivate(now))
    }

    /// The keys that need attention before `until`, at most `most` of each kind: active ones that expire, those that are
    /// being replaced, and those that are deactivated for a while, whenever that ends. With `only_new` those of which a
    /// reminder is to be made for the webhook: also rotations only before `until`, and deactivations a day before their end.
    pub(crate) async fn due(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        most: usize,
        only_new: bool,
    ) -> Result<Vec<AccessKey>, StoreError> {
        engine!(self.due(now, until, most, only_new))
    }

    /// Deletes a key and everything but its history; one of another revision only if none is given.
    pub(crate) async fn delete(
        &self,
        id: &str,
        revision: Option<u64>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<ChangeOutcome<()>, StoreError> {
        engine!(self.delete(id, revision, actor, now))
    }

    /// Events, those of deleted keys and removed administrators too. Events are numbered so that a reader that has seen
    /// one never misses an event with a lower number that is stored later: an engine whose numbers can come out of order
    /// gives an event only once no lower number can follow.
    pub(crate) async fn events(&self, query: EventQuery) -> Result<Vec<StoredEvent>, StoreError> {
        engine!(self.events(query))
    }

    /// What decides about the use of a key. Takes as long for an ID that no key has.
    pub(crate) async fn credential(&self, id: &str, now: DateTime<Utc>) -> Result<Option<KeyCredential>, StoreError> {
        engine!(self.credential(id, now))
    }

    /// The key whose secret has one of these digests: one secret's, by each master key at hand.
    pub(crate) async fn secret_owner(
        &self,
        digests: Vec<SecretDigest>,
        now: DateTime<Utc>,
    ) -> Result<SecretOwner, StoreError> {
        engine!(self.secret_owner(digests, now))
    }

    /// Encrypted secrets of which no digest is made yet, in the order of creation, after a place in it; 0 is the beginning.
    pub(crate) async fn without_digest(&self, after: i64, limit: i64) -> Result<Vec<StoredSecret>, StoreError> {
        engine!(self.without_digest(after, limit))
    }

    /// Stores digests of secrets that have none, and are encrypted as they were.
    pub(crate) async fn add_digests(&self, digests: Vec<Digested>) -> Result<(), StoreError> {
        engine!(self.add_digests(digests))
    }

    /// Stores the first use of a key, at once. False if there is no such key any more. Also on a full disk: whether
    /// a rotation can be undone depends on it.
    pub(crate) async fn first_use(&self, id: &str, first: Use) -> Result<bool, StoreError> {
        engine!(self.first_use(id, first))
    }

    /// Stores uses and refusals. A key keeps its latest use, whichever server records it, and the newest refusals; so does
    /// an administrator with refused sign-ins. Counts are summed for each key and hour, for some addresses separately.
    pub(crate) async fn record(&self, recorded: Recorded) -> Result<(), StoreError> {
        engine!(self.record(recorded))
    }

    /// How a key was used. Counts of a deleted key stay for as long as others do.
    pub(crate) async fn usage(&self, query: UsageQuery) -> Result<StoredUsage, StoreError> {
        engine!(self.usage(query))
    }

    /// Deletes counts that are too old for any query, at most `most` of each kind. Returns whether there may be more.
    pub(crate) async fn forget_usage(&self, now: DateTime<Utc>, most: usize) -> Result<bool, StoreError> {
        engine!(self.forget_usage(now, most))
    }

    /// Deletes up to `most` of the events before a time that are kept for a time only: uses and refusals. What
    /// administrators did is kept. Tells whether there may be more.
    pub(crate) async fn forget_events(&self, before: DateTime<Utc>, most: usize) -> Result<bool, StoreError> {
        engine!(self.forget_events(before, most))
    }
}
