//! What keeps other programs of this machine away from our memory and files.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask};

/// Every new file is its owner's alone.
const PRIVATE: Mode = Mode::from_raw_mode(0o077);

/// The mask for new files that this process was started with.
static STARTED_WITH: AtomicU32 = AtomicU32::new(PRIVATE.as_raw_mode());

/// The mask for new files as the user has set it: for the programs that we start, and for what is no secret.
pub(crate) fn user_umask() -> Mode {
    Mode::from_raw_mode(STARTED_WITH.load(Ordering::Relaxed))
}

/// Makes files with the user's mask instead of ours. Only where no other thread makes any.
pub(crate) fn with_user_umask<T>(work: impl FnOnce() -> T) -> T {
    umask(user_umask());
    let done = work();
    umask(PRIVATE);
    done
}

/// Hides this process's memory from core dumps and from tracing by the same user, and makes every new file
/// private. To be called first, before any thread.
///
/// Not dumpable alone keeps a piped core handler from running; a core limit of 0 does not, and 1 does. root is not
/// kept out by anything.
pub fn harden() -> io::Result<()> {
    STARTED_WITH.store(umask(PRIVATE).as_raw_mode(), Ordering::Relaxed);
    let old = getrlimit(Resource::Core);
    let maximum = old.maximum.map_or(1, |maximum| maximum.min(1));
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(maximum), maximum: Some(maximum) });
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
