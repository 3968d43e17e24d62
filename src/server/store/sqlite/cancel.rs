//! Giving up a question whose asker is gone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, InterruptHandle};

use crate::server::store::StoreError;

/// A question that may be given up while `SQLite` works on it.
#[derive(Clone, Default)]
pub(crate) struct Cancel(Arc<CancelInner>);

#[derive(Default)]
struct CancelInner {
    given_up: AtomicBool,
    running: Mutex<Option<InterruptHandle>>,
}

/// Gives the question up when dropped: hold it in the future that waits for the answer.
pub(crate) struct GiveUpOnDrop(pub(crate) Cancel);

/// While it lives, giving up interrupts the connection.
pub(crate) struct Running<'a>(&'a Cancel);

impl Cancel {
    /// Fails once the question was given up.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.0.given_up.load(Ordering::SeqCst) { Err(StoreError::Interrupted) } else { Ok(()) }
    }

    /// Lets giving up reach this connection, until the answer is dropped.
    pub(crate) fn watch(&self, connection: &Connection) -> Result<Running<'_>, StoreError> {
        self.set(Some(connection.get_interrupt_handle()));
        self.check()?;
        Ok(Running(self))
    }

    fn set(&self, handle: Option<InterruptHandle>) {
        *self.0.running.lock().unwrap_or_else(PoisonError::into_inner) = handle;
    }
}

impl Drop for GiveUpOnDrop {
    fn drop(&mut self) {
        let inner = &self.0.0;
        inner.given_up.store(true, Ordering::SeqCst);
        // Under the lock: the connection cannot be serving somebody else yet.
        if let Some(handle) = &*inner.running.lock().unwrap_or_else(PoisonError::into_inner) {
            handle.interrupt();
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn giving_up_ends_a_question_without_end() {
        let (begun, beginning) = mpsc::channel();
        let cancel = Cancel::default();
        let guard = GiveUpOnDrop(cancel.clone());
        let asking = thread::spawn(move || {
            let connection = Connection::open_in_memory().unwrap();
            let running = cancel.watch(&connection).unwrap();
            let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
            let mut statement = connection.prepare(sql).unwrap();
            let mut rows = statement.query([]).unwrap();
            while rows.next().map_err(StoreError::from)?.is_some() {
                let _ = begun.send(());
            }
            drop(running);
            Ok(())
        });
        beginning.recv().unwrap();
        drop(guard);
        assert!(matches!(asking.join().unwrap(), Err(StoreError::Interrupted)));
    }

    #[test]
    fn who_gave_up_before_is_not_begun() {
        let cancel = Cancel::default();
        drop(GiveUpOnDrop(cancel.clone()));
        let connection = Connection::open_in_memory().unwrap();
        assert!(matches!(cancel.watch(&connection), Err(StoreError::Interrupted)));
    }

    #[test]
    fn the_next_question_on_the_connection_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        let cancel = Cancel::default();
        let guard = GiveUpOnDrop(cancel.clone());
        drop(cancel.watch(&connection).unwrap());
        let mut statement = connection.prepare("SELECT 1 UNION SELECT 2").unwrap();
        let mut rows = statement.query([]).unwrap();
        assert!(rows.next().unwrap().is_some());
        drop(guard);
        assert!(rows.next().unwrap().is_some());
    }
}
