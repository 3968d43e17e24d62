//! latchkey: API access keys in the terminal.

use std::process::ExitCode;

/// Freed memory is zeroed: no copy of a secret stays in the heap, not even one that a library made.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    latchkey::run().into()
}
