//! The methods of [`Store`](super::Store), by what they are about.

mod accounts;
mod handovers;
mod keys;
mod server_keys;
mod webhook;
