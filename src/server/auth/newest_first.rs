//! Lets a few through at once, the newest first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// A line in which the newest is next: in a flood, a new request is served at once, and those that have waited long are
/// mostly the flood's.
#[derive(Clone)]
pub(crate) struct NewestFirst(Arc<Mutex<Line>>);

struct Line {
    free: usize,
    waiting: Vec<oneshot::Sender<Turn>>,
}

/// A turn, until dropped.
pub(crate) struct Turn(Option<NewestFirst>);

impl NewestFirst {
    pub(crate) fn new(at_once: usize) -> Self {
        Self(Arc::new(Mutex::new(Line { free: at_once, waiting: Vec::new() })))
    }

    pub(crate) async fn turn(&self) -> Turn {
        let next = {
            let mut line = self.lock();
            if line.free > 0 {
                line.free -= 1;
                return Turn(Some(self.clone()));
            }
            line.waiting.retain(|waiting| !waiting.is_closed());
            let (sender, receiver) = oneshot::channel();
            line.waiting.push(sender);
            receiver
        };
        // Each turn is passed on when it is dropped.
        next.await.unwrap_or(Turn(None))
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(mut turn) = self.0.take().map(|line| Self(Some(line))) else { return };
        loop {
            let Some(line) = turn.0.clone() else { return };
            let mut line = line.lock();
            let Some(newest) = line.waiting.pop() else {
                line.free += 1;
                turn.0 = None; // it has been given back
                return;
            };
            drop(line);
            match newest.send(turn) {
                Ok(()) => return,
                // It waits no longer.
                Err(back) => turn = back,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn the_newest_is_next_and_who_left_is_passed_over() {
        let line = NewestFirst::new(1);
        let turn = line.turn().await;
        let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(line.turn())).collect();
        for next in &mut waiting {
            assert!(poll_fn(|context| Poll::Ready(next.as_mut().poll(context).is_pending())).await);
        }
        drop(waiting.pop());
        drop(turn);
        let newest = waiting.pop().unwrap().await;
        let mut older = waiting.pop().unwrap();
        assert!(poll_fn(|context| Poll::Ready(older.as_mut().poll(context).is_pending())).await);
        drop(newest);
        drop(older.await);
        // Given a turn, and gone before taking it.
        let turn = line.turn();
        drop(waiting);
        drop(turn.await);
        assert_eq!(line.lock().free, 1);
    }
}
