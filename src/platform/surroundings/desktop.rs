//! Whether a desktop can be there at all: variables outlive it, in a multiplexer above all.

use std::env;
use std::path::{Path, PathBuf};

/// Whether DISPLAY names a display that may be there. One of this computer has a socket; of another's nothing is known.
pub(crate) fn has_x11() -> bool {
    let Some(display) = env::var("DISPLAY").ok().filter(|display| !display.is_empty()) else { return false };
    local(&display).is_none_or(|number| listens(&format!("/tmp/.X11-unix/X{number}")))
}

/// Whether `WAYLAND_DISPLAY` names a session that may be there. Built without Wayland, X11 (`XWayland`) takes its place.
pub(crate) fn has_wayland() -> bool {
    if !cfg!(feature = "wayland") {
        return false;
    }
    let Some(name) = env::var_os("WAYLAND_DISPLAY").filter(|name| !name.is_empty()) else { return false };
    let folder = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).unwrap_or_default();
    folder.join(name).exists()
}

/// The number of a display of this computer, as in `:0` and `unix:0.0` (X(7)).
fn local(display: &str) -> Option<&str> {
    let number = display.strip_prefix(':').or_else(|| display.strip_prefix("unix:"))?;
    number.split('.').next()
}

/// By its file, or by its abstract name in unix(7)'s list, where that is after an `@`.
fn listens(socket: &str) -> bool {
    let is_it = |line: &str| line.split_whitespace().last().is_some_and(|name| name.trim_start_matches('@') == socket);
    Path::new(socket).exists() || std::fs::read_to_string("/proc/net/unix").is_ok_and(|list| list.lines().any(is_it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_of_this_computer_have_a_number() {
        assert_eq!([":0", ":10.0", "unix:3.1"].map(local), [Some("0"), Some("10"), Some("3")]);
        assert_eq!(["localhost:11.0", "host:0", ""].map(local), [None; 3]);
        assert!(!listens("/tmp/.X11-unix/X65000"));
    }
}
