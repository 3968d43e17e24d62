//! The engine: what its calls have in common.

use std::sync::Arc;

use tokio_postgres::Row;

use super::args::args;
use super::migrate;
use crate::server::store::error::StoreError;
use crate::server::store::keys::StoredSecret;
use crate::server::store::postgres::network::address::DatabaseAddress;
use crate::server::store::postgres::network::connection::{Lent, Pool};
use crate::server::store::postgres::servers::lease::{Lease, LeaseSetup};

/// Connections of a server, beside that of its lease.
const CONNECTIONS: usize = 8;

/// The store in one PostgreSQL database, which other servers may use too.
#[derive(Clone)]
pub(crate) struct PostgresStore(Arc<Inner>);

struct Inner {
    pool: Pool,
    /// None of a command, which verifies nothing.
    lease: Option<Lease>,
}

impl PostgresStore {
    /// Opens a database whose tables exist: for a server, which has a lease, or for a command.
    pub(crate) async fn open(address: DatabaseAddress, setup: Option<LeaseSetup>) -> Result<Self, StoreError> {
        let pool = Pool::new(address.clone(), if setup.is_some() { CONNECTIONS } else { 1 });
        migrate::check(&mut pool.lend().await?).await?;
        let lease = match setup {
            Some(setup) => Some(Lease::begin(address, setup).await?),
            None => None,
        };
        Ok(Self(Arc::new(Inner { pool, lease })))
    }

    /// Creates or updates the tables, and lets the role `grant` run servers. Returns how many steps that took.
    pub(crate) async fn migrate(address: DatabaseAddress, grant: Option<&str>) -> Result<usize, StoreError> {
        migrate::migrate(&Pool::new(address, 1), grant).await
    }

    pub(super) async fn lend(&self) -> Result<Lent<'_>, StoreError> {
        self.0.pool.lend().await
    }

    pub(super) async fn begin(&self) -> Result<Lent<'_>, StoreError> {
        self.0.pool.begin().await
    }

    /// What a server knows of revocations. A command knows nothing of them.
    pub(super) async fn begin_to_read(&self) -> Result<Lent<'_>, StoreError> {
        self.0.pool.begin_to_read().await
    }

    pub(super) async fn begin_alone(&self) -> Result<Lent<'_>, StoreError> {
        self.0.pool.begin_alone().await
    }

    pub(super) async fn after_writers(&self) -> Result<(), StoreError> {
        self.0.pool.after_writers().await
    }

    pub(super) fn lease(&self) -> Result<&Lease, StoreError> {
        self.0.lease.as_ref().ok_or(StoreError::Stale)
    }

    /// Something may have been revoked.
    pub(super) fn alarm(&self) {
        if let Ok(lease) = self.lease() {
            lease.alarm();
        }
    }

    /// The heartbeat of the lease is a write.
    pub(crate) fn check_writable(&self) -> Result<(), StoreError> {
        self.lease()?.check()
    }

    /// What is wrong with the store although it works.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        self.lease().ok().filter(|lease| lease.has_lost()).map(|_| "the database has lost what was confirmed before")
    }

    /// Keeps a text that is encrypted with the master key, unless there is one already. Returns the one that is kept.
    pub(crate) async fn seal(&self, sealed: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, StoreError> {
        let mut connection = self.lend().await?;
        if sealed.is_some() {
            connection.execute("UPDATE meta SET sealed = $1 WHERE sealed IS NULL", args![sealed]).await?;
        }
        let row = connection.row("SELECT sealed FROM meta", &[]).await?;
        row.map(|row| row.get(0)).ok_or(StoreError::Unsuited("its table meta is empty"))
    }

    pub(crate) async fn secrets(&self, after: i64, limit: i64) -> Result<Vec<StoredSecret>, StoreError> {
        let sql = "SELECT seq, id, secret FROM keys WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = self.lend().await?.rows(sql, args![after, limit]).await?;
        let secret = |row: &Row| StoredSecret { seq: row.get(0), id: row.get(1), encrypted: row.get(2) };
        Ok(rows.iter().map(secret).collect())
    }
}

/// Repeats a transaction that the database gave up for another one; nothing else, of which each try would take seconds.
macro_rules! again {
    ($store:ident.$method:ident($($argument:expr),*)) => {{
        let mut tries = $crate::server::store::postgres::store::TRIES;
        loop {
            tries -= 1;
            match $store.$method($($argument),*).await {
                Err(StoreError::GivenUp) if tries > 0 => {}
                done => break done,
            }
        }
    }};
}

pub(super) use again;

/// How often a transaction is tried.
pub(super) const TRIES: u32 = 5;
