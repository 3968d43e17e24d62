//! Whole stories by key script, against the real server.

mod admins;
mod bulk;
mod cat;
mod clocks;
mod create;
mod event_loop;
mod export;
mod handover;
mod history;
mod identify;
mod keys;
mod list;
mod looks;
mod rotation;
mod servers;
mod team;
mod tokens;
mod trouble;
mod watched;

use crate::support::bench::Bench;
