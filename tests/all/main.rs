//! The tests from outside: what users, servers and administrators see of the program.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test may fail loudly")]

mod cli;
mod config;
mod crash;
mod database;
mod flows;
mod fuzzed;
mod hostile;
mod login;
mod openapi;
mod plain;
mod pty;
mod screens;
mod serve;
mod server;
mod support;
mod traces;
mod transport;
