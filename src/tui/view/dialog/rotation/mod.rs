//! The form that replaces a key, and the dialog of a pair.

mod form;
mod pair;

pub(crate) use form::draw_rotate;
pub(crate) use pair::draw_rotation;

use crate::domain::AccessKey;
use crate::operations::format::relative;
use crate::tui::state::ClockReading;

/// Columns of the names of rows, and of their short ones.
const NAMES: (u16, u16) = (15, 9);

/// "used 4 min ago from 10.0.3.7".
fn used(key: &AccessKey, now: ClockReading) -> String {
    let from = key.last_used_from.as_ref().filter(|from| !from.is_empty());
    let from = from.map(|from| format!(" from {}", from.to_display(45))).unwrap_or_default();
    key.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {}{from}", relative(at, now.utc)))
}
