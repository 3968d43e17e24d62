//! What the lease knows, and what is revoked for every server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::domain::InForce;
use crate::platform::process::boot_time::since_boot;
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::postgres::args::args;
use crate::server::store::postgres::events;
use crate::server::store::postgres::master_keys;
use crate::server::store::postgres::servers::lease::SIGNING_KEYS;
use crate::server::store::postgres::store::{PostgresStore, again};
use crate::server::store::tokens::revocations::{Issued, Issuing, KEPT_WITHOUT_US};
use crate::server::store::tokens::signing_keys::{NewSigningKey, StoredSigningKey, accepted_for};

/// How long to wait before looking again who obeys, at first and at most.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(20)];

impl PostgresStore {
    pub(crate) fn is_revoked(&self, token: Issued<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let known = self.lease()?.known()?;
        let is_accepted = known.signing.accept(token.signed_by, since_boot(), known.longest);
        Ok(!is_accepted || known.revocations.has(token, now))
    }

    pub(crate) fn issuing(&self) -> Result<Issuing, StoreError> {
        let known = self.lease()?.known()?;
        let signed_by = known.signing.to_sign(since_boot(), known.longest).map(Arc::clone);
        let signed_by = signed_by.ok_or(StoreError::Unsuited("its table signing_keys is empty"))?;
        Ok(Issuing { of_all: known.revocations.of_all(), signed_by })
    }

    pub(crate) fn signing_keys(&self) -> Result<Vec<Arc<StoredSigningKey>>, StoreError> {
        Ok(self.lease()?.known()?.signing.all())
    }

    pub(crate) async fn add_signing_key(
        &self,
        new: NewSigningKey,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        again!(self.try_add_signing_key(&new, &actor, now))
    }

    async fn try_add_signing_key(
        &self,
        new: &NewSigningKey,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        master_keys::check(&mut transaction, &new.encrypted_by).await?;
        // First: one after the other, so that their numbers are in the order in which servers learn of them.
        transaction.rows("SELECT revoke_tokens($1, 0, NULL)", args![SIGNING_KEYS]).await?;
        if new.ends_others {
            transaction.execute("DELETE FROM signing_keys", &[]).await?;
        }
        let sql = "INSERT INTO signing_keys (id, encrypted) VALUES ($1, $2)";
        transaction.execute(sql, args![new.id, new.encrypted]).await?;
        let event = NewEvent::of(actor, Subject::Server, EventKind::SigningKeyRotated, now);
        events::insert(&mut transaction, &NewEvent { detail: Some(new.words()), ..event }).await?;
        transaction.commit().await?;
        self.alarm();
        Ok(())
    }

    pub(crate) fn longest_lease(&self) -> Duration {
        self.lease().map_or(Duration::ZERO, |lease| lease.shared.read().longest)
    }

    pub(crate) async fn forget_revocations(&self) -> Result<(), StoreError> {
        let (through, (ids, beats)) = {
            let mut known = self.lease()?.shared.write();
            (known.revocations.forget(Instant::now()), known.peers.gone(since_boot()))
        };
        let most = KEPT_WITHOUT_US.num_milliseconds();
        let mut connection = self.lend().await?;
        // The newest one stays: servers know by its mark that they follow the same history.
        // Their times are the database's, and this server's clock may differ.
        let sql = "DELETE FROM revocations WHERE key_id <> '' AND n < (SELECT n FROM epoch)
                   AND (n <= $1 OR at < extract(epoch FROM clock_timestamp()) * 1000 - $2)";
        connection.execute(sql, args![through, most]).await?;
        let replaced = i64::try_from(accepted_for(self.longest_lease()).as_millis()).unwrap_or(i64::MAX);
        let sql = "DELETE FROM signing_keys WHERE n < (
                       SELECT max(n) FROM signing_keys WHERE at <= clock_timestamp() - $1 * interval '1 millisecond')";
        connection.execute(sql, args![replaced]).await?;
        let sql = "DELETE FROM servers USING unnest($1, $2) AS gone (id, beat)
                   WHERE servers.id = gone.id AND servers.beat = gone.beat";
        connection.execute(sql, args![ids, beats]).await?;
        Ok(())
    }

    pub(crate) async fn in_force(&self) -> Result<InForce, StoreError> {
        let lease = self.lease()?;
        let began = Instant::now();
        let epoch = self.lend().await?.row("SELECT n FROM epoch", &[]).await?.map_or(0, |row| row.get::<_, i64>(0));
        let sql = "SELECT id, beat, lease_ms, $1 = 0 OR (obeys >= $1 AND r.n IS NOT NULL)
                   FROM servers LEFT JOIN revocations r ON r.n = obeys AND r.mark = servers.mark";
        let [mut pause, most] = LOOK_AGAIN;
        loop {
            // A connection for each look: others need it meanwhile.
            let rows = self.lend().await?.rows(sql, args![epoch]).await?;
            let (servers, silent, longest) = lease.count(&rows);
            if silent == 0 || began.elapsed() > longest.max(self.longest_lease()) {
                return Ok(InForce { servers, silent, after: began.elapsed() });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(most);
        }
    }

    /// Takes this server from the list of those that run.
    pub(crate) async fn close(&self) {
        let Ok(lease) = self.lease() else { return };
        let id = lease.end().await;
        if let Ok(mut connection) = self.lend().await {
            let _ = connection.execute("DELETE FROM servers WHERE id = $1", args![id]).await;
        }
    }
}
