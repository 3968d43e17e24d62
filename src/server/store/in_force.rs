//! When a revocation is true everywhere.

use std::time::Duration;

/// Where a revocation is in force: no server accepts the access tokens any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InForce {
    /// How many servers run on the store; 0 where each looks at every request.
    pub(crate) servers: u32,
    /// How many of them have not told that they obey. They have not heard from the database for so long that they verify
    /// nothing.
    pub(crate) silent: u32,
    /// How long that took.
    pub(crate) after: Duration,
}
