//! What is told of the keys of a rotation.

use chrono::{DateTime, Utc};

use crate::domain::{AccessKey, Rotation, Status};
use crate::operations::format::relative;

/// Cells of an ID and of an address within a sentence.
const ID_CELLS: usize = 40;
const ADDRESS_CELLS: usize = 64;

/// The other key of a rotation that is under way; `until` says how long the old one works, if it does.
pub(crate) fn other(key: &AccessKey, until: impl Fn(DateTime<Utc>) -> String) -> Option<String> {
    let rotation = key.rotation.as_ref()?;
    let other = rotation.other().to_display(ID_CELLS);
    Some(match rotation {
        Rotation::Replaces(_) => format!("Replaces {other}"),
        Rotation::ReplacedBy(_) => {
            let end = key.expires_at.filter(|_| key.status == Status::Active);
            format!("Replaced by {other}{}", end.map(until).unwrap_or_default())
        }
    })
}

/// The title of a use of a key after its rotation had ended.
pub(crate) const LATE_USE: &str = "Late use";

/// The last of them, if there was one.
pub(crate) fn late_use(key: &AccessKey, now: DateTime<Utc>) -> Option<String> {
    let at = key.late_use_at?;
    // The address is that of the last refusal, which may be a later one.
    let from = key.refused_from.as_ref().filter(|_| key.refused_at == Some(at));
    let from = from.map(|from| format!(" from {}", from.to_display(ADDRESS_CELLS))).unwrap_or_default();
    Some(format!("{}{from}", relative(at, now)))
}
