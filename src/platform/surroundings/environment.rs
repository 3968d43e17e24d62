//! What the environment says. Some of it is stale in a multiplexer: it is a hint, and never trusted to allow something.

use std::env;

use super::desktop;

/// The variables that matter, read once for each look.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a variable of its own, set or not")]
pub(crate) struct Environment {
    /// The pane of tmux that this is, if it is one.
    pub(crate) pane: Option<String>,
    /// The process of the tmux server that TMUX names.
    pub(crate) tmux_server: Option<u32>,
    /// Whether this is a window of GNU screen.
    pub(crate) screen: bool,
    /// The process of GNU screen that STY names.
    pub(crate) screen_server: Option<u32>,
    /// Whether this is a session over SSH.
    pub(crate) ssh: bool,
    /// Whether there is a Wayland session.
    pub(crate) wayland: bool,
    /// Whether there is an X display.
    pub(crate) x11: bool,
    /// The terminal's name.
    pub(crate) term: String,
    /// The recorder that has left its variable, if one has.
    pub(crate) recorder: Option<&'static str>,
}

/// Variables that a recorder sets for what it records.
const RECORDERS: [(&str, &str); 2] = [("ASCIINEMA_REC", "asciinema"), ("SSH_TELEPORT_USER", "Teleport")];

impl Environment {
    /// Reads them.
    pub(crate) fn read() -> Self {
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            pane: set("TMUX").then(|| env::var("TMUX_PANE").unwrap_or_default()),
            tmux_server: env::var("TMUX").ok().and_then(|text| text.rsplit(',').nth(1)?.parse().ok()),
            screen: set("STY"),
            screen_server: env::var("STY").ok().and_then(|text| text.split('.').next()?.parse().ok()),
            ssh: set("SSH_CONNECTION") || set("SSH_TTY"),
            wayland: desktop::has_wayland(),
            x11: desktop::has_x11(),
            term: env::var("TERM").unwrap_or_default(),
            recorder: RECORDERS.iter().find(|(variable, _)| set(variable)).map(|(_, name)| *name),
        }
    }

    /// Whether a terminal of this name swallows a code that it does not obey. The others may print it.
    pub(crate) fn swallows_codes(&self) -> bool {
        !self.term.is_empty() && !self.term.starts_with("vt") && !self.is_any(&["linux", "dumb", "cons25", "ansi"])
    }

    /// Whether the terminal's name is one of these, or begins so before a dash.
    pub(crate) fn is_any(&self, names: &[&str]) -> bool {
        names
            .iter()
            .any(|name| self.term.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_terminals() {
        let swallows = |term: &str| Environment { term: term.to_owned(), ..Environment::default() }.swallows_codes();
        assert!(swallows("xterm-256color") && swallows("foot") && swallows("screen-256color") && swallows("linuxish"));
        for term in ["linux", "vt100", "vt220", "dumb", "", "linux-16color", "ansi"] {
            assert!(!swallows(term), "{term}");
        }
    }
}
