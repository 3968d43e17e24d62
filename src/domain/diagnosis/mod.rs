//! What is wrong with an exchange that failed: the server only says that it failed (code 1000).

#[cfg(test)]
mod tests;
mod variants;

use chrono::{DateTime, TimeDelta, Utc};

use super::{AccessKey, Content, SecretKey, Status, sentence};
pub use variants::Cause;
use variants::TokenForm;
pub(crate) use variants::digits;

/// One thing that was found, and what to do about it. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was found, in a sentence.
    pub what: String,
    /// The next step, in a sentence.
    pub next: String,
    /// What it says of the case.
    pub kind: FindingKind,
}

/// What a finding says of the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// A step that is still running.
    Running,
    /// A step that succeeded.
    Passed,
    /// A step that failed.
    Failed,
    /// What explains a failure.
    Fault,
    /// What was ruled out, or is good to know.
    Note,
}

impl Finding {
    /// What explains a failure.
    pub fn fault(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into(), kind: FindingKind::Fault }
    }

    /// What was ruled out, or is good to know.
    pub fn note(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into(), kind: FindingKind::Note }
    }

    /// How far a step is, without a next step of the user's.
    pub fn step(kind: FindingKind, what: impl Into<String>) -> Self {
        Self { what: what.into(), next: String::new(), kind }
    }

    /// Whether it explains a failure.
    pub fn is_fault(&self) -> bool {
        self.kind == FindingKind::Fault
    }
}

/// What the server knows of the key, as far as it could be asked.
#[derive(Clone, Debug, Default)]
pub enum KeyState {
    /// There is no session.
    #[default]
    Unknown,
    /// The server has no list of keys: it is Passportal.
    Unlisted,
    /// There is no such key: it was deleted, or it belongs to another server.
    Missing,
    /// The key as it is now.
    Known(Box<AccessKey>),
}

impl KeyState {
    /// The same of a server that may be Passportal, which cannot be asked, signed in or not.
    #[must_use]
    pub fn at(self, is_passportal: bool) -> Self {
        if is_passportal { Self::Unlisted } else { self }
    }
}

/// What is at hand for a diagnosis. Everything may be missing.
#[derive(Default)]
pub struct Evidence<'a> {
    /// The Access key ID.
    pub id: &'a str,
    /// The Secret access key.
    pub secret: Option<&'a SecretKey>,
    /// The content that was sent.
    pub content: Option<&'a Content>,
    /// The HMAC token that failed, as another program made it: hex or base64, white space at its ends is ignored.
    pub failing_token: Option<&'a str>,
    /// What the server knows of the key.
    pub key: KeyState,
    /// Whether an exchange with this ID, secret and content was refused with code 1000.
    pub was_refused: bool,
    /// The server's clock, if it said it, and ours at that moment.
    pub clocks: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// What is odd about the base URL, in a sentence.
    pub address: Option<String>,
}

/// A clock that differs by less does no harm: tokens live for an hour.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// Says what is wrong. Nothing is sent anywhere: the secret stays where it is.
pub fn diagnose(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(of_roles(evidence));
    findings.extend(of_token(evidence));
    findings.extend(of_key(evidence));
    let next = "Correct the base URL, then try again.";
    findings.extend(evidence.address.clone().map(|what| Finding::fault(what, next)));
    findings.extend(of_clocks(evidence));
    if evidence.was_refused && !findings.iter().any(Finding::is_fault) {
        findings.push(of_pair(evidence));
    }
    findings
}

/// A fresh access token that is of no use already.
pub fn of_end(expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<Finding> {
    let next = "Correct the clock that is wrong: timedatectl shows whether this one is synchronized.";
    let what = "The access token has already expired, so this clock or the server's is wrong.";
    (expires_at <= now).then(|| Finding::fault(what, next))
}

/// IDs and secrets that are swapped or damaged.
fn of_roles(evidence: &Evidence<'_>) -> Option<Finding> {
    let secret = evidence.secret.map_or("", SecretKey::expose);
    let wrong = crate::domain::secrets::credential_kind::check_pair(evidence.id, secret).err()?;
    let next = if wrong.is_certain { "Correct it, then try again." } else { "If so, use the Secret access key." };
    Some(Finding::fault(sentence(&wrong.to_string()), next))
}

/// How the failing token was made.
fn of_token(evidence: &Evidence<'_>) -> Option<Finding> {
    let (token, secret, content) = (evidence.failing_token?, evidence.secret?, evidence.content?);
    match variants::find(token, evidence.id, secret.expose(), content.as_str()) {
        None => Some(of_unexplained(token)),
        Some(causes) if causes.is_empty() => Some(Finding::note(
            "The HMAC token matches this secret and content.",
            if content.as_str().contains(['&', '+', '%', '=']) {
                "Check the ID, the server, and the content that is sent with it: in a form it must be percent-encoded \
                 (curl --data-urlencode), or it is cut at & and + becomes a blank."
            } else {
                "Check the ID, the content that is sent with it, and the server."
            },
        )),
        Some(causes) => {
            let what: Vec<&str> = causes.iter().map(|cause| cause.what()).collect();
            let next: Vec<&str> = causes.iter().map(|cause| cause.next()).collect();
            let what = format!("The HMAC token was computed {}.", what.join(" and "));
            Some(Finding::fault(what, next.join(" ")))
        }
    }
}

/// A token that no known mistake gives.
fn of_unexplained(token: &str) -> Finding {
    let next = "Make it with HMAC-SHA256, and write it as 64 hex digits.";
    match variants::form(token) {
        TokenForm::Token => Finding::fault(
            "This HMAC token doesn't match this secret and content, and no known mistake explains it.",
            "Generate a new one, and compare the secret and content with those that the other program uses.",
        ),
        TokenForm::OtherDigest(name) => {
            Finding::fault(format!("This token is as long as an HMAC made with {name}, not with SHA-256."), next)
        }
        TokenForm::Digits(count) => Finding::fault(
            format!("This token has {count} hex digits, and an HMAC token has 64: some are missing or too many."),
            "Compare it with what the other program makes.",
        ),
        TokenForm::Unknown => Finding::fault(
            "This is not an HMAC token: it is neither 64 hex digits nor base64.",
            "Check what the other program sends as x-hash.",
        ),
    }
}

/// What the server's list says of the key.
fn of_key(evidence: &Evidence<'_>) -> Option<Finding> {
    match &evidence.key {
        KeyState::Unknown | KeyState::Unlisted => None,
        KeyState::Missing => Some(Finding::fault(
            "The server has no key with this ID. It was deleted or belongs to another server, or it is no ID.",
            "Compare the ID with the list of keys, or create a new key.",
        )),
        KeyState::Known(key) => match key.status {
            Status::Inactive => {
                Some(Finding::fault("The key is inactive.", "Activate it in the list of keys (a), then try again."))
            }
            Status::Expired => Some(Finding::fault(
                key.expires_at.map_or("The key has expired.".to_owned(), |end| {
                    format!("The key expired on {} UTC.", end.format("%Y-%m-%d %H:%M"))
                }),
                "Set a new expiry date (e in the list), or create a new key.",
            )),
            Status::Active => {
                evidence.was_refused.then(|| Finding::note("The key exists and is active.", "Check the secret."))
            }
        },
    }
}

/// A clock that is off.
fn of_clocks(evidence: &Evidence<'_>) -> Option<Finding> {
    let (server, ours) = evidence.clocks?;
    let ahead = ours - server;
    if ahead.abs() < CLOCK_TOLERANCE {
        return None;
    }
    let (amount, side) = (spoken(ahead.abs()), if ahead > TimeDelta::zero() { "ahead of" } else { "behind" });
    let what = format!("This machine's clock is {amount} {side} the server's.");
    let next = "The exchange doesn't depend on the time, but a fresh token may look expired. Correct the clock that is \
                wrong: timedatectl shows whether this one is synchronized.";
    Some(Finding::note(what, next))
}

/// Nothing else was found: then the pair itself is wrong.
fn of_pair(evidence: &Evidence<'_>) -> Finding {
    let ours = evidence.secret.is_some_and(|secret| SecretKey::parse(secret.expose()).is_ok());
    let what = match (&evidence.key, ours) {
        (KeyState::Known(_), true) => "The secret is intact (its checksum is right) but belongs to another key.",
        (KeyState::Known(_), false) => {
            "The secret belongs to another key, one of its characters is wrong, or it is something else (an HMAC token)."
        }
        (_, true) => {
            "The secret is intact (its checksum is right), so the ID belongs to another key, or the key is deleted, inactive or expired."
        }
        (_, false) => "The ID and secret don't match, or the key is deleted, inactive or expired.",
    };
    let next = match &evidence.key {
        KeyState::Known(_) => {
            "Use the secret that was shown when this key was created. If it is lost, create a new key."
        }
        KeyState::Unlisted => {
            "Check in Passportal's dashboard (Settings › API Keys) whether the key exists and is active."
        }
        _ => "Sign in as an administrator: the list shows whether the key exists and is active.",
    };
    Finding::fault(what, next)
}

/// `2 h 5 min`, `3 d`, `90 s`.
fn spoken(time: TimeDelta) -> String {
    match time.num_seconds() {
        s @ ..600 => format!("{s} s"),
        s @ 600..7200 => format!("{} min", s / 60),
        s @ 7200..172_800 => format!("{} h {} min", s / 3600, s % 3600 / 60),
        s => format!("{} d", s / 86_400),
    }
}
