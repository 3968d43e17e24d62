//! Waiting for what a program does, never for a time.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

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

/// The writes to files of a folder.
pub struct Changes(Arc<OwnedFd>);

impl Changes {
    /// Those from now on.
    pub fn of(folder: &Path) -> Self {
        let queue = inotify::init(CreateFlags::CLOEXEC).unwrap();
        inotify::add_watch(&queue, folder, WatchFlags::MODIFY).unwrap();
        Self(Arc::new(queue))
    }

    /// Waits for some.
    pub async fn next(&mut self) {
        let queue = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || rustix::io::read(&*queue, &mut [0; 4096]));
        read.await.unwrap().unwrap();
    }
}
