//! Replacing a key by a new one: the form that begins it, and the dialog of a pair whose rotation is under way.

mod form;
mod pair;
mod secret_target;

pub use form::{RotateDialog, RotateFocus};
pub(crate) use pair::RotationOutcome;
pub use pair::{PairSide, RotationButton, RotationDialog};
pub use secret_target::{Destination, NewSecretTarget, TargetKind};
