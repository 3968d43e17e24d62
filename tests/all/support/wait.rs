//! Waiting for what a program does, never for a time.

use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so; fails if that takes too long.
#[track_caller]
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "{what} does not come");
        std::thread::yield_now();
    }
}

/// Asks until the answer is yes.
#[track_caller]
pub fn until_async(mut done: impl AsyncFnMut() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let began = Instant::now();
        while !done().await {
            assert!(began.elapsed() < PATIENCE, "still not so: {place}");
            tokio::task::yield_now().await;
        }
    }
}
