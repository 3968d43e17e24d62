//! What several groups of tests need.

pub mod authority;
pub mod bench;
pub mod child_env;
pub mod executable;
pub mod fill;
pub mod fuzzed;
pub mod hands;
pub mod hanging;
pub mod hostile;
pub mod look;
pub mod mask;
pub mod memory;
pub mod memory_page;
pub mod mock;
pub mod mosh;
pub mod not_tested;
pub mod one_page;
pub mod openapi;
pub mod own_process;
pub mod picture;
pub mod raw;
pub mod served;
pub mod server;
pub mod terminal;
pub mod typing;
pub mod written;
