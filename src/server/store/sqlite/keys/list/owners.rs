//! The owners that most keys have.

use std::time::Instant;

use rusqlite::Connection;

use crate::server::store::error::StoreError;
use crate::server::store::keys::{COUNTED_FOR, OwnerCount};
use crate::server::store::sqlite::store::SqliteStore;

impl SqliteStore {
    pub(crate) async fn frequent_owners(&self, limit: usize) -> Result<Option<Vec<OwnerCount>>, StoreError> {
        self.read_many(move |connection, cancel| {
            let until = Instant::now() + COUNTED_FOR;
            let Some(owners) = counted(connection, limit, || cancel.check().map(|()| Instant::now() < until))? else {
                return Ok(None);
            };
            let mut spelled =
                connection.prepare_cached("SELECT owner FROM keys WHERE owner_fold = ?1 ORDER BY seq DESC LIMIT 1")?;
            let owners = owners
                .into_iter()
                .map(|(keys, fold)| Ok(OwnerCount { owner: spelled.query_row([fold], |row| row.get(0))?, keys }));
            owners.collect::<Result<_, _>>().map(Some)
        })
        .await
    }
}

/// The most frequent owners, folded, unless `goes_on` says that there is no more time.
fn counted(
    connection: &Connection,
    limit: usize,
    goes_on: impl Fn() -> Result<bool, StoreError>,
) -> Result<Option<Vec<(u64, String)>>, StoreError> {
    let sql =
        "SELECT owner_fold, count(*) FROM keys INDEXED BY keys_by_owner WHERE owner_fold > '' GROUP BY owner_fold";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut most: Vec<(u64, String)> = Vec::with_capacity(limit + 1);
    while let Some(row) = rows.next()? {
        if !goes_on()? {
            return Ok(None);
        }
        let keys = row.get::<_, i64>(1)?.unsigned_abs();
        if most.len() < limit || most.last().is_some_and(|(fewest, _)| *fewest < keys) {
            // Rows come in the order of the owners: of two with as many keys the first one stays.
            let place = most.partition_point(|(others, _)| *others >= keys);
            most.insert(place, (keys, row.get(0)?));
            most.truncate(limit);
        }
    }
    Ok(Some(most))
}
