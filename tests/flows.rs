//! Whole stories by key script, against the real server.

mod support {
    pub mod bench;
    pub mod keys;
    pub mod picture;
}

#[path = "flows/create.rs"]
mod create;
#[path = "flows/keys.rs"]
mod keys;
#[path = "flows/list.rs"]
mod list;
#[path = "flows/trouble.rs"]
mod trouble;

use support::bench::Bench;
