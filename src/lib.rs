//! latchkey: API access keys in the terminal.
pub mod api;
pub mod model;
pub mod ui;
