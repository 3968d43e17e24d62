//! Whether plain lines are what is wanted.

use std::env;
use std::io;
use std::io::IsTerminal as _;

/// Why there are plain lines, and no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainReason {
    /// The command line says so.
    Asked,
    /// The environment says so.
    Variable,
    /// The terminal knows no more than lines.
    Dumb,
    /// It is not known what the terminal knows.
    Unnamed,
    /// There is no screen.
    Output,
    /// There is no keyboard.
    Input,
}

impl PlainReason {
    /// Finds a reason; none if the page can be opened.
    pub fn find(asked: bool) -> Option<Self> {
        let variable = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Self::of(asked, variable, io::stdin().is_terminal(), io::stdout().is_terminal())
    }

    fn of(asked: bool, variable: impl Fn(&str) -> Option<String>, input: bool, output: bool) -> Option<Self> {
        let term = variable("TERM").unwrap_or_default();
        let wished = variable("LATCHKEY_PLAIN").is_some_and(|value| !["", "0"].contains(&value.as_str()));
        let reasons = [
            (asked, Self::Asked),
            (wished, Self::Variable),
            (!output, Self::Output),
            (!input, Self::Input),
            (term.is_empty(), Self::Unnamed),
            (term == "dumb", Self::Dumb),
        ];
        reasons.into_iter().find_map(|(holds, why)| holds.then_some(why))
    }

    /// It as the first line of all.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Asked => "Plain mode: --plain asks for it.",
            Self::Variable => "Plain mode: LATCHKEY_PLAIN asks for it.",
            Self::Dumb => "Plain mode: TERM is dumb.",
            Self::Unnamed => "Plain mode: TERM is not set.",
            Self::Output => "Plain mode: standard output is not a terminal.",
            Self::Input => "Plain mode: standard input is not a terminal.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_counts_and_a_terminal_is_none() {
        let find = |asked, term: Option<&str>, wish: Option<&str>, input, output| {
            let variable = |name: &str| if name == "TERM" { term } else { wish }.map(str::to_owned);
            PlainReason::of(asked, variable, input, output)
        };
        assert_eq!(find(false, Some("xterm"), None, true, true), None);
        assert_eq!(find(false, Some("vt100"), Some("0"), true, true), None);
        assert_eq!(find(true, Some("dumb"), None, false, false), Some(PlainReason::Asked));
        assert_eq!(find(false, Some("xterm"), Some("1"), true, true), Some(PlainReason::Variable));
        assert_eq!(find(false, Some("dumb"), Some(""), true, true), Some(PlainReason::Dumb));
        assert_eq!(find(false, None, None, true, true), Some(PlainReason::Unnamed));
        assert_eq!(find(false, Some(""), None, true, true), Some(PlainReason::Unnamed));
        assert_eq!(find(false, Some("xterm"), None, false, true), Some(PlainReason::Input));
        assert_eq!(find(false, Some("xterm"), None, true, false), Some(PlainReason::Output));
    }
}
