//! Cancels a read when the future that waits for it is dropped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, InterruptHandle};

use crate::server::store::error::StoreError;

/// Whether a read was cancelled, and the connection that works on it.
#[derive(Clone, Default)]
pub(crate) struct Cancel(Arc<CancelInner>);

#[derive(Default)]
struct CancelInner {
    cancelled: AtomicBool,
    running: Mutex<Option<InterruptHandle>>,
}

/// Cancels when dropped: held by the future that waits for the answer.
pub(crate) struct CancelOnDrop(pub(crate) Cancel);

/// While it lives, cancelling interrupts the connection.
pub(crate) struct Running<'a>(&'a Cancel);

impl Cancel {
    /// Fails once the read was cancelled.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.0.cancelled.load(Ordering::SeqCst) { Err(StoreError::Cancelled) } else { Ok(()) }
    }

    /// Lets cancelling interrupt this connection until the result is dropped.
    pub(crate) fn watch(&self, connection: &Connection) -> Result<Running<'_>, StoreError> {
        self.set(Some(connection.get_interrupt_handle()));
        self.check()?;
        Ok(Running(self))
    }

    fn set(&self, handle: Option<InterruptHandle>) {
        *self.0.running.lock().unwrap_or_else(PoisonError::into_inner) = handle;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        let inner = &self.0.0;
        inner.cancelled.store(true, Ordering::SeqCst);
        // Under the lock: the connection cannot be serving another call yet.
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

    use crate::server::store::sqlite::connection::cancel::*;

    #[test]
    fn cancelling_ends_an_endless_query() {
        let (started, starting) = mpsc::channel();
        let cancel = Cancel::default();
        let guard = CancelOnDrop(cancel.clone());
        let querying = thread::spawn(move || {
            let connection = Connection::open_in_memory().unwrap();
            let running = cancel.watch(&connection).unwrap();
            let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
            let mut statement = connection.prepare(sql).unwrap();
            let mut rows = statement.query([]).unwrap();
            while rows.next().map_err(StoreError::from)?.is_some() {
                let _ = started.send(());
            }
            drop(running);
            Ok(())
        });
        starting.recv().unwrap();
        drop(guard);
        assert!(matches!(querying.join().unwrap(), Err(StoreError::Cancelled)));
    }

    #[test]
    fn a_read_that_was_cancelled_before_does_not_begin() {
        let cancel = Cancel::default();
        drop(CancelOnDrop(cancel.clone()));
        let connection = Connection::open_in_memory().unwrap();
        assert!(matches!(cancel.watch(&connection), Err(StoreError::Cancelled)));
    }

    #[test]
    fn the_next_query_on_the_connection_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        let cancel = Cancel::default();
        let guard = CancelOnDrop(cancel.clone());
        drop(cancel.watch(&connection).unwrap());
        let mut statement = connection.prepare("SELECT 1 UNION SELECT 2").unwrap();
        let mut rows = statement.query([]).unwrap();
        assert!(rows.next().unwrap().is_some());
        drop(guard);
        assert!(rows.next().unwrap().is_some());
    }
}
