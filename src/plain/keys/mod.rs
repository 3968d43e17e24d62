//! Keys: listed, shown, made, changed, and what happened to them.

pub(super) mod all;
pub(super) mod change;
pub(super) mod create;
pub(super) mod due;
pub(super) mod export;
pub(super) mod form;
pub(super) mod history;
pub(super) mod identify;
pub(super) mod list;
pub(super) mod pending;
pub(super) mod rotate;
pub(super) mod show;
