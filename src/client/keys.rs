//! What is asked about keys, and what comes back.

use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::{ApiError, Changed};
use crate::domain::{AccessKey, CursorToken, KeyId, KeyQuery, Lifetimes, SealKey, SecretKey, Status, Texts};

/// Which page of which list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    pub query: KeyQuery,
    /// The page's place in it.
    pub place: Cursor,
    /// Whether the answer shall hold the total. Costly under a text filter.
    pub counted: bool,
    /// Whether the answer shall hold how often each key was used on each of the last days.
    pub uses: bool,
    /// The form in which the list leaves for another program, said with its first page: an event in the trail.
    pub export: Option<&'static str>,
}

impl ListRequest {
    /// Keys a page: about five screens of 80x24, 25 kB of JSON.
    pub const PAGE: usize = 100;
}

/// The place of a page in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    Start,
    End,
    /// The page that follows a cursor.
    After(CursorToken),
    /// The page that ends before a cursor.
    Before(CursorToken),
    /// The page that has a key in its middle; the first one if the list doesn't have the key.
    Around(KeyId),
}

/// A page of keys, in the order of its list.
#[derive(Clone, Debug)]
pub struct Page {
    pub keys: Vec<AccessKey>,
    /// After what a page around a key begins; none if it is the first page, or was asked for otherwise.
    pub start: Option<CursorToken>,
    /// Where the page above ends; none if this is the first.
    pub before: Option<CursorToken>,
    /// Where the page below begins; none if this is the last.
    pub after: Option<CursorToken>,
    /// How many keys match, if it was asked.
    pub total: Option<u64>,
    /// How far the server's clock is ahead of ours; nothing if it is less than a minute.
    pub ahead: TimeDelta,
    /// What the server allows as the expiry of keys.
    pub lifetimes: Lifetimes,
}

impl Page {
    /// Where it stands in its list, as a place from which it can be read again.
    pub fn place(&self, asked: &Cursor) -> Cursor {
        match (asked, &self.start) {
            (Cursor::Around(_), Some(start)) => Cursor::After(start.clone()),
            (Cursor::Around(_), None) => Cursor::Start,
            (place, _) => place.clone(),
        }
    }
}

/// A name for one attempt to create, drawn once: however often it is sent, one key is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub(crate) String);

impl IdempotencyKey {
    /// Takes one that was drawn before; none if it is no such text.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_hex.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Draws one: 128 random bits as hex.
    ///
    /// # Panics
    /// If the operating system has no random source. Nothing safe can be done without one.
    #[expect(clippy::expect_used, reason = "a system without random numbers cannot make keys")]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }
}

/// One attempt to create a key, drawn once: however often it is sent, one key is made, and its secret comes to this program
/// alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAttempt {
    pub name: IdempotencyKey,
    /// Opens the secret, which the server seals to it. None of attempts that earlier versions of this program noted.
    pub seal_key: Option<SealKey>,
}

impl CreateAttempt {
    /// Draws one.
    ///
    /// # Panics
    /// If the operating system has no random source. Nothing safe can be done without one.
    #[expect(clippy::expect_used, reason = "a system without random numbers cannot make keys")]
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).expect("the operating system gives random numbers");
        Self { name: IdempotencyKey::random(), seal_key: Some(SealKey::from_random(bytes)) }
    }
}

/// What a new key shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    pub attempt: CreateAttempt,
    pub texts: Texts,
    /// When it stops working; never if none.
    pub expires_at: Option<DateTime<Utc>>,
    /// The key that it replaces, whose texts it takes over where none is given here.
    pub replaces: Option<Replaced>,
}

/// A key that a new one replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    pub id: KeyId,
    /// The revision that it must have; any if none.
    pub revision: Option<u64>,
    /// How long it works beside the new one, in seconds.
    pub overlap_seconds: u32,
    /// Whether the new key expires as this one does; then the new key's `expires_at` is not sent.
    pub keeps_expiry: bool,
}

/// How a rotation that is under way is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationEnd {
    /// The old key ends now.
    Finish,
    /// The new key is deleted, and the old one has its expiry again.
    Undo,
}

/// The keys of a rotation that has ended.
#[derive(Clone, Debug)]
pub struct EndedRotation {
    pub old: AccessKey,
    /// None if it was deleted.
    pub new: Option<AccessKey>,
}

/// A key creation that was requested by a program which ended before the answer came.
#[derive(Clone, Debug)]
pub struct PendingCreate {
    /// As it was sent last.
    pub new: NewKey,
    /// As it was sent before, with other values, the latest last: the key may have been made with those.
    pub earlier: Vec<NewKey>,
    /// When it was first sent.
    pub at: DateTime<Utc>,
    /// Whether asking again is safe: the server still knows the attempt by its name.
    pub repeatable: bool,
    /// Until when the server has the secret for us, if it made the key; none if it has it no more.
    pub secret_until: Option<DateTime<Utc>>,
}

/// What shall change in a key; none means unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub texts: Texts,
    /// Switched on or off.
    pub status: Option<Status>,
    /// When a key that is switched off becomes active again by itself; never if none.
    pub reactivates_at: Option<DateTime<Utc>>,
    /// A new end: `Some(None)` is never.
    pub expires_at: Option<Option<DateTime<Utc>>>,
    /// The revision that they are made for: a key that was changed since is left as it is. None changes it in any case.
    pub revision: Option<u64>,
}

/// One of many changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChange {
    Edit(KeyId, Changes),
    /// Delete it, if it has this revision or none is given.
    Delete(KeyId, Option<u64>),
}

/// What came of one of many changes.
#[derive(Clone, Debug)]
pub enum KeyChanged {
    Edited(Box<Changed<AccessKey>>),
    /// Whether the key was there.
    Deleted(Changed<bool>),
}

/// Whether none of many changes was made for want of a session.
pub(crate) fn all_need_sign_in(changed: &[Result<KeyChanged, ApiError>]) -> bool {
    !changed.is_empty() && changed.iter().all(|result| matches!(result, Err(error) if error.needs_sign_in()))
}

/// What came of creating a key.
#[derive(Clone, Debug)]
pub enum Creation {
    /// A new key, and the only copy of its secret but for that which the server keeps sealed.
    New(AccessKey, SecretKey),
    /// An earlier call made the key; its secret was sent then and cannot be sent again.
    Replayed(AccessKey),
}
