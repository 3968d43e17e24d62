//! The page.

pub mod field;
pub mod keymap;
pub mod runtime;
pub mod screen;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod view;
pub mod wrap;
