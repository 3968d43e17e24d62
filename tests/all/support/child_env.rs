//! The environment of the programs that tests start: small, and the same whoever runs the tests.

use std::ffi::OsString;
use std::path::Path;

/// What every program gets: where other programs are, its home, and the clock of the tests.
pub fn child_env(home: &Path) -> Vec<(OsString, OsString)> {
    let own = [("PATH".into(), std::env::var_os("PATH").unwrap()), ("HOME".into(), home.into())];
    own.into_iter().chain(clock()).collect()
}

/// What sets the clock where the tests run under libfaketime: a program and its test must agree on the time.
pub fn clock() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| name == "LD_PRELOAD" || name.as_encoded_bytes().starts_with(b"FAKETIME"))
}
