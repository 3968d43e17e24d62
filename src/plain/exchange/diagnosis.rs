//! What is known of an exchange, and what follows from it.

use chrono::{DateTime, Utc};

use super::Pair;
use crate::client::{ApiError, Target};
use crate::domain::diagnosis::{Evidence, KeyState, diagnose};
use crate::domain::{Content, KeyId};
use crate::operations::interrupt::Flow;
use crate::operations::prompter::Prompter as _;
use crate::plain::session::Session;

/// What an exchange has taught.
pub(crate) struct Known {
    pub(crate) key: KeyState,
    pub(crate) was_refused: bool,
    pub(crate) clocks: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pub(crate) works: bool,
}

impl Known {
    /// Of one that worked.
    pub(crate) fn works(clocks: Option<(DateTime<Utc>, DateTime<Utc>)>) -> Self {
        Self { key: KeyState::Unknown, was_refused: false, clocks, works: true }
    }
}

/// Looks at the key, if somebody is signed in: nobody is asked to sign in for this.
pub(crate) async fn look(session: &mut Session, id: &KeyId) -> Flow<KeyState> {
    if session.server.profile.signs_in && session.server.who.is_none() {
        return Ok(KeyState::Unknown);
    }
    let client = session.signed_in().await?;
    Ok(match session.console.wait(client.key(id)).await? {
        Ok(key) => KeyState::Known(Box::new(key)),
        Err(ApiError::NotFound(_)) => KeyState::Missing,
        Err(_) => KeyState::Unknown,
    })
}

/// Says what was found, each with its next step.
pub(crate) fn found(
    session: &mut Session,
    pair: &Pair,
    content: Option<&Content>,
    failing: Option<&str>,
    known: Known,
) {
    let address = match &pair.target {
        // An address that works is not to blame.
        Target::Url(base) if !known.works => base.region_hint(),
        _ => None,
    };
    let findings = diagnose(&Evidence {
        id: pair.id.raw_for_api(),
        secret: Some(&pair.secret),
        content,
        failing_token: failing.filter(|text| !text.is_empty()),
        key: known.key.at(pair.target.is_passportal()),
        was_refused: known.was_refused,
        clocks: known.clocks,
        address,
    });
    for finding in findings {
        session.console.say(format!("{}: {}", if finding.is_fault { "Wrong" } else { "Note" }, finding.what));
        if !finding.next.is_empty() {
            session.console.say(format!("Next: {}", finding.next));
        }
    }
}
