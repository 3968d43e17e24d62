//! Work with secrets that leaves none of them on the stack.

use std::hint::black_box;

use zeroize::Zeroize as _;

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
    let mut below = [0_u64; WORDS];
    below.zeroize();
    black_box(&mut below);
}
