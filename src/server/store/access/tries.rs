//! How often sign-ins may be tried.

use std::time::Duration;

/// How often something may be tried by those who have something in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TryLimit {
    /// What they have in common, such as an address. Each kind is counted by itself.
    pub(crate) kind: &'static str,
    /// How often there is another try.
    pub(crate) every: Duration,
    /// How many there are at first.
    pub(crate) burst: u32,
}
