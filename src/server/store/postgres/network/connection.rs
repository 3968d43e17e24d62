//! Connections to the database: a few, lent to one call at a time.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls, Row, Socket};

use crate::server::store::error::StoreError;
use crate::server::store::postgres::args::Arg;
use crate::server::store::postgres::network::address::DatabaseAddress;

/// How long a statement may take, and how long a call waits for a connection: the library waits for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// The same for changes of whole tables.
const LONG_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// A number of our own for the advisory lock that all share who write: the word "latchkew".
const WRITERS: i64 = 0x6c61_7463_686b_6577;

/// How transactions begin. One whose server stands still or is cut off ends before those who wait for its locks give up.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = 5000; SET LOCAL statement_timeout = 9000; \
                     SET LOCAL idle_in_transaction_session_timeout = 4000";

/// An open connection.
pub(crate) struct DatabaseLink {
    pub(crate) client: Client,
    /// Told of each notification that the connection listens for.
    pub(crate) notified: Arc<Notify>,
    /// Whether it listens.
    pub(crate) listens: bool,
}

impl DatabaseAddress {
    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Result<DatabaseLink, StoreError> {
        // The library's own limit ends with the network's part: not with that of TLS and of signing in.
        let connected = tokio::time::timeout(PATIENCE, self.connect_in_time()).await;
        connected.map_err(|_| unanswered())?
    }

    async fn connect_in_time(&self) -> Result<DatabaseLink, StoreError> {
        let notified = Arc::new(Notify::new());
        let told = Arc::clone(&notified);
        let client = match self.tls.clone() {
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                tokio::spawn(drive(connection, told));
                client
            }
            Some(tls) => {
                let (client, connection) = self.config.connect(tls).await?;
                tokio::spawn(drive(connection, told));
                client
            }
        };
        Ok(DatabaseLink { client, notified, listens: false })
    }

    /// Has the database end what a connection is doing.
    pub(crate) fn cancel(&self, client: &Client) {
        let (token, tls) = (client.cancel_token(), self.tls.clone());
        // Without a runtime the program ends, and its connections with it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let _ = match tls {
                None => token.cancel_query(NoTls).await,
                Some(tls) => token.cancel_query(tls).await,
            };
        });
    }
}

/// Does the connection's work until it ends.
async fn drive<T: AsyncRead + AsyncWrite + Unpin>(mut connection: Connection<Socket, T>, notified: Arc<Notify>) {
    while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
        if matches!(message, AsyncMessage::Notification(_)) {
            notified.notify_one();
        }
    }
    // A task that waits for a notification finds out that there will be none.
    notified.notify_one();
}

/// The connections of a store.
pub(crate) struct Pool {
    pub(crate) address: DatabaseAddress,
    idle: Arc<Mutex<Vec<Client>>>,
    room: Arc<Semaphore>,
}

/// A connection that is lent. One that is dropped while it works, or inside a transaction, is closed.
pub(crate) struct Lent<'a> {
    pool: &'a Pool,
    client: Option<Client>,
    works: bool,
    in_transaction: bool,
    patience: Duration,
    room: Option<OwnedSemaphorePermit>,
}

impl Pool {
    /// A pool of at most `size` connections, opened when they are needed.
    pub(crate) fn new(address: DatabaseAddress, size: usize) -> Self {
        Self { address, idle: Arc::default(), room: Arc::new(Semaphore::new(size)) }
    }

    /// Waits for a free connection.
    pub(crate) async fn lend(&self) -> Result<Lent<'_>, StoreError> {
        let room = tokio::time::timeout(PATIENCE, Arc::clone(&self.room).acquire_owned()).await;
        let room = room.map_err(|_| StoreError::Crowded)?.map_err(|_| StoreError::Crowded)?;
        let client = loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some(client) if client.is_closed() => {}
                Some(client) => break client,
                None => break self.address.connect().await?.client,
            }
        };
        Ok(Lent {
            pool: self,
            client: Some(client),
            works: false,
            in_transaction: false,
            patience: PATIENCE,
            room: Some(room),
        })
    }

    /// Begins a transaction, which is rolled back unless it is committed.
    pub(crate) async fn begin(&self) -> Result<Lent<'_>, StoreError> {
        let mut lent = self.lend().await?;
        lent.in_transaction = true;
        lent.batch(&format!("{BEGIN}; SELECT pg_advisory_xact_lock_shared({WRITERS})")).await?;
        Ok(lent)
    }

    /// Begins a transaction when all others that write have ended, and lets none begin until its own end.
    pub(crate) async fn begin_alone(&self) -> Result<Lent<'_>, StoreError> {
        let mut lent = self.begin_to_read().await?;
        lent.batch(&format!("SET LOCAL lock_timeout = 2000; SELECT pg_advisory_xact_lock({WRITERS})")).await?;
        Ok(lent)
    }

    /// Begins a transaction that only reads.
    pub(crate) async fn begin_to_read(&self) -> Result<Lent<'_>, StoreError> {
        let mut lent = self.lend().await?;
        lent.in_transaction = true;
        lent.batch(BEGIN).await?;
        Ok(lent)
    }

    /// Waits until all of what others have begun to write is stored: an event's number is given out before its transaction
    /// ends, so that one with a lower number may be stored later.
    pub(crate) async fn after_writers(&self) -> Result<(), StoreError> {
        self.begin_alone().await?.commit().await
    }
}

impl Lent<'_> {
    /// From now on statements may take as long as the tables are large: no other request waits for this connection.
    pub(crate) fn wait_for_long(&mut self) {
        self.patience = LONG_PATIENCE;
    }

    /// The rows of a statement.
    pub(crate) async fn rows(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<Row>, StoreError> {
        self.works = true;
        let client = self.client.as_ref().ok_or(StoreError::Crowded)?;
        let done = tokio::time::timeout(self.patience, client.query_typed(sql, args)).await;
        let done = done.map_err(|_| unanswered())?;
        self.works = false;
        match done {
            // No text has U+0000: what is looked for by one that has is not there. Nor is anything that is looked for after
            // that in the same transaction, which PostgreSQL ends; every other error ends its caller.
            Err(error)
                if [SqlState::CHARACTER_NOT_IN_REPERTOIRE, SqlState::IN_FAILED_SQL_TRANSACTION]
                    .iter()
                    .any(|code| error.code() == Some(code)) =>
            {
                Ok(Vec::new())
            }
            done => Ok(done?),
        }
    }

    /// The only row of a statement, if it has one.
    pub(crate) async fn row(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// How many rows a statement has changed.
    pub(crate) async fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        self.works = true;
        let client = self.client.as_ref().ok_or(StoreError::Crowded)?;
        let done = tokio::time::timeout(self.patience, client.execute_typed(sql, args)).await;
        let done = done.map_err(|_| unanswered())?;
        self.works = false;
        Ok(done?)
    }

    /// Runs statements without values.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.works = true;
        let client = self.client.as_ref().ok_or(StoreError::Crowded)?;
        let done = tokio::time::timeout(self.patience, client.batch_execute(sql)).await;
        let done = done.map_err(|_| unanswered())?;
        self.works = false;
        Ok(done?)
    }

    /// Stores all that the transaction did. Without an answer it may be stored or not.
    ///
    /// A commit is never cancelled, neither by a limit of time nor by dropping this: while a synchronous standby is away,
    /// it waits, and to cancel that makes it visible on this one machine. A create that is repeated would then be answered
    /// with a key that a fail-over loses. So the connection stays lent until the database answers.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let client = self.client.take().ok_or(StoreError::Crowded)?;
        let (idle, room) = (Arc::clone(&self.pool.idle), self.room.take());
        let committed = tokio::spawn(async move {
            let done = client.batch_execute("COMMIT").await;
            if done.is_ok() {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(client);
            }
            drop(room);
            done
        });
        let done = tokio::time::timeout(self.patience, committed).await.map_err(|_| unanswered())?;
        Ok(done.map_err(|_| StoreError::Panicked)??)
    }
}

fn unanswered() -> StoreError {
    StoreError::Unreachable(format!("it gave no answer for {} s", PATIENCE.as_secs()))
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        if self.works {
            self.pool.address.cancel(&client);
        } else if !self.in_transaction && !client.is_closed() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        }
    }
}
