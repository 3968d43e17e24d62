//! Finding keys by what users ask for: which plan is taken is decided here, not by the database's estimates.
//!
//! First a short part of the list is read: what is frequent is found there. What is nearly as frequent is found in a longer
//! part. Then the indexes name all candidates, so that what is rare or absent costs nothing.

use tokio_postgres::Row;

use crate::domain::{Order, Sort};
use crate::server::store::error::StoreError;
use crate::server::store::postgres::args::SqlArgs;
use crate::server::store::postgres::keys::list::statement::ListStatement;
use crate::server::store::postgres::keys::list::{columns, too_new};
use crate::server::store::postgres::network::connection::Lent;

/// Rows that are read first: as many as hold a page of what is in every third or so, as a letter is.
const FIRST_WALK: i64 = 400;
/// Rows that are read then; how much is found in them tells how far the page reaches.
const SHORT_WALK: i64 = 4_000;
/// The most rows that are read in order: a tenth of a second.
const LONG_WALK: i64 = 24_000;
/// No more keys than this are looked up one by one and then sorted, without walking in order first.
const FEW: i64 = 8_000;

impl ListStatement<'_> {
    /// The page without a search.
    pub(super) async fn walk(&self, connection: &mut Lent<'_>) -> Result<Vec<Row>, StoreError> {
        let mut args = SqlArgs::default();
        let sql = self.ordered(&mut args);
        connection.rows(&sql, &args.list()).await
    }

    /// The page of a search.
    pub(super) async fn search(&mut self, connection: &mut Lent<'_>) -> Result<Vec<Row>, StoreError> {
        if self.wanted() < FIRST_WALK {
            let found = self.search_in_order(FIRST_WALK, connection).await?;
            if found.len() > self.request.limit {
                return Ok(found);
            }
        }
        // Lists by label and ID have no long parts of equal values, which begin with the newest key.
        if self.request.order == Order::Desc && !matches!(self.request.sort, Sort::Label | Sort::Id) {
            self.last = too_new::last_match(self.sought, connection).await?;
        }
        let found = self.search_in_order(SHORT_WALK, connection).await?;
        if found.len() > self.request.limit {
            return Ok(found);
        }
        // Half as many rows again as are needed, if it is as frequent from there on.
        let found = i64::try_from(found.len()).unwrap_or(i64::MAX);
        if found * LONG_WALK >= self.wanted() * SHORT_WALK * 3 / 2 && !self.columns_name_few(connection).await? {
            let found = self.search_in_order(LONG_WALK, connection).await?;
            if found.len() > self.request.limit {
                return Ok(found);
            }
        }
        let own_first = self.own_names_fewer(connection).await?;
        let mut args = SqlArgs::default();
        let sql = self.among_candidates(own_first, &mut args);
        connection.rows(&sql, &args.list()).await
    }

    async fn search_in_order(&self, length: i64, connection: &mut Lent<'_>) -> Result<Vec<Row>, StoreError> {
        let mut args = SqlArgs::default();
        let sql = self.in_order(length, &mut args);
        connection.rows(&sql, &args.list()).await
    }

    /// Whether the columns of the keys themselves name few.
    async fn columns_name_few(&self, connection: &mut Lent<'_>) -> Result<bool, StoreError> {
        let mut args = SqlArgs::default();
        let named: Vec<String> =
            self.naming_columns().map(|condition| columns::condition(condition, false, &mut args)).collect();
        Ok(!named.is_empty() && is_few("keys k", &named, args, connection).await?)
    }

    /// Whether the keys are named by words or columns of their own, and their uses name many.
    async fn own_names_fewer(&self, connection: &mut Lent<'_>) -> Result<bool, StoreError> {
        let mut args = SqlArgs::default();
        let uses = self.matches(&mut args).other;
        let is_named = !self.sought.words.is_empty() || self.naming_columns().next().is_some();
        Ok(!self.lists_uses() && is_named && !uses.is_empty() && !is_few("uses u", &uses, args, connection).await?)
    }
}

/// Whether a table has few rows that meet all of these.
async fn is_few(
    table: &str,
    conditions: &[String],
    mut args: SqlArgs,
    connection: &mut Lent<'_>,
) -> Result<bool, StoreError> {
    let (conditions, most) = (conditions.join(" AND "), args.place(FEW + 1));
    let sql = format!("SELECT count(*) FROM (SELECT FROM {table} WHERE {conditions} LIMIT {most}) few");
    Ok(connection.row(&sql, &args.list()).await?.is_some_and(|row| row.get::<_, i64>(0) <= FEW))
}
