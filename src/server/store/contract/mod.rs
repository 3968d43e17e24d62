//! The suite that every engine passes: what [`Store`] promises.
//!
//! An engine implements [`Database`] in its tests, and has the whole suite with `contract!(ItsDatabase);`.

mod access;
pub(crate) mod digests;
pub(crate) mod events;
pub(crate) mod handles;
pub(crate) mod handovers;
pub(crate) mod keys;
pub(crate) mod lists;
pub(crate) mod reactivation;
pub(crate) mod rotation;
pub(crate) mod searches;
mod tokens;
pub(crate) mod usage;
pub(crate) mod webhook;

pub(crate) use access::{administrators, sessions};
pub(crate) use tokens::{master_keys, revocations, signing_keys};

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};

use super::{
    Actor, Change, ChangeOutcome, CreateOutcome, Digest, EventQuery, ExpiryChange, FieldChange, KeyInsert, KeyPage,
    NewSession, PageQuery, PasswordChange, SecretDigest, Store, StoredEvent, StoredRotation, Subject,
};
use crate::domain::key::fields::named;
use crate::domain::{AccessKey, Conditions, InForce, KeyFormat, KeyId, Order, Search, Sort, Status, Test, Texts};
use crate::server::auth::username::Username;

/// A database of its own for each test.
pub(crate) trait Database {
    /// Creates an empty one.
    async fn create() -> Self;
    /// Opens it, as another process would.
    async fn open(&self) -> Store;
    /// Makes all signing keys older.
    async fn age_signing_keys(&self, hours: i64);
    /// Has all keys as they were stored before there were digests.
    async fn forget_digests(&self);
}

/// The suite, as tests.
macro_rules! contract {
    ($database:ty) => {
        $crate::server::store::contract::tests! { $database:
            keys {
                a_key_is_created_edited_and_deleted
                an_edit_that_changes_nothing_is_no_event
                a_repeated_create_gives_the_same_key
                a_create_is_repeated_for_a_day_and_by_its_administrator
                a_sealed_secret_is_given_again_until_it_has_arrived_or_for_ten_minutes
                the_status_follows_the_time_that_is_passed_in
                the_latest_use_counts
                a_change_for_another_revision_is_refused
                of_changes_at_the_same_time_for_one_revision_one_is_made
                what_is_looked_for_by_a_null_character_is_not_there
            }
            digests {
                a_secret_finds_its_key_as_long_as_there_is_one
                secrets_that_nothing_opens_are_tried_once
                what_is_not_digested_yet_is_told_and_made_once
                a_master_key_that_is_replaced_replaces_the_digests
            }
            lists {
                every_list_is_sorted
                pages_stay_right_while_keys_change
                a_page_can_be_left_in_both_directions
                a_page_is_read_around_a_key_of_the_list
                totals_are_exact_and_only_on_request
                the_most_frequent_owners_are_counted_however_they_are_spelled
            }
            searches {
                a_search_finds_what_a_look_at_each_key_finds
                words_are_searched_in_all_texts_together
                every_question_finds_what_a_look_at_each_key_finds
            }
            reactivation {
                a_key_is_off_for_a_while_and_not_a_millisecond_longer
                lists_and_counts_have_keys_that_are_active_again
                after_a_restart_one_of_many_activates_a_key
                a_deactivation_for_a_while_is_extended_ended_and_made_for_good
                what_is_due_is_stored_before_a_change
                what_needs_attention_is_found
            }
            rotation {
                a_key_is_replaced_and_the_old_one_ends_by_itself
                the_old_key_never_ends_later_than_by_itself
                a_rotation_is_finished_by_either_key
                a_rotation_is_undone_while_the_new_key_is_unused
                only_an_active_key_outside_a_rotation_is_replaced
                of_two_rotations_at_once_one_is_made
                a_rotation_follows_what_is_done_to_its_keys
                the_last_refusal_and_a_late_use_are_kept
            }
            handovers {
                a_secret_is_opened_again_by_its_opener_until_it_confirms
                a_secret_that_is_opened_just_before_its_end_is_there_for_ten_minutes
                an_opener_without_a_nonce_gets_the_secret_once
                of_a_nonce_each_other_one_is_an_alarm
                a_secret_is_opened_by_the_clock_and_the_right_code_only
                a_secret_is_taken_back_until_it_is_opened
                an_alarm_is_acknowledged_and_another_one_is_another
                that_nobody_received_it_is_told_until_it_is_acknowledged
                of_two_openers_at_once_one_gets_the_secret
                what_nobody_gets_any_more_is_deleted
            }
            revocations {
                a_deactivation_starts_a_new_generation
                a_revocation_is_known_to_every_handle
                an_expiry_that_passed_revokes_for_good
                all_tokens_are_revoked_at_once
            }
            events {
                events_come_in_pages_in_both_orders
                what_is_edited_has_its_old_and_its_new_value
                events_have_the_labels_of_their_keys
                the_trail_is_filtered
                what_is_done_to_administrators_is_in_the_trail
                refused_sign_ins_are_counted_by_name_and_forgotten
                refusals_are_counted_and_the_newest_kept
                old_uses_are_forgotten_and_what_administrators_did_is_not
            }
            usage {
                uses_and_refusals_are_added_up_by_the_hour
                the_uses_of_many_keys_are_given_by_the_day
                many_addresses_take_few_rows
                tokens_of_the_present_generation_count
                old_counts_are_forgotten
            }
            administrators {
                administrators_are_added_and_the_last_one_stays
                a_new_password_needs_the_old_one_and_ends_the_other_sessions
                networks_are_known_after_a_sign_in
            }
            sessions {
                a_session_ends_by_time_and_by_hand
                a_session_needs_the_password_as_it_is_now
                sessions_are_listed_and_ended_by_id
                sessions_are_revoked_at_once
            }
            signing_keys {
                a_signing_key_is_replaced_and_the_one_before_ends_an_hour_later
                a_signing_key_is_replaced_at_once
            }
            master_keys {
                a_master_key_is_replaced_and_nothing_is_stored_with_the_old_one
            }
            webhook {
                a_message_is_made_once_and_sent_by_one_server
                a_message_whose_server_has_ended_is_sent_by_another
                what_is_due_is_new_until_there_is_a_message
                a_key_that_is_replaced_is_told_before_its_end_and_after_an_undo
                a_deactivation_is_told_a_day_before_its_end
                an_alarm_is_sent_before_reminders_that_wait
                messages_go_with_their_key_and_after_some_days
            }
            handles {
                every_handle_sees_every_change
                writers_at_the_same_time_lose_and_double_nothing
                a_dropped_call_is_done_or_not_and_blocks_nothing
            }
        }
    };
}

macro_rules! tests {
    ($database:ty: $($subject:ident { $($test:ident)* })*) => {
        $($(
            #[tokio::test]
            async fn $test() {
                $crate::server::store::contract::$subject::$test::<$database>().await;
            }
        )*)*
    };
}

pub(crate) use {contract, tests};

/// The time of a test, in seconds after its start.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000 + seconds, 0).unwrap()
}

fn actor(name: &str) -> Actor {
    Actor { name: name.to_owned(), address: "192.0.2.1".to_owned() }
}

/// A key that nothing else has asked for.
pub(crate) fn insert(label: &str) -> KeyInsert {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut random = [0; 28];
    for (digit, byte) in random.iter_mut().take(18).enumerate() {
        // Scattered, so that the order of IDs is not that of creation.
        *byte = (n.wrapping_mul(0x9e37_79b9) >> (digit % 6 * 5)).to_le_bytes()[0] & 31;
    }
    KeyInsert {
        id: KeyId::from_random(&random, KeyFormat::Prefixed),
        texts: texts(label),
        expires_at: None,
        encrypted: n.to_be_bytes().to_vec(),
        digest: digest(&n.to_be_bytes()),
        encrypted_by: "old".to_owned(),
        sealed: None,
        actor: actor("jo"),
        rotation: None,
        rotated: StoredRotation::default(),
        idempotency_key: n.to_string(),
        fingerprint: [7; 32],
    }
}

/// A digest that differs for each text.
pub(crate) fn digest(text: &[u8]) -> SecretDigest {
    let mut digest = [0; 16];
    digest[..text.len()].copy_from_slice(text);
    digest
}

pub(crate) async fn create(store: &Store, new: KeyInsert, now: DateTime<Utc>) -> AccessKey {
    match store.create(new, now).await.unwrap() {
        CreateOutcome::Fresh(key) => key,
        other => panic!("{other:?}"),
    }
}

fn texts(label: &str) -> Texts {
    let mut texts = Texts::default();
    texts.set(named("label").unwrap(), label).unwrap();
    texts
}

pub(crate) fn rename(label: &str) -> Change {
    Change { texts: texts(label), ..Change::default() }
}

pub(crate) fn switch(off: bool) -> Change {
    Change { switched_off: Some(off), ..Change::default() }
}

fn expire(end: Option<DateTime<Utc>>) -> Change {
    Change { expires_at: Some(end.map_or(ExpiryChange::Never, ExpiryChange::At)), ..Change::default() }
}

/// What was done, if it was.
#[track_caller]
fn done<T: std::fmt::Debug>(outcome: ChangeOutcome<T>) -> T {
    match outcome {
        ChangeOutcome::Done(done) => done,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn id(key: &AccessKey) -> &str {
    key.id.raw_for_api()
}

fn label(key: &AccessKey) -> String {
    key.label.raw_for_api().to_owned()
}

fn whole(sort: Sort, order: Order) -> PageQuery {
    PageQuery { sort, order, conditions: Conditions::default(), after: None, limit: 1000, total: true }
}

/// Conditions for words and a status.
fn conditions(text: &str, status: Option<Status>) -> Conditions {
    let mut all = Search::of_words(text).conditions(at(0), &Utc);
    all.0.extend(status.map(|status| Test::Status(vec![status]).into()));
    all
}

fn labels(page: &KeyPage) -> Vec<String> {
    page.keys.iter().map(|row| label(&row.key)).collect()
}

/// The newest events of a key.
async fn history(store: &Store, id: &str, limit: usize) -> Vec<StoredEvent> {
    store.events(EventQuery::of_key(id, limit)).await.unwrap()
}

/// The words of kinds, by and from of events.
async fn trail(store: &Store, query: EventQuery) -> Vec<String> {
    let events = store.events(EventQuery { limit: 100, ..query }).await.unwrap();
    let words = |event: &StoredEvent| {
        let about = match &event.about {
            Subject::Key(_) => "key",
            Subject::Administrator(name) => name,
            Subject::Server => "server",
        };
        let changes: Vec<_> = event.changes.iter().map(changed).collect();
        let said = [event.detail.clone().unwrap_or_default(), changes.join(" ")].join(" ");
        let (by, from) = (event.by.as_deref().unwrap_or("-"), event.from.as_deref().unwrap_or("-"));
        format!("{} {about} {by} {from} {}", event.kind, said.trim()).trim().to_owned()
    };
    events.iter().map(words).collect()
}

fn changed(change: &FieldChange) -> String {
    let value = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    format!("{}:{}>{}", change.field, value(&change.old), value(&change.new))
}

/// Waits until what was revoked is revoked everywhere: by all servers, and at once.
pub(crate) async fn in_force(store: &Store) {
    let InForce { silent, .. } = store.in_force().await.unwrap();
    assert_eq!(silent, 0);
}

fn username(name: &str) -> Username {
    Username::parse(name).unwrap()
}

fn password(name: &str, old: Option<&str>, keep: Option<Digest>) -> PasswordChange {
    let (password, old) = ("new hash".to_owned(), old.map(str::to_owned));
    PasswordChange { username: username(name), password, old, keep }
}

fn session(digest: u8, name: &str) -> NewSession {
    NewSession {
        digest: [digest; 32],
        username: name.to_owned(),
        password: "hash".to_owned(),
        source: "192.0.2.1".to_owned(),
        network: "192.0.2.1".to_owned(),
    }
}
