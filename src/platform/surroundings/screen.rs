//! What the system says about GNU screen, which answers no question about who watches.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

/// How many terminals show the window of GNU screen that we are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Displays {
    /// We are in none.
    NoScreen,
    /// The system does not let us look, as where screen runs with a group of its own.
    Unknown,
    /// So many.
    Known(usize),
}

impl Displays {
    /// Counts the terminals that the server process holds open.
    pub(crate) fn of(server: Option<u32>) -> Self {
        server.and_then(count).map_or(Self::Unknown, Self::Known)
    }
}

fn count(server: u32) -> Option<usize> {
    let open = fs::read_dir(format!("/proc/{server}/fd")).ok()?;
    let links = open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    // A window is held by its other end, /dev/ptmx.
    let terminals: HashSet<PathBuf> = links.filter(|to| is_terminal(&to.to_string_lossy())).collect();
    (!terminals.is_empty()).then_some(terminals.len())
}

fn is_terminal(device: &str) -> bool {
    device.strip_prefix("/dev/pts/").is_some_and(|name| name != "ptmx") || device.starts_with("/dev/tty")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terminals_count() {
        for device in ["/dev/pts/3", "/dev/tty1", "/dev/ttyS0"] {
            assert!(is_terminal(device), "{device}");
        }
        for device in ["/dev/pts/ptmx", "/dev/ptmx", "/dev/null", "pipe:[7]", "/run/screen/S-jo/7.tty"] {
            assert!(!is_terminal(device), "{device}");
        }
        assert_eq!(Displays::of(Some(u32::MAX)), Displays::Unknown);
        assert_eq!(Displays::of(None), Displays::Unknown);
    }
}
