//! The digests of secrets that were stored before there were any, made in the background.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::auth::vault::Vault;
use super::store::{Digested, Store, StoreError, StoredSecret};

/// When it is begun: most commands have ended by then.
const FIRST_LOOK: Duration = Duration::from_millis(300);
/// How many are made at once: some milliseconds, in which nothing else is written.
const AT_ONCE: i64 = 250;
/// The shortest pause after that.
const PAUSE: Duration = Duration::from_millis(20);
/// How many times as long as the work the pause is, so that requests have the store to themselves most of the time.
const PAUSES: u32 = 3;
/// How often it is looked for more: a server from before that still runs stores keys without.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(30);

/// When a secret whose key is not known may be asked for again, in seconds.
pub(crate) const RETRY_AFTER: u64 = 5;

/// Makes the digests that are missing, and goes on looking for more. What it has done stays: another run, or another
/// server, goes on.
pub(crate) struct DigestMaker {
    end: oneshot::Sender<()>,
    making: JoinHandle<()>,
}

impl DigestMaker {
    pub(crate) fn start(store: Store, vault: Arc<Vault>) -> Self {
        let (end, mut ended) = oneshot::channel();
        let making = tokio::spawn(async move {
            let mut after = None;
            let mut pause = FIRST_LOOK;
            while tokio::time::timeout(pause, &mut ended).await.is_err() {
                (after, pause) = some(&store, &vault, after).await.unwrap_or_else(|error| {
                    tracing::warn!(%error, "can't make the digests of secrets, by which leaked ones are identified");
                    (None, LOOKED_AT_EVERY)
                });
            }
        });
        Self { end, making }
    }

    /// Waits until what is being stored is stored.
    pub(crate) async fn stop(self) {
        drop(self.end);
        let _ = self.making.await;
    }
}

/// Makes some of those that are missing after a place. Gives the place where to go on, and when.
async fn some(store: &Store, vault: &Vault, after: Option<i64>) -> Result<(Option<i64>, Duration), StoreError> {
    let begun = Instant::now();
    let missing =
        if store.is_read_only() { Vec::new() } else { store.without_digest(after.unwrap_or(0), AT_ONCE).await? };
    let Some(last) = missing.last() else { return Ok((None, LOOKED_AT_EVERY)) };
    let after = last.seq;
    // Only with all master keys at hand it is certain that none opens a secret, which latchkey db check reports.
    let has_all = vault.follow(&store.master_keys().await?);
    let digested = missing.into_iter().filter_map(|StoredSecret { seq, id, encrypted }| {
        let digest = vault.digest_stored(&id, &encrypted);
        (has_all || digest.is_some()).then_some(Digested { seq, encrypted, digest })
    });
    store.add_digests(digested.collect()).await?;
    Ok((Some(after), PAUSE.max(begun.elapsed() * PAUSES)))
}
