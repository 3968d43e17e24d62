//! Sessions of administrators, and how long every engine keeps them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::Role;

/// How long a session lasts at most.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::hours(8);
/// How long a session lasts without a call.
const MOST_IDLE: TimeDelta = TimeDelta::hours(1);
/// The most sessions of one administrator; the oldest end first.
pub(crate) const MOST_SESSIONS: u32 = 100;
/// The most networks that are known of one administrator.
pub(crate) const MOST_NETWORKS: u32 = 50;
/// How long a network is known after a sign-in.
pub(crate) const NETWORK_KNOWN_FOR: TimeDelta = TimeDelta::days(90);
/// How exactly the last call is known.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// How far a stored time may be ahead of the clock: servers' clocks differ. What is further ahead was stored by a clock
/// that was wrong: it doesn't count, and gives way to what is stored now.
pub(crate) const MOST_AHEAD: TimeDelta = TimeDelta::minutes(1);

/// The SHA-256 of a session token.
pub(crate) type Digest = [u8; 32];

/// A session to begin.
#[derive(Clone)]
pub(crate) struct NewSession {
    pub(crate) digest: Digest,
    pub(crate) username: String,
    /// The hash that the given password matched.
    pub(crate) password: String,
    pub(crate) source: String,
    pub(crate) network: String,
}

/// A session that has not ended, with the administrator's role as it is now.
#[derive(Debug)]
pub(crate) struct StoredSession {
    pub(crate) username: String,
    pub(crate) role: Role,
    pub(crate) last_seen_at: DateTime<Utc>,
}

/// Names a session without its token: the first 8 bytes of its digest, in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionId([u8; 8]);

impl SessionId {
    pub(crate) fn of(digest: &Digest) -> Self {
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        Self(id)
    }

    /// Reads an ID as [`to_text`](Self::to_text) writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut id = [0; 8];
        let whole = text.len() == 16 && base16ct::mixed::decode(text, &mut id).is_ok();
        whole.then_some(Self(id))
    }

    pub(crate) fn to_text(self) -> String {
        base16ct::lower::encode_string(&self.0)
    }

    /// The lowest and the highest digest with this ID.
    pub(crate) fn range(self) -> [Digest; 2] {
        [0, u8::MAX].map(|fill| {
            let mut digest = [fill; 32];
            digest[..8].copy_from_slice(&self.0);
            digest
        })
    }
}

/// A session that has not ended, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionRow {
    pub(crate) id: SessionId,
    pub(crate) username: String,
    pub(crate) role: Role,
    pub(crate) created_at: DateTime<Utc>,
    /// To the minute.
    pub(crate) last_seen_at: DateTime<Utc>,
    /// The address that it was begun from.
    pub(crate) source: String,
}

impl SessionRow {
    /// When it ends by itself, if no call comes.
    pub(crate) fn ends_at(&self) -> DateTime<Utc> {
        (self.created_at + LIFETIME).min(self.last_seen_at + MOST_IDLE)
    }
}

/// What to revoke at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RevokeAll {
    /// Every access token that was ever issued.
    pub(crate) tokens: bool,
    /// Every session of every administrator.
    pub(crate) sessions: bool,
}

impl StoredSession {
    /// Whether this call must be recorded.
    pub(crate) fn is_unseen(&self, now: DateTime<Utc>) -> bool {
        now - self.last_seen_at >= SEEN_EVERY
    }
}

/// Between which times a session must have begun and been seen: milliseconds of the oldest beginning, of the oldest last
/// call, and of the latest of both.
pub(crate) fn limits(now: DateTime<Utc>) -> [i64; 3] {
    [now - LIFETIME, now - MOST_IDLE, now + MOST_AHEAD].map(|time| time.timestamp_millis())
}
