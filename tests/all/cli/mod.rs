//! The commands without a page: the real binary, an empty home, and real servers.

mod asks;
mod create;
mod delete;
mod doctor;
mod exchange;
mod finish;
mod guide;
mod handover;
mod help;
mod identify;
mod keys;
mod many;
mod output;
mod remote;
mod rotate;
mod stores;
mod surroundings;
mod team;
mod trouble;
