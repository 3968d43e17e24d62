//! The screen.
pub mod app;
mod field;
mod keymap;
mod screen;
mod terminal;
mod theme;
