//! Reading a list along its index from any place in it, without reading the rows before that place.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use crate::domain::{Order, Sort};
use crate::server::store::error::StoreError;
use crate::server::store::keys::{KeyRow, PageQuery};
use crate::server::store::keyset::SortValue;
use crate::server::store::sqlite::cancel::Cancel;
use crate::server::store::sqlite::row;
use crate::server::store::sqlite::row::column;
use crate::server::store::sqlite::text::Needle;
use crate::server::store::status::rank;

/// Rows read between two checks whether the request was cancelled.
pub(crate) const CHECK_EVERY: usize = 4_096;

/// A request, and what is needed to answer it.
pub(crate) struct ListQuery<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) request: &'a PageQuery,
    pub(crate) now: DateTime<Utc>,
    pub(crate) cancel: &'a Cancel,
}

/// A part of the list. `SQLite` finds the start of each in an index, but not that of `(value, seq) > (?, ?)`: there it
/// would step over all equal values, such as every key that was never used.
#[derive(Clone, Copy, Debug, PartialEq)]
enum KeyRange {
    /// All of it.
    Whole,
    /// After the cursor, where the value is the cursor's.
    Equal,
    /// Where the value is beyond the cursor's.
    Beyond,
}

impl ListQuery<'_> {
    /// One more than was asked for, which tells whether keys follow.
    pub(crate) fn wanted(&self) -> usize {
        self.request.limit + 1
    }

    /// Reads the list until enough keys match or `most` rows were read. The second value tells whether the page is
    /// complete.
    pub(crate) fn walk(&self, needle: Option<&Needle>, most: usize) -> Result<(Vec<KeyRow>, bool), StoreError> {
        let mut found = Vec::new();
        let mut left = most;
        let end = self.each(&row::columns(), |row| {
            if left == 0 {
                return Ok(ControlFlow::Break(()));
            }
            left -= 1;
            if needle.map_or(Ok(true), |needle| needle.is_in_row(row))? {
                found.push(row::placed(row, self.request.query.sort, self.now)?);
            }
            Ok(if found.len() == self.wanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let known = end.is_continue() || found.len() == self.wanted();
        Ok((found, known))
    }

    /// Gives each row after the cursor to `look`, until it breaks.
    pub(crate) fn each(
        &self,
        columns: &str,
        mut look: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let after = self.request.after.as_ref();
        let value: Option<&SortValue> = after.map(|place| &place.value);
        let state = self.request.query.filter.status.map(rank);
        let mut seen = 0_usize;
        for range in self.ranges() {
            let mut statement = self.connection.prepare_cached(&self.ordered(columns, *range))?;
            let mut rows = statement.query(params![value, after.map(|place| place.seq), state, true])?;
            while let Some(row) = rows.next()? {
                // An interrupt that comes between two statements reaches neither.
                if seen.is_multiple_of(CHECK_EVERY) {
                    self.cancel.check()?;
                }
                seen += 1;
                if look(row)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn ranges(&self) -> &'static [KeyRange] {
        match (&self.request.after, self.request.query.sort) {
            (None, _) => &[KeyRange::Whole],
            (Some(_), Sort::CreatedAt) => &[KeyRange::Beyond],
            (Some(_), _) => &[KeyRange::Equal, KeyRange::Beyond],
        }
    }

    /// The statement for one range: ?1 is the cursor's value, ?2 its order of creation, ?3 the state filtered by.
    fn ordered(&self, columns: &str, range: KeyRange) -> String {
        let query = &self.request.query;
        let (direction, beyond) = match query.order {
            Order::Asc => ("ASC", ">"),
            Order::Desc => ("DESC", "<"),
        };
        let by = column(query.sort);
        // With a filter by status all rows have that state: compare it once, not row by row.
        let value = if query.sort == Sort::Status && query.filter.status.is_some() { "?3" } else { by };
        let state = if query.filter.status.is_some() { "state = ?3 AND " } else { "" };
        let part = match range {
            KeyRange::Whole => "?4".to_owned(),
            KeyRange::Equal => format!("{value} = ?1 AND seq {beyond} ?2 AND ?4"),
            KeyRange::Beyond => format!("{value} {beyond} ?1 AND ?4"),
        };
        let order_by = if by == "seq" { String::new() } else { format!("{by} {direction}, ") };
        format!("SELECT {columns} FROM keys WHERE {state}{part} ORDER BY {order_by}seq {direction}")
    }

    /// The number of keys without regard to text.
    pub(crate) fn count(&self) -> Result<u64, StoreError> {
        let state = self.request.query.filter.status.map(rank);
        let sql = "SELECT coalesce(sum(n), 0) FROM counts WHERE ?1 IS NULL OR state = ?1";
        let n: i64 = self.connection.prepare_cached(sql)?.query_row([state], |row| row.get(0))?;
        Ok(n.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Filter, KeyQuery, Status};
    use crate::server::store::keyset::Keyset;
    use crate::server::store::sqlite::migrate::migrate;

    /// No list is sorted at run time, and only a whole unfiltered one is read without a search in an index.
    #[test]
    fn every_range_is_read_along_an_index() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let after = Some(Keyset { value: SortValue::Number(0), seq: 0 });
        for sort in Sort::ALL {
            for order in [Order::Asc, Order::Desc] {
                for status in [None, Some(Status::Inactive)] {
                    for range in [KeyRange::Whole, KeyRange::Equal, KeyRange::Beyond] {
                        let query = KeyQuery { sort, order, filter: Filter { text: String::new(), status } };
                        let request = PageQuery { query, after: after.clone(), limit: 1, total: false };
                        let cancel = Cancel::default();
                        let ask =
                            ListQuery { connection: &connection, request: &request, now: Utc::now(), cancel: &cancel };
                        let sql = format!("EXPLAIN QUERY PLAN {}", ask.ordered(&row::columns(), range));
                        let mut statement = connection.prepare(&sql).unwrap();
                        let rows = statement.query_map(params![1, 1, 1, 1], |row| row.get::<_, String>(3)).unwrap();
                        let plan: Vec<String> = rows.map(Result::unwrap).collect();
                        let whole = range == KeyRange::Whole && status.is_none();
                        assert!(plan.len() == 1 && (whole || plan[0].starts_with("SEARCH")), "{sql}: {plan:?}");
                        let direct = sort == Sort::CreatedAt
                            || range != KeyRange::Equal
                            || plan[0].contains("rowid")
                            || sort == Sort::Id;
                        assert!(direct, "{sql}: {plan:?}");
                    }
                }
            }
        }
    }
}
