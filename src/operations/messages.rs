//! The sentences that more than one front end says, by subject.

use crate::client::PendingCreate;
use crate::domain::{Label, Untrusted};

/// Cells of a label within a sentence.
const LABEL_CELLS: usize = 60;

// Creating a key

/// A key that has no ID yet, within a sentence.
pub(crate) fn key_labelled(label: &Label) -> String {
    match label.as_str() {
        "" => "a key without a label".to_owned(),
        label => format!("a key labelled “{}”", Untrusted::new(label).to_display(LABEL_CELLS)),
    }
}

/// A create that an earlier run did not see the end of; `next` says what to do about it.
pub(crate) fn interrupted_create(left: &PendingCreate, next: &str) -> String {
    let at = left.at.format("%Y-%m-%d %H:%M UTC");
    format!("Creating {} at {at} was interrupted. {next}", key_labelled(&left.new.label))
}

/// What to do about a create that cannot be finished any more.
pub(crate) const SECRET_MAY_BE_LOST: &str = "If the key is in the list and you don't have its secret, delete it.";
