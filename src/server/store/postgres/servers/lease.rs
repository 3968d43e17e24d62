//! What a server knows of revocations, and how long it may rely on that.
//!
//! Each server asks the database every 250 ms what was revoked, on a connection of its own, and tells it what it obeys.
//! With each answer it may verify access tokens for some seconds more, counted from *before* the question was sent.
//! Without answers that lease ends, and it verifies nothing. So a revocation needs to wait only for the servers
//! that were heard of within that time (see [`peers`](crate::server::store::postgres::servers::peers)), and no longer
//! than it. Notifications only make the question come sooner: one that is lost costs a quarter of a second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_postgres::Row;

use crate::platform::process::boot_time::since_boot;
use crate::server::store::error::StoreError;
use crate::server::store::postgres::args::args;
use crate::server::store::postgres::network::address::DatabaseAddress;
use crate::server::store::postgres::network::connection::DatabaseLink;
use crate::server::store::postgres::servers::peers::{KEPT_FOR, KnownServer, KnownServers};
use crate::server::store::tokens::master_keys::HeldMasterKeys;
use crate::server::store::tokens::revocations::{Revocation, Revocations};
use crate::server::store::tokens::signing_keys::{SigningKeys, StoredSigningKey};

/// How often the database is asked.
const EVERY: Duration = Duration::from_millis(250);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// The key of a revocation that revokes nothing: it tells servers to read the signing keys again.
pub(crate) const SIGNING_KEYS: &str = "*";
/// Which rows of `servers` are of those that may still verify: heard of no longer ago than twice their lease and the time
/// that an answer may take.
pub(crate) const LIVE_SERVERS: &str = "seen_at > clock_timestamp() - make_interval(secs => 2 * lease_ms / 1000.0 + 3)";
/// What servers listen to.
const LISTEN: &str = "LISTEN latchkey";

/// How a server keeps its lease.
#[derive(Clone, Debug)]
pub struct LeaseSetup {
    /// How long it verifies without having heard from the database: between 1 and 20 s.
    pub length: Duration,
    /// The server's name, for administrators.
    pub name: String,
    /// The master keys that it has.
    pub master_keys: HeldMasterKeys,
}

/// What a server knows, kept up to date by a task for as long as this lives.
pub(crate) struct Lease {
    pub(super) shared: Arc<Shared>,
    task: JoinHandle<()>,
}

pub(super) struct Shared {
    setup: LeaseSetup,
    /// Random, new at each start.
    id: String,
    known: RwLock<Known>,
    /// Something was revoked here: ask, and tell the others.
    revoked_here: Notify,
    /// Whether no more is to be asked, and that nothing is asked any more.
    ends: AtomicBool,
    ended: Notify,
}

#[derive(Default)]
pub(super) struct Known {
    pub(super) revocations: Revocations,
    pub(super) signing: SigningKeys,
    /// The mark of the newest revocation, which no other history has.
    mark: i64,
    /// The lease ends here; since the machine was started, also while it sleeps.
    until: Duration,
    /// When the last question was sent that was answered.
    asked: Option<Duration>,
    pub(super) peers: KnownServers,
    /// The longest lease of any server.
    pub(super) longest: Duration,
    /// How often the database was asked, which is stored with each question; and with the last one that was answered.
    beats: i64,
    answered: i64,
    /// Whether the database has lost commits, or is another one.
    has_lost: bool,
}

impl Lease {
    /// Asks twice, and then goes on asking.
    pub(crate) async fn begin(address: DatabaseAddress, setup: LeaseSetup) -> Result<Self, StoreError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| StoreError::Engine(Box::new(error)))?;
        let id = base16ct::lower::encode_string(&id);
        let shared = Arc::new(Shared {
            setup,
            id,
            known: RwLock::default(),
            revoked_here: Notify::new(),
            ends: AtomicBool::new(false),
            ended: Notify::new(),
        });
        let mut link = address.connect().await?;
        for _ in 0..2 {
            shared.ask(&address, &mut link, false).await?;
        }
        let task = tokio::spawn(keep(Arc::clone(&shared), address, link));
        Ok(Self { shared, task })
    }

    /// Has this server and all others ask at once.
    pub(crate) fn alarm(&self) {
        self.shared.revoked_here.notify_one();
    }

    /// What is known, if the lease has not ended.
    pub(super) fn known(&self) -> Result<RwLockReadGuard<'_, Known>, StoreError> {
        let known = self.shared.read();
        if since_boot() < known.until { Ok(known) } else { Err(StoreError::Stale) }
    }

    /// Fails when the lease has ended.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.known().map(|_| ())
    }

    /// How many servers may verify, how many of those do not obey yet, and their longest lease; by rows of ID, beat, lease
    /// and whether it obeys.
    pub(super) fn count(&self, rows: &[Row]) -> (u32, u32, Duration) {
        let (known, now) = (self.shared.read(), since_boot());
        let peers: Vec<KnownServer> = rows.iter().map(|row| peer(row.get(0), row.get(1), row.get(2))).collect();
        let (mut servers, mut silent, mut longest) = (0, 0, Duration::ZERO);
        for (peer, row) in peers.iter().zip(rows).filter(|(peer, _)| known.peers.may_verify(peer, now)) {
            servers += 1;
            silent += u32::from(!row.get::<_, bool>(3));
            longest = longest.max(peer.lease);
        }
        // Those whose rows were lost, or that have just taken leave. Without this server's own row any may be missing.
        let is_listed = peers.iter().any(|peer| peer.id == self.shared.id);
        let missing = known.peers.missing(&peers, now).max(usize::from(!is_listed));
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        (servers + missing, silent + missing, longest)
    }

    /// What to say of a database that has lost commits.
    pub(crate) fn has_lost(&self) -> bool {
        self.shared.read().has_lost
    }
}

impl Lease {
    /// Asks no more. Gives the ID under which this server is still in the list of those that run.
    pub(super) async fn end(&self) -> &str {
        // A question that is under way would store this server again after it has been taken from the list.
        self.shared.ends.store(true, Ordering::Relaxed);
        self.shared.revoked_here.notify_one();
        let _ = tokio::time::timeout(PATIENCE, self.shared.ended.notified()).await;
        self.task.abort();
        &self.shared.id
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Asks until the task is ended.
async fn keep(shared: Arc<Shared>, address: DatabaseAddress, link: DatabaseLink) {
    let mut link = Some(link);
    let mut was_answered = true;
    let mut tell = false;
    while !shared.ends.load(Ordering::Relaxed) {
        let asked = match link.as_mut() {
            Some(link) => shared.ask(&address, link, tell).await,
            None => match address.connect().await {
                Ok(new) => shared.ask(&address, link.insert(new), tell).await,
                Err(error) => Err(error),
            },
        };
        match &asked {
            Ok(_) if !was_answered => tracing::info!("the database answers again"),
            Err(error) if was_answered => tracing::error!(%error, "the database does not answer"),
            _ => {}
        }
        was_answered = asked.is_ok();
        tell = match asked {
            // At once again, to tell that this server obeys.
            Ok(true) => false,
            Ok(false) => wait(&shared, link.as_ref()).await,
            Err(_) => {
                link = None;
                wait(&shared, None).await
            }
        };
    }
    shared.ended.notify_one();
}

/// Waits for the time of the next question. True if something was revoked here.
async fn wait(shared: &Shared, link: Option<&DatabaseLink>) -> bool {
    let notified = async {
        match link {
            Some(link) => link.notified.notified().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = shared.revoked_here.notified() => true,
        () = notified => false,
        () = tokio::time::sleep(EVERY) => false,
    }
}

impl Shared {
    /// Asks once, and tells the others to ask. True if something new was learnt.
    async fn ask(&self, address: &DatabaseAddress, link: &mut DatabaseLink, tell: bool) -> Result<bool, StoreError> {
        if let Ok(asked) = tokio::time::timeout(PATIENCE, self.ask_in_time(link, tell)).await {
            return asked;
        }
        // Or the question would keep its connection, and the next one wait for its row.
        address.cancel(&link.client);
        Err(StoreError::Unreachable(format!("it gave no answer for {} s", PATIENCE.as_secs())))
    }

    async fn ask_in_time(&self, link: &mut DatabaseLink, tell: bool) -> Result<bool, StoreError> {
        let is_new_link = !std::mem::replace(&mut link.listens, true);
        if is_new_link {
            link.client.batch_execute(LISTEN).await?;
        }
        if tell {
            link.client.batch_execute("SELECT pg_notify('latchkey', '')").await?;
        }
        let (newest, mark, beat) = {
            let mut known = self.write();
            known.beats += 1;
            (known.revocations.newest(), known.mark, known.beats)
        };
        let began = since_boot();
        let length = i64::try_from(self.setup.length.as_millis()).unwrap_or(i64::MAX);
        let version = env!("CARGO_PKG_VERSION");
        // The heartbeat is a write, which no standby and no primary that lost its followers takes.
        let sql = "WITH beat AS (
                       INSERT INTO servers VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), $8)
                       ON CONFLICT (id) DO UPDATE
                       SET obeys = excluded.obeys, mark = excluded.mark, beat = excluded.beat,
                           seen_at = excluded.seen_at, master_keys = excluded.master_keys)
                   SELECT epoch.n, pg_is_in_recovery(), r.n, r.mark, key_id, generation, not_after, ids, beats, leases
                   FROM epoch LEFT JOIN revocations r ON r.n >= $5 CROSS JOIN
                        (SELECT array_agg(id ORDER BY id) AS ids, array_agg(servers.beat ORDER BY id) AS beats,
                                array_agg(lease_ms ORDER BY id) AS leases FROM servers) all_servers
                   ORDER BY r.n";
        let (id, name, held) = (&self.id, &self.setup.name, self.setup.master_keys.all());
        let rows = link.client.query_typed(sql, args![*id, *name, version, length, newest, mark, beat, held]).await?;
        let Some(first) = rows.first() else { return Err(StoreError::Unsuited("its table epoch is empty")) };
        if first.get(1) {
            return Err(StoreError::ReadOnly);
        }
        let tells_of_keys = |row: &Row| {
            row.get::<_, Option<i64>>(2).is_some_and(|number| number > newest) && row.get::<_, &str>(4) == SIGNING_KEYS
        };
        let is_same = newest == 0 || first.get::<_, Option<i64>>(2) == Some(newest) && first.get::<_, i64>(3) == mark;
        // The one that is known was forgotten meanwhile: this server was away for long.
        let was_forgotten = first.get::<_, i64>(0) > newest && first.get::<_, Option<i64>>(2) != Some(newest);
        let stored = peers(first);
        let own = stored.iter().find(|peer| peer.id == self.id).map(|peer| peer.beat);
        let has_lost = !is_same && !was_forgotten || self.is_missing_beats(own, began);
        {
            let mut known = self.write();
            known.answered = beat;
            known.peers.learn(&stored, is_new_link || !is_same || has_lost, since_boot());
            known.longest = self.setup.length.max(known.peers.longest());
        }
        if has_lost {
            tracing::error!(
                "the database has lost what was confirmed before: it is a copy that lagged behind, or was restored; this \
                 server goes on refusing the access tokens that it knows to be revoked"
            );
            self.write().has_lost = true;
        }
        if is_same {
            if self.read().signing.is_empty() || rows.iter().any(tells_of_keys) {
                self.read_signing_keys(link).await?;
            }
            return Ok(self.learn(&rows, began, false));
        }
        let sql = "SELECT 0::bigint, false, n, mark, key_id, generation, not_after FROM revocations ORDER BY n";
        let rows = link.client.query_typed(sql, &[]).await?;
        self.read_signing_keys(link).await?;
        Ok(self.learn(&rows, began, true))
    }

    /// Whether the database, in which `beat` was the last of this server before the question that was sent at `began`, had
    /// stored a later one. Whatever else was stored at that time may be lost too, also where nothing was revoked.
    fn is_missing_beats(&self, beat: Option<i64>, began: Duration) -> bool {
        let known = self.read();
        // A server that was silent for long is taken from the list.
        let is_listed = known.asked.is_some_and(|last| began.saturating_sub(last) < KEPT_FOR / 2);
        is_listed && beat.unwrap_or(0) < known.answered
    }

    async fn read_signing_keys(&self, link: &DatabaseLink) -> Result<(), StoreError> {
        let sql = "SELECT id, encrypted, greatest(0, extract(epoch FROM clock_timestamp() - at) * 1000)::bigint
                   FROM signing_keys ORDER BY n";
        let rows = link.client.query_typed(sql, &[]).await?;
        let keys = rows.iter().map(|row| {
            let age = Duration::from_millis(row.get::<_, i64>(2).unsigned_abs());
            (StoredSigningKey { id: row.get(0), encrypted: row.get(1) }, age)
        });
        self.write().signing.learn(keys, since_boot());
        Ok(())
    }

    /// Takes an answer to a question that was sent at `began`.
    fn learn(&self, rows: &[Row], began: Duration, is_other: bool) -> bool {
        let mut known = self.write();
        let Known { revocations, mark, until, asked, .. } = &mut *known;
        if is_other {
            revocations.rewind();
        }
        let before = revocations.newest();
        let stored = rows.iter().filter(|row| row.get::<_, Option<i64>>(2).is_some_and(|number| number > before));
        revocations.learn(stored.map(revocation), Instant::now());
        if let Some(last) = rows.last().and_then(|row| row.get::<_, Option<i64>>(3)) {
            *mark = last;
        }
        // A server that comes back after a silence is not waited for by those who looked meanwhile: its first answer may
        // be from before what they revoked. The second one is not.
        if asked.is_some_and(|last| began.saturating_sub(last) < self.setup.length) {
            *until = began + self.setup.length;
        }
        *asked = Some(began);
        is_other || revocations.newest() != before
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn revocation(row: &Row) -> Revocation {
    Revocation { number: row.get(2), key: row.get(4), generation: row.get(5), not_after: row.get(6) }
}

/// The servers in the answer to a question.
fn peers(row: &Row) -> Vec<KnownServer> {
    let ids: Vec<String> = row.get::<_, Option<_>>("ids").unwrap_or_default();
    let beats: Vec<i64> = row.get::<_, Option<_>>("beats").unwrap_or_default();
    let leases: Vec<i64> = row.get::<_, Option<_>>("leases").unwrap_or_default();
    ids.into_iter().zip(beats).zip(leases).map(|((id, beat), lease)| peer(id, beat, lease)).collect()
}

fn peer(id: String, beat: i64, lease_ms: i64) -> KnownServer {
    KnownServer { id, beat, lease: Duration::from_millis(lease_ms.unsigned_abs()) }
}
