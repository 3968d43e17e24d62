//! latchkey: API access keys in the terminal.
pub mod model;
pub mod server;
