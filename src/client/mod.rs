//! Questions to the server and its answers, and the task that carries them.
//!
//! The screen never waits: it puts a [`Request`] into one channel and finds a [`Reply`] in the other.

mod calls;
mod connection;
mod device_tokens;
mod error;
mod in_flight;
mod keys;
mod server;
pub mod session_file;
mod task;
mod transport;
mod web_page;
mod wire;

use std::sync::atomic::{AtomicU64, Ordering};

use secrecy::SecretString;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub use calls::{
    AdminChange, AdminChangeKind, AdminEntry, AdminList, AdminSession, Answer, Changed, Client, DeletedKey, Event,
    EventScope, EventsRequest, Exchanged, FieldChange, Handover, HandoverEnd, Health, Identified, KeyOwner,
    NewHandover, NewSigningKey, RevokeRequest, SessionEntry, TokenStatus, TrailFilter, TrailPage,
};
pub(crate) use calls::{CHANGES_FOR, FAREWELL};
pub use connection::{ConnectionSettings, Forward, Proxy, ProxyRoute, ProxyUrl, Target};
pub use error::{ApiError, Redirect};
pub(crate) use keys::all_need_sign_in;
pub use keys::{
    Changes, CreateAttempt, Creation, Cursor, EndedRotation, IdempotencyKey, KeyChange, KeyChanged, ListRequest,
    NewKey, Page, PendingCreate, Replaced, RotationEnd,
};
pub use server::{Connection, Owner, Server};
pub(crate) use task::answer::answer;
pub use task::spawn;
pub(crate) use transport::Transport;
pub use transport::{TransportError, install_tls};

use crate::domain::{
    AccessKey, AccessToken, BaseUrl, Content, Filter, HmacToken, Identity, KeyId, KeyUsage, Leak, Untrusted, Verdict,
};

/// One thing that the screen asks for.
#[derive(Clone, Debug)]
pub enum Request {
    /// A page of keys. A newer one supersedes an older one that is still under way.
    List(ListRequest),
    /// How many keys match: apart from the page, which must not wait for it.
    Count(Filter),
    /// How many keys each of several filters finds.
    Counts(Vec<Filter>),
    /// The owners that most keys have, at most so many.
    FrequentOwners(usize),
    /// How a key was used in the last days.
    Usage(KeyId, u16),
    /// The keys that need attention within so many days.
    Due(u16),
    /// Create a key, which may replace another one.
    Create(NewKey),
    /// Hand a secret over.
    HandOver(Box<NewHandover>),
    /// The secrets that are handed over.
    Handovers,
    /// Take back the secret with this hand-over's ID, or acknowledge its alarm.
    SettleHandover(Untrusted, HandoverEnd),
    /// The secret of a new key has arrived: the server need keep it no more. Has no reply.
    Delivered(KeyId),
    /// Change a key, given as it was read.
    Edit(Box<AccessKey>, Changes),
    /// Delete a key, given as it was read, unless it was changed since.
    Delete(Box<AccessKey>),
    /// End the rotation of a key, given as it was read: either key of the pair.
    EndRotation(Box<AccessKey>, RotationEnd),
    /// A page of what happened.
    Events(EventsRequest),
    /// A page of many keys, for what is done to all of them.
    Walk(Attempt, ListRequest),
    /// Changes, as many as there is time for.
    ChangeKeys(Attempt, Vec<KeyChange>),
    /// What the server knows of a key that is being tested.
    Look(Attempt, KeyId),
    /// Whose these are.
    Identify(Attempt, Vec<Leak>),
    /// Exchange an HMAC token for an access token.
    Exchange(Attempt, Exchange),
    /// Ask whether an access token is good.
    Verify(Attempt, Option<BaseUrl>, AccessToken),
    SignIn(Credentials),
    /// The sign-in was given up: what waits for it is refused.
    GiveUp,
    SignOut,
    /// Change one's own password.
    ChangePassword(PasswordUpdate),
    /// The administrators, and everyone's sessions.
    Admins,
    ChangeAdmin(AdminChange),
    /// One's own sessions; a superuser's question is about everyone's.
    Sessions,
    /// End the sessions with these IDs.
    EndSessions(Vec<Untrusted>),
    /// Revoke all access tokens, all sessions, or both.
    Revoke(RevokeRequest),
    /// Work on the server of another profile.
    Connect(String),
}

/// An exchange, and where it goes.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Another server than the profile's.
    pub at: Option<BaseUrl>,
    pub id: KeyId,
    /// What proves that we have its secret.
    pub token: HmacToken,
    /// What the token was made of.
    pub content: Content,
}

/// Who signs in.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub username: String,
    /// The password; never printed.
    pub password: SecretString,
}

/// One's old password and the new one; never printed.
#[derive(Clone, Debug)]
pub struct PasswordUpdate {
    pub old: SecretString,
    pub new: SecretString,
}

/// A number for one test of a key or one act on many, so that a late answer is not taken for another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt(u64);

impl Attempt {
    /// One that was not used before.
    pub fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What the server answered, with what it is about.
#[derive(Debug)]
pub enum Reply {
    /// A server can be asked now, and all replies that follow are its. Or it never will be.
    Connected(Result<Server, ApiError>),
    Listed(ListRequest, Result<Page, ApiError>),
    Counted(Filter, Result<u64, ApiError>),
    /// What the request named, in its order; none where the server did not count in time.
    Counts(Vec<Filter>, Result<Vec<Option<u64>>, ApiError>),
    FrequentOwners(Result<Vec<Untrusted>, ApiError>),
    Due(u16, Result<Vec<AccessKey>, ApiError>),
    /// How a key was used in so many days.
    Usage(KeyId, u16, Result<KeyUsage, ApiError>),
    Created(Result<Creation, ApiError>),
    /// A secret is handed over: under which code, as the server knows it.
    HandedOver([u8; 32], Result<Handover, ApiError>),
    Handovers(Result<Vec<Handover>, ApiError>),
    HandoverSettled(HandoverEnd, Result<(), ApiError>),
    /// A key as it was read before, and as it is now.
    Edited(Box<AccessKey>, Result<Changed<AccessKey>, ApiError>),
    /// A key as it was read before, and whether it was there.
    Deleted(Box<AccessKey>, Result<Changed<bool>, ApiError>),
    /// A key as it was read before, and the pair as it is now.
    RotationEnded(Box<AccessKey>, RotationEnd, Result<Box<Changed<EndedRotation>>, ApiError>),
    Events(EventsRequest, Result<TrailPage, ApiError>),
    Walked(Attempt, Result<Page, ApiError>),
    /// What came of the first of many changes, or of all.
    KeysChanged(Attempt, Vec<Result<KeyChanged, ApiError>>),
    /// A key that is being tested.
    Looked(Attempt, Result<AccessKey, ApiError>),
    /// Whose each is; none if it is that of no key.
    Identified(Attempt, Result<Vec<Option<Identified>>, ApiError>),
    /// What an exchange came to.
    Exchanged(Attempt, Exchanged),
    /// Whether an access token is good.
    Verified(Attempt, Result<Verdict, ApiError>),
    /// A sign-in is needed; what was asked waits for it.
    SignInNeeded,
    /// A sign-in succeeded, or was refused.
    SignedIn(Result<Identity, ApiError>),
    /// The session has ended, here in any case; holds what the server said of it.
    SignedOut(Result<(), ApiError>),
    /// One's own password was changed, or why not.
    PasswordChanged(Result<(), ApiError>),
    Admins(Result<AdminList, ApiError>),
    AdminChanged(AdminChange, Result<(), ApiError>),
    Sessions(Result<Vec<SessionEntry>, ApiError>),
    /// How many sessions were ended.
    SessionsEnded(Result<usize, ApiError>),
    /// How many sessions were ended, and where access tokens are refused.
    Revoked(RevokeRequest, Result<Changed<u64>, ApiError>),
}

/// The screen's ends of the two channels, and the task between them.
pub struct Link {
    /// Where questions go. 64: more than anyone can press while one answer is awaited.
    pub requests: mpsc::Sender<Request>,
    /// Where answers come from. 16: the task waits when the screen is behind.
    pub replies: mpsc::Receiver<Reply>,
    /// Whether the task waits for a request: each of those before was answered, or waits for a sign-in.
    pub idle: watch::Receiver<bool>,
    /// Ends after both ends are dropped, when the session of this run has been ended at the server.
    pub ended: JoinHandle<()>,
}
