//! What keeps other programs of this machine away from our memory and files.

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask};

/// Hides this process's memory from core dumps and from tracing by the same user, and makes every new file
/// private. To be called first, before any thread.
///
/// Not dumpable alone keeps a piped core handler from running; a core limit of 0 does not, and 1 does. root is not
/// kept out by anything.
pub fn harden() -> io::Result<()> {
    umask(rustix::fs::Mode::from_raw_mode(0o077));
    let old = getrlimit(Resource::Core);
    let maximum = old.maximum.map_or(1, |maximum| maximum.min(1));
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(maximum), maximum: Some(maximum) });
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
