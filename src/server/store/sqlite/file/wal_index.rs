//! The header of the index of `SQLite`'s write-ahead log, which is in a file that all connections map. Each commit
//! changes it before it is confirmed (sqlite.org/walformat.html, section 2.1).

use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;

/// The first copy of the header, in bytes: the number of the last commit, how many frames the log has, and checksums.
const LENGTH: usize = 48;

/// What the header was at one moment. Equal ones have nothing committed between them.
pub(crate) type Header = [u8; LENGTH];

/// An open index. It is never closed: `SQLite` locks ranges of this file, and a process loses its locks on a file when it
/// closes any descriptor of it (fcntl(2)).
pub(crate) struct WalIndex(ManuallyDrop<File>);

impl WalIndex {
    /// The index that `connection` has open for the database at `path`. `None` where it has none, or none in a file.
    pub(crate) fn of(connection: &Connection, path: &Path) -> Option<Self> {
        let text = |pragma| connection.query_row(pragma, [], |row| row.get::<_, String>(0)).ok();
        if text("PRAGMA journal_mode")? != "wal" || text("PRAGMA locking_mode")? != "normal" {
            return None;
        }
        // The index is there from the first transaction on.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).ok()?;
        let mut index = path.as_os_str().to_owned();
        index.push("-shm");
        let opened = Self(ManuallyDrop::new(File::open(index).ok()?));
        opened.header().map(|_| opened)
    }

    /// The header as it is now: one system call.
    pub(crate) fn header(&self) -> Option<Header> {
        let mut header = [0; LENGTH];
        self.0.read_exact_at(&mut header, 0).ok()?;
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use crate::server::store::sqlite::file::wal_index::*;

    #[test]
    fn each_commit_changes_the_header_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connect = || {
            let connection = Connection::open(&path).unwrap();
            connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
            connection
        };
        let (mut writer, reader) = (connect(), connect());
        writer.execute_batch("CREATE TABLE t (a)").unwrap();
        let index = WalIndex::of(&reader, &path).unwrap();
        let mut known = vec![index.header().unwrap()];
        let mut changes = |what| {
            let header = index.header().unwrap();
            assert!(!known[..known.len() - 1].contains(&header), "{what}: one of long ago");
            let changed = known.last() != Some(&header);
            known.push(header);
            known.dedup();
            changed
        };
        for n in 0..200 {
            let transaction = writer.transaction().unwrap();
            transaction.execute("INSERT INTO t VALUES (randomblob(3000))", []).unwrap();
            assert!(!changes("before the commit"));
            transaction.commit().unwrap();
            assert!(changes("after it"), "{n}");
            assert_eq!(reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap(), n + 1);
            assert!(!changes("after a read"));
            if n % 50 == 7 {
                writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
                changes("after a checkpoint");
            }
        }
        writer.transaction().unwrap().execute("INSERT INTO t VALUES (1)", []).unwrap();
        assert!(!changes("after what was rolled back"));
    }

    #[test]
    fn only_a_log_with_a_file_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE t (a)").unwrap();
        std::fs::write(folder.path().join("a.db-shm"), vec![0; 32768]).unwrap();
        assert!(WalIndex::of(&connection, &path).is_none(), "a journal that is rolled back");
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL").unwrap();
        assert!(WalIndex::of(&connection, &path).is_none(), "an index in memory");
    }
}
