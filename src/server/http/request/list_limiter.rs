//! Limits the lists that one administrator reads at once: others must find a reader free.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// As the page reads them: the rows, and their total.
const RUNNING: usize = 2;
/// How many more wait for one of these to end.
const WAITING: usize = 8;
/// How long they wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// The lists that are running, by the administrator's name. Only names that exist are counted, so that there are few.
#[derive(Default)]
pub(crate) struct ListLimiter(Mutex<HashMap<String, Arc<Turns>>>);

struct Turns {
    running: Arc<Semaphore>,
    waiting: Semaphore,
}

impl ListLimiter {
    /// Waits a little until the administrator has few lists running; `None` if too many wait already, or for too long.
    pub(crate) async fn turn(&self, username: &str) -> Option<OwnedSemaphorePermit> {
        let turns = self.of(username);
        if let Ok(turn) = Arc::clone(&turns.running).try_acquire_owned() {
            return Some(turn);
        }
        let _place = turns.waiting.try_acquire().ok()?;
        timeout(PATIENCE, Arc::clone(&turns.running).acquire_owned()).await.ok()?.ok()
    }

    fn of(&self, username: &str) -> Arc<Turns> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = || Turns { running: Arc::new(Semaphore::new(RUNNING)), waiting: Semaphore::new(WAITING) };
        match all.entry(username.to_owned()) {
            Entry::Occupied(turns) => Arc::clone(turns.get()),
            Entry::Vacant(slot) => Arc::clone(slot.insert(Arc::new(turns()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use crate::server::http::request::list_limiter::*;

    #[tokio::test]
    async fn one_administrator_waits_and_another_does_not() {
        let limiter = ListLimiter::default();
        let first = limiter.turn("jo").await.unwrap();
        let _second = limiter.turn("jo").await.unwrap();
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(limiter.turn("jo"))).collect();
        for turn in &mut waiting {
            assert!(std::future::poll_fn(|context| Poll::Ready(turn.as_mut().poll(context).is_pending())).await);
        }
        assert!(limiter.turn("jo").await.is_none(), "too many wait");
        assert!(limiter.turn("mo").await.is_some(), "another administrator has turns too");
        drop(first);
        assert!(waiting.remove(0).await.is_some(), "who came first is next");
    }
}
