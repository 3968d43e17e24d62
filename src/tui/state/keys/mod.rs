//! What is around the list of keys: its columns and views, history and use, export and undo.

pub(super) mod columns;
pub(super) mod due;
pub(super) mod export;
pub(super) mod hand_overs;
pub(super) mod history;
pub(super) mod identify;
pub(super) mod overview;
pub(super) mod pending;
pub(super) mod token;
pub(super) mod undo;
pub(super) mod usage;
pub(super) mod views;
pub(super) mod window;
