//! The way of a secret or a list out of the program. A new secret's is tried before the key is made, and never leads to
//! nothing.

mod content;
mod delivery;
mod destination;
mod menu;
mod pattern;
mod rescue;
mod save;
mod show;

pub use crate::platform::delivery::{NotSaved, bare, line};
pub use content::{SaveContent, SaveKind};
pub use delivery::{Delivery, Fate, Saved};
pub(crate) use destination::WRITING_INTERRUPTED;
pub use destination::{DeliveryRequest, Destination};
pub use menu::deliver;
pub use pattern::FilePattern;
pub use rescue::Rescue;
pub(crate) use rescue::rescued;
pub(crate) use save::{COMMAND, FILE, SECRET_IN_TARGET, ask_command, ask_file};
pub use save::{SaveTarget, attempt, save};
pub(crate) use show::{SHOW, show};
