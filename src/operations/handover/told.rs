//! Secrets that are handed over, as administrators are told of them.

use chrono::{DateTime, Utc};

use crate::client::{Handover, HandoverEnd};
use crate::domain::KeyId;

/// Cells of a name and of an address.
const CELLS: usize = 64;
/// Cells of a label.
const LABEL_CELLS: usize = 40;

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

/// How long it waits, and for whom: for the details of its key.
pub(crate) fn waits(handover: &Handover, time: impl Fn(DateTime<Utc>) -> String) -> String {
    let pin = if handover.has_pin { ", with a PIN" } else { "" };
    let (by, until) = (handover.created_by.to_display(CELLS), time(handover.until));
    format!("Handed over by {by}: its code opens the secret until {until}{pin}.")
}

/// One line, in which `time` says when: "“ci” (PK…), handed over by jo, waiting until …, with a PIN".
pub(crate) fn in_line(handover: &Handover, time: impl Fn(DateTime<Utc>) -> String) -> String {
    let name = if handover.label.is_empty() { String::new() } else { format!("{}, ", name(handover)) };
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
    let alarm = alarm(handover, time).map(|words| format!(". {words}")).unwrap_or_default();
    format!("{name}{id}, handed over by {by}, {state}{alarm}")
}

/// What someone else's try to open a secret means, if there was one that no administrator has acknowledged.
pub(crate) fn alarm(handover: &Handover, time: impl Fn(DateTime<Utc>) -> String) -> Option<String> {
    let at = time(handover.opened_again_at?);
    let from = handover.opened_again_from.as_ref().map_or_else(String::new, |from| from.to_display(CELLS));
    let name = name(handover);
    Some(format!(
        "Someone else tried to open the secret of {name} at {at} from {from}: others know the code. Replace the key."
    ))
}

/// After it was settled.
pub(crate) fn ended(how: HandoverEnd) -> &'static str {
    match how {
        HandoverEnd::TakeBack => "Taken back: the code no longer works.",
        HandoverEnd::Acknowledge(_) => "Acknowledged. It stays in the key's history.",
    }
}
