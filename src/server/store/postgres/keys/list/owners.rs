//! The owners that most keys have.

use crate::server::store::error::StoreError;
use crate::server::store::keys::{COUNTED_FOR, OwnerCount};
use crate::server::store::postgres::args::args;
use crate::server::store::postgres::store::PostgresStore;

impl PostgresStore {
    pub(crate) async fn frequent_owners(&self, limit: usize) -> Result<Option<Vec<OwnerCount>>, StoreError> {
        let sql = "SELECT (SELECT owner FROM keys WHERE owner_fold = most.fold ORDER BY seq DESC LIMIT 1), n
                   FROM (SELECT owner_fold AS fold, count(*) AS n FROM keys WHERE owner_fold > ''
                         GROUP BY owner_fold ORDER BY n DESC, fold LIMIT $1) AS most
                   ORDER BY n DESC, fold";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut transaction = self.begin_to_read().await?;
        let patience = COUNTED_FOR.as_millis();
        transaction.batch(&format!("SET LOCAL statement_timeout = {patience}")).await?;
        let rows = match transaction.rows(sql, args![limit]).await {
            Err(StoreError::Cancelled) => return Ok(None),
            rows => rows?,
        };
        transaction.commit().await?;
        let owner =
            |row: &tokio_postgres::Row| OwnerCount { owner: row.get(0), keys: row.get::<_, i64>(1).unsigned_abs() };
        Ok(Some(rows.iter().map(owner).collect()))
    }
}
