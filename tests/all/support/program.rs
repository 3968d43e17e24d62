//! The program under test, and the environment of the programs that tests start: small, and the same whoever runs them.

use std::ffi::OsString;
use std::path::Path;
use std::sync::LazyLock;

/// The program under test: as cargo built it, or another build of it that `LATCHKEY_UNDER_TEST` names.
pub fn binary() -> &'static str {
    static BINARY: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("LATCHKEY_UNDER_TEST").ok());
    BINARY.as_deref().unwrap_or(env!("CARGO_BIN_EXE_latchkey"))
}

/// The variables of every program that a test starts: where other programs are, its home, and the tests' clock.
pub fn environment(home: &Path) -> impl Iterator<Item = (OsString, OsString)> {
    let own = [("PATH".into(), std::env::var_os("PATH").unwrap()), ("HOME".into(), home.into())];
    // Where the tests run under libfaketime, a program must have the same time as its test.
    let clock = |name: &OsString| name == "LD_PRELOAD" || name.as_encoded_bytes().starts_with(b"FAKETIME");
    own.into_iter().chain(std::env::vars_os().filter(move |(name, _)| clock(name)))
}
