//! Secrets that are handed over, as administrators are told of them.

use chrono::{DateTime, Utc};

use crate::client::{Handover, HandoverEnd};
use crate::domain::{KeyId, Untrusted};

/// Cells of a name and of an address.
const CELLS: usize = 64;
/// Cells of a label.
const LABEL_CELLS: usize = 40;

/// What is wrong with a hand-over, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// Someone tried to open it again.
    OpenedAgain,
    /// It was deleted after too many wrong codes or PINs.
    TriedTooOften,
    /// It was not opened in time.
    Expired,
}

impl Wrong {
    /// What is wrong that no administrator has acknowledged, and since when.
    pub(crate) fn of(handover: &Handover) -> Option<(Self, DateTime<Utc>)> {
        if let Some(at) = handover.opened_again_at {
            return Some((Self::OpenedAgain, at));
        }
        // An older server can't be told that it was read.
        handover.wrong_tries.filter(|_| handover.acknowledged_at.is_none())?;
        match handover.state.raw_for_api() {
            "tried_too_often" => Some((Self::TriedTooOften, handover.ended_at?)),
            "expired" => Some((Self::Expired, handover.until)),
            _ => None,
        }
    }

    /// Its word for programs: a promise to scripts.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OpenedAgain => "handover_opened_again",
            Self::TriedTooOften => "handover_tried_too_often",
            Self::Expired => "handover_expired",
        }
    }
}

/// Those with which something is wrong, the worst first, and of these the latest.
pub(crate) fn alarms(all: &[Handover]) -> Vec<(Wrong, DateTime<Utc>, &Handover)> {
    let of = |one| Wrong::of(one).map(|(wrong, at)| (wrong, at, one));
    let mut alarms: Vec<_> = all.iter().filter_map(of).collect();
    alarms.sort_by_key(|(wrong, at, _)| (*wrong, std::cmp::Reverse(*at)));
    alarms
}

/// Whether someone with the code can still open it.
pub(crate) fn is_open(handover: &Handover) -> bool {
    handover.state.raw_for_api() == "waiting"
}

/// Whose secret it is: by the label of the key, if it has one.
pub(crate) fn name(handover: &Handover) -> String {
    name_in(handover, LABEL_CELLS)
}

/// The same, with a label of so many cells.
pub(crate) fn name_in(handover: &Handover, cells: usize) -> String {
    if handover.label.is_empty() {
        return handover.key_id.to_display(KeyId::MAX_CHARS.min(cells + 2));
    }
    format!("“{}”", handover.label.to_display(cells))
}

/// The same, and the ID of the key.
pub(crate) fn identity(handover: &Handover) -> String {
    let id = handover.key_id.to_display(KeyId::MAX_CHARS);
    if handover.label.is_empty() { id } else { format!("{} ({id})", name(handover)) }
}

/// How long it waits, and for whom: for the details of its key.
pub(crate) fn waits(handover: &Handover, time: impl Fn(DateTime<Utc>) -> String) -> String {
    let pin = if handover.has_pin { ", with a PIN" } else { "" };
    let (by, until) = (handover.created_by.to_display(CELLS), time(handover.until));
    format!("Handed over by {by}: its code opens the secret until {until}{pin}.{}", tries(handover))
}

/// That a wrong code or PIN was given.
fn tries(handover: &Handover) -> String {
    match handover.wrong_tries {
        None | Some(0) => String::new(),
        Some(1) => " A wrong code or PIN was given once.".to_owned(),
        Some(times) => format!(" A wrong code or PIN was given {times} times."),
    }
}

/// One line, in which `time` says when: "“ci” (PK…), handed over by jo, waiting until …, with a PIN".
pub(crate) fn in_line(handover: &Handover, time: impl Fn(DateTime<Utc>) -> String) -> String {
    let label = if handover.label.is_empty() { String::new() } else { format!("{}, ", name(handover)) };
    let (id, by) = (handover.key_id.to_display(KeyId::MAX_CHARS), handover.created_by.to_display(CELLS));
    let from = handover.opened_from.as_ref().map(|from| format!(" from {}", from.to_display(CELLS)));
    let state = match (is_open(handover), handover.opened_at) {
        (true, _) => {
            format!("waiting until {}{}", time(handover.until), if handover.has_pin { ", with a PIN" } else { "" })
        }
        (false, Some(at)) => {
            let received = if handover.confirmed_at.is_some() { ", received" } else { "" };
            format!("opened {}{}{received}", time(at), from.unwrap_or_default())
        }
        (false, None) => handover.state.to_display(CELLS).replace('_', " "),
    };
    let more = match alarm(handover, &name(handover), time) {
        Some(words) => format!(". {words}"),
        None if is_open(handover) && handover.wrong_tries > Some(0) => format!(".{}", tries(handover)),
        None => String::new(),
    };
    format!("{label}{id}, handed over by {by}, {state}{more}")
}

/// What is wrong, and what to do, if there is something that no administrator has acknowledged. `name` says whose secret it is.
pub(crate) fn alarm(handover: &Handover, name: &str, time: impl Fn(DateTime<Utc>) -> String) -> Option<String> {
    let (wrong, at) = Wrong::of(handover)?;
    let at = time(at);
    let from = |from: &Option<Untrusted>| {
        from.as_ref().map(|from| format!(" from {}", from.to_display(CELLS))).unwrap_or_default()
    };
    Some(match wrong {
        Wrong::OpenedAgain => {
            let from = from(&handover.opened_again_from);
            format!(
                "Someone tried to open the secret of {name} again, at {at}{from}. Unless it was the same person, others \
                 know the code: replace the key."
            )
        }
        Wrong::TriedTooOften => {
            let (times, from) = (handover.wrong_tries.unwrap_or_default(), from(&handover.ended_from));
            let what = if handover.has_pin { "PINs or codes" } else { "codes" };
            format!(
                "{times} wrong {what} were given for the secret of {name}, the last at {at}{from}. It is deleted and was \
                 never received: replace or delete the key."
            )
        }
        Wrong::Expired => {
            format!("The secret of {name} was never received: its code expired at {at}. Replace or delete the key.")
        }
    })
}

/// After it was settled.
pub(crate) fn ended(how: HandoverEnd) -> &'static str {
    match how {
        HandoverEnd::TakeBack => "Taken back: the code no longer works.",
        HandoverEnd::Acknowledge(_) => "Acknowledged. It stays in the key's history.",
    }
}
