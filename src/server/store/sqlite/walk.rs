//! Walking along a list by its index, from any place in it, without looking at what lies before.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};

use super::list::PageQuery;
use super::row;
use super::row::{COLUMNS, KeyRow, Keyset, column};
use super::text::Needle;
use crate::domain::{Order, Sort};
use crate::server::store::{Cancel, StoreError};

/// A walk asks so often whether it is still wanted.
const CHECK_EVERY: usize = 4_096;

/// A request and what is needed to answer it.
pub(crate) struct ListQuery<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) request: &'a PageQuery,
    pub(crate) now: DateTime<Utc>,
    pub(crate) cancel: &'a Cancel,
}

/// A stretch of the list. `SQLite` finds the beginning of each in an index, but not that of
/// `(value, seq) > (?, ?)`: there it would step over all equal values, such as every key never used.
#[derive(Clone, Copy, Debug, PartialEq)]
enum KeyRange {
    /// From end to end.
    Whole,
    /// After the cursor, where the value is the cursor's.
    Level,
    /// Where the value is beyond the cursor's.
    Beyond,
}

impl ListQuery<'_> {
    /// One more than asked for tells whether keys follow.
    pub(crate) fn wanted(&self) -> usize {
        self.request.limit + 1
    }

    /// Walks the list until enough keys match or `most` were seen. Tells whether it got so far as to know.
    pub(crate) fn walk(&self, needle: Option<&Needle>, most: usize) -> Result<(Vec<KeyRow>, bool), StoreError> {
        let mut found = Vec::new();
        let mut left = most;
        let columns = format!("{}, seq, {COLUMNS}", column(self.request.query.sort));
        let end = self.each(&columns, |row| {
            if left == 0 {
                return Ok(ControlFlow::Break(()));
            }
            left -= 1;
            if needle.map_or(Ok(true), |needle| needle.is_in_row(row, 2, 10))? {
                found.push(placed(row, self.now)?);
            }
            Ok(if found.len() == self.wanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let known = end.is_continue() || found.len() == self.wanted();
        Ok((found, known))
    }

    /// Shows each row after the cursor to `look`, until that has seen enough.
    pub(crate) fn each(
        &self,
        columns: &str,
        mut look: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let after = self.request.after.as_ref();
        let value = after.map_or(&Value::Null, |place| &place.value);
        let state = self.request.query.filter.status.map(row::state);
        let mut seen = 0_usize;
        for leg in self.legs() {
            let mut statement = self.connection.prepare_cached(&self.ordered(columns, *leg))?;
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

    fn legs(&self) -> &'static [KeyRange] {
        match (&self.request.after, self.request.query.sort) {
            (None, _) => &[KeyRange::Whole],
            (Some(_), Sort::CreatedAt) => &[KeyRange::Beyond],
            (Some(_), _) => &[KeyRange::Level, KeyRange::Beyond],
        }
    }

    /// The statement for one leg: ?1 is the cursor's value, ?2 its order of creation, ?3 the state wanted.
    fn ordered(&self, columns: &str, leg: KeyRange) -> String {
        let query = &self.request.query;
        let (direction, beyond) = match query.order {
            Order::Asc => ("ASC", ">"),
            Order::Desc => ("DESC", "<"),
        };
        let by = column(query.sort);
        // Under a filter by status, all have the state wanted: compared once, not row by row.
        let value = if query.sort == Sort::Status && query.filter.status.is_some() { "?3" } else { by };
        let state = if query.filter.status.is_some() { "state = ?3 AND " } else { "" };
        let stretch = match leg {
            KeyRange::Whole => "?4".to_owned(),
            KeyRange::Level => format!("{value} = ?1 AND seq {beyond} ?2 AND ?4"),
            KeyRange::Beyond => format!("{value} {beyond} ?1 AND ?4"),
        };
        let order_by = if by == "seq" { String::new() } else { format!("{by} {direction}, ") };
        format!("SELECT {columns} FROM keys WHERE {state}{stretch} ORDER BY {order_by}seq {direction}")
    }

    /// The number of keys without regard to text.
    pub(crate) fn count(&self) -> Result<u64, StoreError> {
        let state = self.request.query.filter.status.map(row::state);
        let sql = "SELECT coalesce(sum(n), 0) FROM counts WHERE ?1 IS NULL OR state = ?1";
        let n: i64 = self.connection.prepare_cached(sql)?.query_row([state], |row| row.get(0))?;
        Ok(n.unsigned_abs())
    }
}

/// Reads a row: its place (2 columns), then [`COLUMNS`].
pub(crate) fn placed(row: &Row<'_>, now: DateTime<Utc>) -> Result<KeyRow, StoreError> {
    Ok(KeyRow { place: Keyset { value: row.get(0)?, seq: row.get(1)? }, key: row::key(row, 2, now)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Filter, KeyQuery, Status};

    /// No list is sorted anew, and none but an unfiltered whole one is entered other than by a search.
    #[test]
    fn every_leg_is_a_walk_along_an_index() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../../../assets/migrations/0001_keys.sql")).unwrap();
        let after = Some(Keyset { value: Value::Null, seq: 0 });
        for sort in Sort::ALL {
            for order in [Order::Asc, Order::Desc] {
                for status in [None, Some(Status::Inactive)] {
                    for leg in [KeyRange::Whole, KeyRange::Level, KeyRange::Beyond] {
                        let query = KeyQuery { sort, order, filter: Filter { text: String::new(), status } };
                        let request = PageQuery { query, after: after.clone(), limit: 1, total: false };
                        let cancel = Cancel::default();
                        let ask =
                            ListQuery { connection: &connection, request: &request, now: Utc::now(), cancel: &cancel };
                        let sql = format!("EXPLAIN QUERY PLAN {}", ask.ordered(COLUMNS, leg));
                        let mut statement = connection.prepare(&sql).unwrap();
                        let rows = statement.query_map(params![1, 1, 1, 1], |row| row.get::<_, String>(3)).unwrap();
                        let plan: Vec<String> = rows.map(Result::unwrap).collect();
                        let whole = leg == KeyRange::Whole && status.is_none();
                        assert!(plan.len() == 1 && (whole || plan[0].starts_with("SEARCH")), "{sql}: {plan:?}");
                        let direct = sort == Sort::CreatedAt
                            || leg != KeyRange::Level
                            || plan[0].contains("rowid")
                            || sort == Sort::Id;
                        assert!(direct, "{sql}: {plan:?}");
                    }
                }
            }
        }
    }
}
