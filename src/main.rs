//! latchkey: API access keys in the terminal.

use std::io::Write as _;
use std::process::ExitCode;

/// Freed memory is zeroed: no copy of a secret stays in the heap, whoever made it.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    match latchkey::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be gone with the terminal: that is no reason to fail again.
            let _ = writeln!(std::io::stderr(), "latchkey: {error:#}");
            ExitCode::FAILURE
        }
    }
}
