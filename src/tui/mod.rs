//! The page.

pub(crate) mod field;
pub mod keymap;
pub mod runtime;
pub mod screen;
pub mod state;
pub mod terminal;
pub(crate) mod theme;
pub mod view;
pub(crate) mod wrap;
