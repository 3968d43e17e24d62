//! When a revocation is true everywhere.

use std::fmt::{Display, Formatter};
use std::time::Duration;

/// Where a revocation is in force: no server accepts the access tokens any more.
///
/// As text it is the header `x-revoked` of our servers, `servers=3, silent=0, ms=31` (HTTP contract: openapi.yaml).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    /// How many servers run on the store; 0 where each looks at every request.
    pub servers: u32,
    /// How many of them have not told that they obey. They have not heard from the database for so long that they verify
    /// nothing.
    pub silent: u32,
    /// How long that took.
    pub after: Duration,
}

impl InForce {
    /// The header of the answer.
    pub const HEADER: &str = "x-revoked";

    /// Reads the text; `None` if it is not of this form.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |name: &str| {
            let value = text.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='))?;
            value.parse::<u32>().ok()
        };
        let after = Duration::from_millis(number("ms")?.into());
        Some(Self { servers: number("servers")?, silent: number("silent")?, after })
    }

    /// Where requests are refused now, after the words "refused": ` on all 3 servers (31 ms)`.
    pub fn words(self) -> String {
        let Self { servers, silent, after } = self;
        let time = match after.as_millis() {
            ms @ 0..1_000 => format!("{ms} ms"),
            ms => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        };
        match (servers, silent) {
            (0, _) => String::new(),
            (1, 0) => format!(" on the only server ({time})"),
            (_, 0) => format!(" on all {servers} servers ({time})"),
            _ => format!(
                " on all {servers} servers ({time}); {silent} of them can't reach the database and accept no access \
                 tokens"
            ),
        }
    }
}

impl Display for InForce {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "servers={}, silent={}, ms={}", self.servers, self.silent, self.after.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_read_as_it_is_written() {
        let told = InForce { servers: 3, silent: 1, after: Duration::from_millis(5_031) };
        assert_eq!(told.to_string(), "servers=3, silent=1, ms=5031");
        assert_eq!(InForce::parse(&told.to_string()), Some(told));
        for text in ["", "servers=3", "servers=-1, silent=0, ms=1", "servers=3, silent=0, ms=99999999999"] {
            assert_eq!(InForce::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_said_counts_servers() {
        let words = |servers, silent, ms| InForce { servers, silent, after: Duration::from_millis(ms) }.words();
        assert_eq!(words(0, 0, 1), "");
        assert_eq!(words(1, 0, 999), " on the only server (999 ms)");
        assert_eq!(words(3, 0, 31), " on all 3 servers (31 ms)");
        assert!(words(2, 1, 5_049).starts_with(" on all 2 servers (5.0 s); 1 of them can't reach the database"));
    }
}
