//! Secrets that are handed over, and who may open them: the rules that every engine follows.
//!
//! Opening binds a hand-over to its opener, so that an answer that was lost can be asked for again; confirming deletes the
//! secret. An opener without a nonce can't be told from anyone else: it is answered once. Whoever else comes is told to the
//! administrators, and so is that nobody has opened one in time. All is decided by the clock that is passed in.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use subtle::ConstantTimeEq as _;

use crate::server::store::access::sessions::Digest;
use crate::server::store::events::{Actor, EventKind, MOST_LATE, NewEvent, Subject};

/// How long its opener can open one again.
pub(crate) const REOPENED_FOR: TimeDelta = TimeDelta::minutes(10);
/// How long one stays known after its end, without the secret.
pub(crate) const KNOWN_FOR: TimeDelta = TimeDelta::days(7);
/// How often a wrong code or PIN may be given.
pub(crate) const MOST_TRIES: i64 = 5;
/// Several tries from one address within this time are one alarm.
const ALARM_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A secret to hand over.
#[derive(Clone)]
pub(crate) struct NewHandover {
    pub(crate) id: String,
    pub(crate) lookup: Digest,
    pub(crate) proof: Digest,
    pub(crate) sealed: Vec<u8>,
    pub(crate) key_id: String,
    pub(crate) has_pin: bool,
    pub(crate) until: DateTime<Utc>,
    pub(crate) actor: Actor,
}

impl NewHandover {
    pub(crate) fn event(&self, now: DateTime<Utc>) -> NewEvent {
        let event = NewEvent::of(&self.actor, Subject::Key(self.key_id.clone()), EventKind::HandedOver, now);
        let until = self.until.to_rfc3339_opts(SecondsFormat::Secs, true);
        let pin = if self.has_pin { ", with a PIN" } else { "" };
        NewEvent { detail: Some(format!("until {until}{pin}")), ..event }
    }
}

/// A hand-over as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredHandover {
    pub(crate) id: String,
    pub(crate) proof: Vec<u8>,
    pub(crate) sealed: Option<Vec<u8>>,
    pub(crate) key_id: String,
    /// The key's label.
    pub(crate) label: String,
    pub(crate) has_pin: bool,
    pub(crate) created_by: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
    pub(crate) tries: i64,
    pub(crate) opener: Option<Vec<u8>>,
    /// Whether its opener sent no nonce: nobody gets it again.
    pub(crate) by_address: bool,
    pub(crate) opened_at: Option<DateTime<Utc>>,
    pub(crate) opened_from: Option<String>,
    pub(crate) confirmed_at: Option<DateTime<Utc>>,
    pub(crate) again_at: Option<DateTime<Utc>>,
    pub(crate) again_from: Option<String>,
    /// When it was taken back, or tried too often.
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// From where it was tried too often.
    pub(crate) ended_from: Option<String>,
    /// When an administrator has read that nobody received it.
    pub(crate) acknowledged_at: Option<DateTime<Utc>>,
}

/// What has become of a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandoverState {
    /// Nobody has opened it and someone can.
    Waiting,
    Opened,
    Confirmed,
    /// By an administrator.
    TakenBack,
    /// A wrong code or PIN was given too often.
    TriedTooOften,
    /// Nobody has opened it in time.
    Expired,
}

impl HandoverState {
    /// The word of the HTTP contract.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Opened => "opened",
            Self::Confirmed => "confirmed",
            Self::TakenBack => "taken_back",
            Self::TriedTooOften => "tried_too_often",
            Self::Expired => "expired",
        }
    }
}

/// Which hand-over.
#[derive(Clone, Debug)]
pub(crate) enum WhichHandover {
    Id(String),
    /// The SHA-256 of the first characters of its code.
    Lookup(Digest),
}

/// What shall be done with a hand-over.
#[derive(Clone, Debug)]
pub(crate) enum HandoverStep {
    /// With the SHA-256 of a proof, and that of the opener's nonce.
    Open {
        proof: Digest,
        opener: Opener,
    },
    Confirm {
        opener: Opener,
    },
    TakeBack(Actor),
    /// The alarm of this time was read, or whatever alarm there is.
    Acknowledge(Actor, Option<DateTime<Utc>>),
}

/// Who opens, or has opened.
#[derive(Clone, Debug)]
pub(crate) struct Opener {
    /// The SHA-256 of the nonce that it sent, if it did.
    pub(crate) nonce: Option<Digest>,
    pub(crate) address: String,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HandoverOutcome {
    /// It is opened: the ciphertext, and of which key.
    Opened {
        sealed: Vec<u8>,
        key_id: String,
    },
    /// It is confirmed, taken back or acknowledged.
    Done,
    Unknown,
    /// The code or the PIN is wrong; how many tries are left.
    Wrong(i64),
    /// Another one has opened it, and this is an alarm. Without a nonce it may have been the same one, who can't be known.
    OpenedBefore {
        key_id: String,
        by_address: bool,
    },
    /// Its opener is too late, or has confirmed it.
    Spent,
    /// Nobody has opened it before it ended so: told to whoever has the right code and PIN.
    Over(HandoverState),
    /// It no longer opens.
    Ended,
}

impl StoredHandover {
    /// Does a step. Gives what came of it, and an event if there is one; whoever calls this stores both.
    pub(crate) fn step(&mut self, step: &HandoverStep, now: DateTime<Utc>) -> (HandoverOutcome, Option<NewEvent>) {
        match step {
            HandoverStep::Open { proof, opener } => self.open(proof, opener, now),
            HandoverStep::Confirm { opener } => self.confirm(opener, now),
            HandoverStep::TakeBack(actor) if self.is_waiting(now) => {
                self.end(now);
                let about = Subject::Key(self.key_id.clone());
                (HandoverOutcome::Done, Some(NewEvent::of(actor, about, EventKind::HandoverTakenBack, now)))
            }
            HandoverStep::TakeBack(_) => (HandoverOutcome::Ended, None),
            HandoverStep::Acknowledge(_, Some(seen)) if self.again_at.is_some_and(|at| at > *seen) => {
                (HandoverOutcome::Ended, None)
            }
            HandoverStep::Acknowledge(actor, _) => {
                let event = self.acknowledge(now).map(|detail| NewEvent {
                    detail: Some(detail),
                    ..NewEvent::of(actor, Subject::Key(self.key_id.clone()), EventKind::HandoverAcknowledged, now)
                });
                (HandoverOutcome::Done, event)
            }
        }
    }

    pub(crate) fn state(&self, now: DateTime<Utc>) -> HandoverState {
        match (self.confirmed_at, self.opened_at, self.ended_at) {
            (Some(_), ..) => HandoverState::Confirmed,
            (None, Some(_), _) => HandoverState::Opened,
            (None, None, Some(_)) if self.tries >= MOST_TRIES => HandoverState::TriedTooOften,
            (None, None, Some(_)) => HandoverState::TakenBack,
            (None, None, None) if now < self.until => HandoverState::Waiting,
            (None, None, None) => HandoverState::Expired,
        }
    }

    fn is_waiting(&self, now: DateTime<Utc>) -> bool {
        self.state(now) == HandoverState::Waiting
    }

    /// Takes note that an administrator has read what is wrong with it. Gives what that is, unless it was read before.
    fn acknowledge(&mut self, now: DateTime<Utc>) -> Option<String> {
        let words = match self.state(now) {
            HandoverState::TriedTooOften => "tried too often",
            HandoverState::Expired => "not opened in time",
            _ => {
                let (at, from) = self.again_at.take().zip(self.again_from.take())?;
                return Some(format!("opened again {} from {from}", at.to_rfc3339_opts(SecondsFormat::Secs, true)));
            }
        };
        self.acknowledged_at.is_none().then(|| {
            self.acknowledged_at = Some(now);
            words.to_owned()
        })
    }

    /// Whether its opener can open it again. That is so for the whole time, even if it was opened just before its end.
    fn is_reopenable(&self, now: DateTime<Utc>) -> bool {
        self.confirmed_at.is_none() && self.opened_at.is_some_and(|opened_at| now - opened_at < REOPENED_FOR)
    }

    fn open(&mut self, proof: &Digest, opener: &Opener, now: DateTime<Utc>) -> (HandoverOutcome, Option<NewEvent>) {
        use HandoverState::{Confirmed, Expired, Opened, TakenBack, TriedTooOften, Waiting};
        match (self.state(now), bool::from(proof.as_slice().ct_eq(&self.proof))) {
            (Waiting, true) => self.open_first(opener, now),
            (Waiting, false) => self.try_wrong(opener, now),
            (Opened | Confirmed, true) => self.open_again(opener, now),
            (state @ (TakenBack | TriedTooOften | Expired), true) => (HandoverOutcome::Over(state), None),
            // Who guesses learns nothing.
            (_, false) => (HandoverOutcome::Ended, None),
        }
    }

    fn try_wrong(&mut self, opener: &Opener, now: DateTime<Utc>) -> (HandoverOutcome, Option<NewEvent>) {
        self.tries += 1;
        if self.tries < MOST_TRIES {
            return (HandoverOutcome::Wrong(MOST_TRIES - self.tries), None);
        }
        self.end(now);
        self.ended_from = Some(opener.address.clone());
        let detail =
            Some(format!("ended after {MOST_TRIES} wrong {}", if self.has_pin { "PINs or codes" } else { "codes" }));
        let event = self.event(EventKind::HandoverTriedTooOften, &opener.address, now);
        (HandoverOutcome::Wrong(0), Some(NewEvent { detail, ..event }))
    }

    fn open_first(&mut self, opener: &Opener, now: DateTime<Utc>) -> (HandoverOutcome, Option<NewEvent>) {
        self.opener = opener.nonce.map(|nonce| nonce.to_vec());
        self.by_address = opener.nonce.is_none();
        (self.opened_at, self.opened_from) = (Some(now), Some(opener.address.clone()));
        let event = self.event(EventKind::HandoverOpened, &opener.address, now);
        let outcome = self.opened();
        if self.by_address {
            self.sealed = None;
        }
        (outcome, Some(event))
    }

    fn open_again(&mut self, opener: &Opener, now: DateTime<Utc>) -> (HandoverOutcome, Option<NewEvent>) {
        if self.is_opener(opener) {
            return (if self.is_reopenable(now) { self.opened() } else { HandoverOutcome::Spent }, None);
        }
        let is_known = self.again_from.as_ref() == Some(&opener.address)
            && self.again_at.is_some_and(|at| now - at < ALARM_EVERY && at <= now);
        (self.again_at, self.again_from) = (Some(now), Some(opener.address.clone()));
        let event = self.event(EventKind::HandoverOpenedAgain, &opener.address, now);
        let outcome = HandoverOutcome::OpenedBefore { key_id: self.key_id.clone(), by_address: self.by_address };
        (outcome, (!is_known).then_some(event))
    }

    fn confirm(&mut self, opener: &Opener, now: DateTime<Utc>) -> (HandoverOutcome, Option<NewEvent>) {
        if self.opened_at.is_none() || !self.is_opener(opener) {
            return (HandoverOutcome::Unknown, None);
        }
        if self.confirmed_at.is_some() {
            return (HandoverOutcome::Done, None);
        }
        (self.confirmed_at, self.sealed) = (Some(now), None);
        (HandoverOutcome::Done, Some(self.event(EventKind::HandoverConfirmed, &opener.address, now)))
    }

    fn opened(&self) -> HandoverOutcome {
        match &self.sealed {
            Some(sealed) => HandoverOutcome::Opened { sealed: sealed.clone(), key_id: self.key_id.clone() },
            None => HandoverOutcome::Spent,
        }
    }

    fn is_opener(&self, opener: &Opener) -> bool {
        let is_own = |nonce: &[u8]| self.opener.as_deref().is_some_and(|known| known.ct_eq(nonce).into());
        opener.nonce.is_some_and(|nonce| is_own(nonce.as_slice()))
    }

    fn end(&mut self, now: DateTime<Utc>) {
        (self.ended_at, self.sealed) = (Some(now), None);
    }

    fn event(&self, kind: EventKind, from: &str, at: DateTime<Utc>) -> NewEvent {
        let (about, from) = (Subject::Key(self.key_id.clone()), Some(from.to_owned()));
        NewEvent { about, kind, at, by: None, from, detail: None, changes: Vec::new() }
    }
}

/// Of a key whose secret nobody has opened in time.
pub(crate) fn expired(key_id: String, until: DateTime<Utc>, now: DateTime<Utc>) -> NewEvent {
    let at = if now - until < MOST_LATE { until } else { now };
    let (about, kind, detail) = (Subject::Key(key_id), EventKind::HandoverExpired, Some("never opened".to_owned()));
    NewEvent { about, kind, at, by: None, from: None, detail, changes: Vec::new() }
}

/// The columns of a hand-over, for SQL, with the label of its key.
pub(crate) const COLUMNS: &str = "id, proof, sealed, key_id, has_pin, created_by, created_at, until, tries, opener, \
    by_address, opened_at, opened_from, confirmed_at, again_at, again_from, ended_at, ended_from, acknowledged_at, \
    (SELECT label FROM keys WHERE keys.id = handovers.key_id)";

/// Times before which nobody gets a secret any more, or nothing is known of a hand-over: the end of one that nobody has
/// opened, when one was opened, and the end of either.
pub(crate) fn forgotten_before(now: DateTime<Utc>) -> [i64; 3] {
    [now, now - REOPENED_FOR, now - KNOWN_FOR].map(|time| time.timestamp_millis())
}
