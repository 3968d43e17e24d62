//! Waiting for what a program does, never for a time.

use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(100);

/// Between two looks at what cannot be awaited: the program that is waited for needs the processor.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Lets the programs of a test work for a moment, before another look at what they do.
#[expect(clippy::disallowed_methods, reason = "nothing says when the next look would be worth it")]
pub fn pause() {
    std::thread::sleep(LOOK_AGAIN);
}

/// Waits until something is so; fails if that takes too long.
#[track_caller]
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "{what} does not come");
        pause();
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
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Whether something is so within a moment.
pub fn comes(moment: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + moment;
    while Instant::now() < end {
        if done() {
            return true;
        }
        pause();
    }
    false
}
