//! What is done with a secret: shown once, handed on, exchanged and tested.

pub(super) mod delivery;
pub(super) mod exchange;
mod hand_over;
pub(super) mod hand_overs;
pub(super) mod reveal;
pub(super) mod tokens;
