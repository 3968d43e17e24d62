//! Work with secrets that leaves none of them on the stack.

use std::hint::black_box;

/// More than any of our uses of a cipher or a hash takes, in 8-byte words: 16 KiB.
const WORDS: usize = 2048;

/// Does `work`, and overwrites what its calls left on this thread's stack.
///
/// A hash's state is moved about and not wiped where it was: without this, the last block of a token stayed on the stack
/// of the thread that signed it, until something else was as deep.
pub(crate) fn wiped_after<T>(work: impl FnOnce() -> T) -> T {
    let result = apart(work);
    wipe();
    result
}

/// In a frame of its own, below the caller's.
#[inline(never)]
fn apart<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// At the same depth as [`apart`].
#[inline(never)]
fn wipe() {
    // Written at once: one word after the other, as `zeroize` does it, takes a sixth of the time of a verification. That
    // the compiler keeps it is what `tests/all/traces` looks at.
    black_box(&mut [0_u64; WORDS]);
}
