//! What waits for what: looking up one thing never waits for lists, and neither waits for writes.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::server::store::error::StoreError;

/// The fewest and the most readers for lookups: one for each processor. Each takes a connection, and up to 1.5 MB.
const LOOKUPS: (usize, usize) = (2, 8);
/// Readers for lists: one more than one administrator may have running.
const LISTS: usize = 3;
/// How much the priority of a list is lowered: to a tenth of the processor, where others want all of it.
const ASIDE: i32 = 10;
/// Threads for what else may block: a writer, three passwords, and two that are just ending. Jobs beyond wait: the C library
/// keeps memory for each thread that has ever allocated some.
const OTHER_THREADS: usize = 6;
/// How long to wait in line. As long as for another process's transaction.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a job works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// One key, session or account.
    Lookup,
    /// Many rows.
    List,
    Write,
}

/// The lanes of one store. A job waits in its lane before it has a thread, so that those who wait take no threads.
pub(crate) struct Lanes {
    lookups: Arc<Semaphore>,
    lists: Arc<Semaphore>,
    writes: Arc<Semaphore>,
}

impl Lanes {
    pub(crate) fn new() -> Self {
        // To ask how many processors there are reads files.
        let lookups = if serves_many() { lookups() } else { LOOKUPS.0 };
        let lane = |jobs| Arc::new(Semaphore::new(jobs));
        Self { lookups: lane(lookups), lists: lane(LISTS), writes: lane(1) }
    }

    /// Waits for a turn, which lasts until the result is dropped.
    pub(crate) async fn turn(&self, lane: Lane) -> Result<OwnedSemaphorePermit, StoreError> {
        let lane = match lane {
            Lane::Lookup => &self.lookups,
            Lane::List => &self.lists,
            Lane::Write => &self.writes,
        };
        if let Ok(turn) = Arc::clone(lane).try_acquire_owned() {
            return Ok(turn);
        }
        let waited = timeout(PATIENCE, Arc::clone(lane).acquire_owned()).await;
        waited.map_err(|_| StoreError::Busy)?.map_err(|_| StoreError::Cancelled)
    }
}

/// Readers for lookups on this machine.
fn lookups() -> usize {
    let (fewest, most) = LOOKUPS;
    thread::available_parallelism().map_or(fewest, |processors| processors.get().clamp(fewest, most))
}

/// How many threads a server of many users needs for what may block.
pub fn blocking_threads() -> usize {
    lookups() + OTHER_THREADS
}

/// Whether this is a server of many users. That of one has a single thread, and no other user to give way to.
pub(crate) fn serves_many() -> bool {
    Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread
}

/// What a thread does.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Runs a long job on a thread of its own, which gives way to all others: a search takes whatever time of a processor it
/// gets. (The priority of a thread can be lowered, but not raised again: it is of no use for other jobs.)
pub(crate) fn run_aside(job: Job) -> Result<(), StoreError> {
    let run = move || {
        // Where a sandbox refuses it, the job is as important as any other.
        let _ = rustix::process::nice(ASIDE);
        job();
    };
    thread::Builder::new().name("list".to_owned()).spawn(run).map(drop).map_err(|_| StoreError::Busy)
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use crate::server::store::sqlite::connection::lanes::*;

    #[tokio::test]
    async fn a_job_aside_has_a_low_priority_and_no_other() {
        let priority = || rustix::process::getpriority_process(None);
        let before = priority().unwrap();
        let (sender, aside) = oneshot::channel();
        run_aside(Box::new(move || sender.send(priority().unwrap()).unwrap())).unwrap();
        assert_eq!((aside.await.unwrap(), priority().unwrap()), ((before + ASIDE).min(19), before));
    }

    #[tokio::test]
    async fn a_full_lane_holds_up_no_other() {
        let lanes = Lanes::new();
        let mut lists = Vec::new();
        for _ in 0..LISTS {
            lists.push(lanes.turn(Lane::List).await.unwrap());
        }
        let write = lanes.turn(Lane::Write).await.unwrap();
        let lookup = lanes.turn(Lane::Lookup).await;
        assert!(lookup.is_ok() && lanes.lists.available_permits() == 0 && lanes.writes.available_permits() == 0);
        drop(write);
        assert!(lanes.turn(Lane::Write).await.is_ok());
    }
}
