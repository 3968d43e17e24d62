//! Tries to sign in, counted for all servers together.

use std::time::Duration;

use super::args::args;
use super::store::PostgresStore;
use crate::server::store::access::tries::TryLimit;
use crate::server::store::error::StoreError;

/// What rounding of times may make of a share, in seconds.
const ROUNDING: f64 = 0.001;

impl PostgresStore {
    /// The generic cell rate algorithm, as `governor` has it in memory: a share is the time when all of its tries will be
    /// forgotten. Each try moves that further, and is one too many if that would be more than all tries take. A clock that
    /// was set back leaves no share fuller than full.
    pub(crate) async fn count_try(&self, limit: TryLimit, of: &[u8]) -> Result<Result<(), Duration>, StoreError> {
        let TryLimit { kind, every, burst } = limit;
        let (every, full) = (every.as_secs_f64(), every.as_secs_f64() * f64::from(burst));
        let sql = "WITH try AS (
                       SELECT get_byte(hash, 0) * 256 + get_byte(hash, 1) AS share,
                              extract(epoch FROM clock_timestamp())::float8 AS now
                       FROM meta, sha256(uuid_send(seed) || $2) hash)
                   INSERT INTO tries AS old (kind, share, until, admitted) SELECT $1, share, now + $3, true FROM try
                   ON CONFLICT (kind, share) DO UPDATE SET (until, admitted) = (
                       SELECT CASE WHEN fits THEN begun + $3 ELSE begun END, fits FROM (
                           SELECT begun, begun + $3 <= now + $4 + $5 AS fits FROM (
                               SELECT now, least(greatest(old.until, now), now + $4) AS begun
                               FROM (SELECT excluded.until - $3 AS now) clock) share) try)
                   RETURNING admitted, until + $3 - $4 - extract(epoch FROM clock_timestamp())::float8";
        let row = self.lend().await?.row(sql, args![kind, of, every, full, ROUNDING]).await?;
        let Some(row) = row else { return Err(StoreError::Unsuited("its table meta is empty")) };
        let wait = Duration::try_from_secs_f64(row.get(1)).unwrap_or_default();
        Ok(if row.get(0) { Ok(()) } else { Err(wait) })
    }
}
