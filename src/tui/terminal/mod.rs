//! The terminal: a trait that the event loop uses, and the controlling terminal behind it. Tests have one in memory.

mod input;
mod interface;
mod tty;

pub use interface::Terminal;
pub use tty::Tty;
