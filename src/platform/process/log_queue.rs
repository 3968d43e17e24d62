//! A log that never blocks its callers: lines go into a bounded queue, which a thread of its own writes to standard error.

use std::io;
use std::mem::take;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// How many bytes wait to be written: some 4,000 lines.
const MOST_BYTES: usize = 1024 * 1024;
/// How long more lines are waited for, and how many bytes are enough: under load, lines are written many at a time.
const GATHER_FOR: Duration = Duration::from_millis(5);
const ENOUGH: usize = 32 * 1024;

/// The queue. Clones are the same one.
#[derive(Clone)]
pub struct LogQueue(Arc<Queue>);

impl std::fmt::Debug for LogQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogQueue").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Queue {
    lines: Mutex<QueuedLines>,
    /// There is something to write.
    filled: Condvar,
    /// Nothing is left to write.
    emptied: Condvar,
    /// Lines that were never written, since the start.
    dropped: AtomicU64,
    /// The thread that writes.
    writer: OnceLock<ThreadId>,
}

#[derive(Default)]
struct QueuedLines {
    waiting: Vec<u8>,
    is_writing: bool,
    /// Lines that were dropped since the log last said so.
    untold: u64,
}

impl LogQueue {
    /// Starts the thread that writes to standard error, until the process ends.
    pub fn to_stderr() -> io::Result<Self> {
        let queue = Self(Arc::default());
        let writing = queue.clone();
        // Not by `std::io::stderr`: its lock would be held while a write waits, and others that have a last word wait too.
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writing.run(&rustix::stdio::stderr()))?;
        Ok(queue)
    }

    /// Waits until everything is written; false if that takes longer than `patience`.
    pub fn flush(&self, patience: Duration) -> bool {
        let has_some = |lines: &mut QueuedLines| lines.is_writing || !lines.waiting.is_empty();
        let waited = self.0.emptied.wait_timeout_while(self.lock(), patience, has_some);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// How many lines were dropped since the start, since nothing took them in time.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, QueuedLines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut lines = self.lock();
        // The writer's own line says how many were dropped: it must not be dropped as well.
        let is_writers = || self.0.writer.get() == Some(&std::thread::current().id());
        if lines.waiting.len() + line.len() > MOST_BYTES && !is_writers() {
            lines.untold += 1;
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let before = lines.waiting.len();
        lines.waiting.extend_from_slice(line);
        let after = lines.waiting.len();
        drop(lines);
        // To wake a thread for each line would take longer than to format it.
        if before == 0 || before < ENOUGH && after >= ENOUGH {
            self.0.filled.notify_one();
        }
    }

    fn run(&self, to: &impl AsFd) {
        let _ = self.0.writer.set(std::thread::current().id());
        loop {
            let is_empty = |lines: &mut QueuedLines| lines.waiting.is_empty();
            let waited = self.0.filled.wait_while(self.lock(), is_empty);
            let lines = waited.unwrap_or_else(PoisonError::into_inner);
            let has_few = |lines: &mut QueuedLines| lines.waiting.len() < ENOUGH;
            let gathered = self.0.filled.wait_timeout_while(lines, GATHER_FOR, has_few);
            let mut lines = gathered.unwrap_or_else(PoisonError::into_inner).0;
            lines.is_writing = true;
            let batch = take(&mut lines.waiting);
            drop(lines);
            let lost = write_all(to, &batch);
            self.0.dropped.fetch_add(lost, Ordering::Relaxed);
            let untold = take(&mut self.lock().untold);
            if untold > 0 {
                tracing::warn!(lines = untold, "dropped log lines: nothing read them in time");
            }
            let mut lines = self.lock();
            lines.is_writing = false;
            if lines.waiting.is_empty() {
                self.0.emptied.notify_all();
            }
        }
    }
}

/// A line comes in one call, as `tracing_subscriber` formats it first.
impl io::Write for LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes everything, however long it takes. Gives how many lines can't be written because standard error is gone.
fn write_all(to: &impl AsFd, mut bytes: &[u8]) -> u64 {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            // Another program that shares it, such as a shell, has made it non-blocking.
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::new(to, PollFlags::OUT)], None);
            }
            Err(_) => return bytes.split_inclusive(|byte| *byte == b'\n').count() as u64,
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use crate::platform::process::log_queue::*;

    #[test]
    fn what_is_over_the_bound_is_dropped_and_counted() {
        let queue = LogQueue(Arc::default());
        let line = [b'x'; 1023];
        for _ in 0..2000 {
            queue.clone().write_all(&line).unwrap();
            queue.clone().write_all(b"\n").unwrap();
        }
        assert!(!queue.flush(Duration::from_millis(1)), "nothing writes");
        assert_eq!((queue.lock().waiting.len(), queue.dropped()), (MOST_BYTES, 2 * (2000 - 1024)));

        let (mut reader, writer) = io::pipe().unwrap();
        let writing = queue.clone();
        std::thread::spawn(move || writing.run(&writer));
        let mut read = vec![0; MOST_BYTES];
        reader.read_exact(&mut read).unwrap();
        assert!(queue.flush(Duration::from_secs(60)));
        assert_eq!(queue.lock().untold, 0);
        queue.clone().write_all(b"there is room again\n").unwrap();
        let mut read = [0; 20];
        reader.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"there is room again\n");
    }

    #[test]
    fn lines_for_an_output_that_is_gone_are_counted() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        assert_eq!(write_all(&writer, b"one\ntwo\n"), 2);
    }
}
