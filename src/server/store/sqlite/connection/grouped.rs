//! Writes that wait for their turn are stored together: one transaction, one sync to the disk, however many they are.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Transaction;
use tokio::sync::oneshot;

use crate::server::store::error::StoreError;
use crate::server::store::sqlite::connection::connections::Connections;

/// A write that can be made together with others. It may be run more than once, if the transaction that it was in is
/// rolled back.
pub(crate) trait GroupedWrite: Send {
    fn run(&mut self, transaction: &Transaction<'_>) -> Result<(), StoreError>;

    /// Whether it takes rights away: on a full disk it takes the space that is set aside.
    fn is_urgent(&self) -> bool;

    /// Whether its caller still waits.
    fn is_wanted(&self) -> bool;

    /// Tells the caller that it is stored, or why not.
    fn end(self: Box<Self>, stored: Result<(), StoreError>);
}

/// A job, and who waits for what it gives.
pub(crate) struct Write<T, F> {
    job: F,
    is_urgent: bool,
    given: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Write<T, F> {
    pub(crate) fn new(is_urgent: bool, job: F) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, stored) = oneshot::channel();
        (Self { job, is_urgent, given: None, reply }, stored)
    }
}

impl<T: Send, F: Fn(&Transaction<'_>) -> Result<T, StoreError> + Send> GroupedWrite for Write<T, F> {
    fn run(&mut self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        self.given = Some((self.job)(transaction)?);
        Ok(())
    }

    fn is_urgent(&self) -> bool {
        self.is_urgent
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn end(self: Box<Self>, stored: Result<(), StoreError>) {
        let Self { given, reply, .. } = *self;
        // A caller that is gone doesn't need the answer.
        let _ = reply.send(stored.and_then(|()| given.ok_or(StoreError::Cancelled)));
    }
}

/// Writes that wait.
#[derive(Default)]
pub(crate) struct WriteQueue(Mutex<Numbered>);

#[derive(Default)]
struct Numbered {
    last: u64,
    writes: Vec<(u64, Box<dyn GroupedWrite>)>,
}

impl WriteQueue {
    /// Adds a write, and gives its number.
    pub(crate) fn add(&self, write: Box<dyn GroupedWrite>) -> u64 {
        let mut all = self.lock();
        all.last += 1;
        let number = all.last;
        all.writes.push((number, write));
        number
    }

    /// Takes a write out. False if it is being made, or has been.
    pub(crate) fn withdraw(&self, number: u64) -> bool {
        let writes = &mut self.lock().writes;
        let before = writes.len();
        writes.retain(|(one, _)| *one != number);
        writes.len() < before
    }

    /// Takes all of them except those whose callers are gone.
    pub(crate) fn take(&self) -> Vec<Box<dyn GroupedWrite>> {
        let all = std::mem::take(&mut self.lock().writes);
        all.into_iter().map(|(_, write)| write).filter(|write| write.is_wanted()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Numbered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    /// Makes writes as one transaction. Each is stored as a whole or not at all, whatever becomes of the others; all that
    /// are told to be stored are on the disk.
    pub(crate) fn write_group(&self, writes: Vec<Box<dyn GroupedWrite>>) {
        let has_space = self.is_read_only() || writes.iter().all(|write| write.is_urgent()) || self.set_aside().is_ok();
        let (mut writes, refused): (Vec<_>, Vec<_>) =
            writes.into_iter().partition(|write| has_space || write.is_urgent());
        for write in refused {
            write.end(Err(StoreError::Full));
        }
        let stored = match self.try_group(&mut writes) {
            Err(StoreError::Full) if writes.iter().all(|write| write.is_urgent()) && self.give_back() => {
                self.try_group(&mut writes)
            }
            stored => stored,
        };
        match stored {
            Ok(each) => writes.into_iter().zip(each).for_each(|(write, stored)| write.end(stored)),
            // One of them may have failed: each is made separately, unless its caller gave up in the meantime.
            Err(_) if writes.len() > 1 => {
                writes.into_iter().filter(|write| write.is_wanted()).for_each(|write| self.write_group(vec![write]));
            }
            Err(error) => {
                if let Some(write) = writes.pop() {
                    write.end(Err(error));
                }
            }
        }
    }

    /// What became of each write; an error if nothing is stored.
    fn try_group(&self, writes: &mut [Box<dyn GroupedWrite>]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        self.transact(|transaction| {
            if let [write] = writes {
                return write.run(transaction).map(|()| vec![Ok(())]);
            }
            writes.iter_mut().map(|write| among_others(transaction, &mut **write)).collect()
        })
    }
}

/// Makes a write that leaves nothing behind if it fails. The error is that of the whole transaction.
fn among_others(
    transaction: &Transaction<'_>,
    write: &mut dyn GroupedWrite,
) -> Result<Result<(), StoreError>, StoreError> {
    transaction.execute_batch("SAVEPOINT one")?;
    match write.run(transaction) {
        Ok(()) => {
            transaction.execute_batch("RELEASE one")?;
            Ok(Ok(()))
        }
        // It has taken all others with it, or would if it went on.
        Err(error) if transaction.is_autocommit() || matches!(error, StoreError::Full) => Err(error),
        Err(error) => {
            transaction.execute_batch("ROLLBACK TO one; RELEASE one")?;
            Ok(Err(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tempfile::TempDir;

    use crate::server::store::sqlite::connection::grouped::*;

    fn insert(
        key: &'static str,
        is_urgent: bool,
    ) -> (Box<dyn GroupedWrite>, oneshot::Receiver<Result<i64, StoreError>>) {
        let (write, stored) = Write::new(is_urgent, move |transaction: &Transaction<'_>| {
            let sql = "INSERT INTO creates (username, idempotency_key, fingerprint, key_id, at) VALUES ('jo', ?1, x'', '', 1)";
            transaction.execute(sql, [key])?;
            if key.starts_with("wrong") {
                return Err(StoreError::Busy);
            }
            Ok(transaction.query_row("SELECT count(*) FROM creates", [], |row| row.get(0))?)
        });
        (Box::new(write), stored)
    }

    #[test]
    fn each_write_of_a_group_is_stored_or_says_why_not() {
        let folder = TempDir::new().unwrap();
        let connections = Connections::open_or_create(folder.path().join("keys.db")).unwrap();
        let (writes, mut stored): (Vec<_>, Vec<_>) =
            ["one", "wrong", "two", "one", "three"].map(|key| insert(key, key != "three")).into_iter().unzip();
        connections.write_group(writes);
        let mut said = stored.iter_mut().map(|one| one.try_recv().unwrap());
        assert_eq!(said.next().unwrap().unwrap(), 1);
        assert!(matches!(said.next().unwrap(), Err(StoreError::Busy)));
        assert_eq!(said.next().unwrap().unwrap(), 2);
        assert!(matches!(said.next().unwrap(), Err(StoreError::Engine(_))), "there is one of that name");
        assert_eq!(said.next().unwrap().unwrap(), 3);
        let alone = |key| {
            let (write, mut stored) = insert(key, true);
            connections.write_group(vec![write]);
            stored.try_recv().unwrap()
        };
        assert!(matches!(alone("wrong again"), Err(StoreError::Busy)));
        assert_eq!(alone("four").unwrap(), 4);
    }

    #[test]
    fn what_nobody_waits_for_is_not_made() {
        let waiting = WriteQueue::default();
        let ((one, kept), (two, gone), (three, withdrawn)) = (insert("1", true), insert("2", true), insert("3", true));
        let _kept = Arc::new(kept);
        waiting.add(one);
        waiting.add(two);
        let number = waiting.add(three);
        drop(gone);
        assert!(waiting.withdraw(number) && !waiting.withdraw(number));
        drop(withdrawn);
        assert_eq!((waiting.take().len(), waiting.take().len()), (1, 0));
    }
}
