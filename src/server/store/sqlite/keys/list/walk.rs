//! Reading a list along its index from any place in it, without reading the rows before that place.

use std::ops::ControlFlow;
use std::time::Instant;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, ToSql, params_from_iter};

use crate::domain::{Order, Sort};
use crate::server::store::error::StoreError;
use crate::server::store::keys::{KeyRow, PageQuery};
use crate::server::store::keyset::SortValue;
use crate::server::store::sought::Sought;
use crate::server::store::sqlite::connection::cancel::Cancel;
use crate::server::store::sqlite::keys::list::columns::ColumnSql;
use crate::server::store::sqlite::keys::row;
use crate::server::store::sqlite::keys::row::column;
use crate::server::store::sqlite::keys::text::Needle;

/// Rows read between two checks whether the request was cancelled.
pub(crate) const CHECK_EVERY: usize = 4_096;

/// The places that each statement of a walk takes.
const PLACES: usize = 4;

/// A request, and what is needed to answer it.
pub(crate) struct ListQuery<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) request: &'a PageQuery,
    /// What its conditions come to.
    pub(crate) sought: &'a Sought,
    pub(crate) needle: Option<&'a Needle>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) cancel: &'a Cancel,
    /// When counting is given up.
    pub(crate) until: Option<Instant>,
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

    /// Fails once the request was cancelled, or its time is up.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return Err(StoreError::Cancelled);
        }
        self.cancel.check()
    }

    /// Reads the list until enough keys match or `most` rows were read. The second value tells whether the page is
    /// complete.
    pub(crate) fn walk(&self, most: usize) -> Result<(Vec<KeyRow>, bool), StoreError> {
        let mut found = Vec::new();
        let mut left = most;
        let columns = ColumnSql::all(&self.sought.columns, PLACES + 1);
        let selected = format!("{}, {} AS meets", row::columns(), columns.sql);
        let end = self.each(&selected, &columns.values, |row| {
            if left == 0 {
                return Ok(ControlFlow::Break(()));
            }
            left -= 1;
            if row.get("meets")? && self.needle.map_or(Ok(true), |needle| needle.is_in_row(row))? {
                found.push(row::placed(row, self.request.sort, self.now)?);
            }
            Ok(if found.len() == self.wanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let known = end.is_continue() || found.len() == self.wanted();
        Ok((found, known))
    }

    /// Gives each row after the cursor to `look`, until it breaks. `values` are those of what is selected.
    pub(crate) fn each(
        &self,
        selected: &str,
        values: &[SortValue],
        mut look: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let after = self.request.after.as_ref();
        let value: Option<&SortValue> = after.map(|place| &place.value);
        let seq = after.map(|place| place.seq);
        let fixed: [&dyn ToSql; PLACES] = [&value, &seq, &self.sought.state, &true];
        let bounds = self.bounds(values.len());
        let mut seen = 0_usize;
        for range in self.ranges() {
            let mut statement = self.connection.prepare_cached(&self.ordered(selected, bounds.as_ref(), *range))?;
            let bounds = bounds.iter().flat_map(|bounds| &bounds.values);
            let values = values.iter().chain(bounds).map(|value| value as &dyn ToSql);
            let mut rows = statement.query(params_from_iter(fixed.into_iter().chain(values)))?;
            while let Some(row) = rows.next()? {
                // An interrupt that comes between two statements reaches neither.
                if seen.is_multiple_of(CHECK_EVERY) {
                    self.check()?;
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
        match (&self.request.after, self.request.sort) {
            (None, _) => &[KeyRange::Whole],
            (Some(_), Sort::CreatedAt) => &[KeyRange::Beyond],
            (Some(_), _) => &[KeyRange::Equal, KeyRange::Beyond],
        }
    }

    /// Where the list begins and ends, if its conditions tell. `selected` is how many values the selected columns have.
    fn bounds(&self, selected: usize) -> Option<ColumnSql> {
        let bounds = self.sought.bounds_of_list(self.request.sort);
        (!bounds.is_empty()).then(|| ColumnSql::tests_of(&bounds, PLACES + 1 + selected))
    }

    /// The statement for one range: ?1 is the cursor's value, ?2 its order of creation, ?3 the state filtered by.
    fn ordered(&self, columns: &str, bounds: Option<&ColumnSql>, range: KeyRange) -> String {
        let has_state = self.sought.state.is_some();
        let (direction, beyond) = match self.request.order {
            Order::Asc => ("ASC", ">"),
            Order::Desc => ("DESC", "<"),
        };
        let by = column(self.request.sort);
        // With a filter by status all rows have that state: compare it once, not row by row.
        let value = if self.request.sort == Sort::Status && has_state { "?3" } else { by };
        let state = if has_state { "state = ?3 AND " } else { "" };
        let bounds = bounds.map_or(String::new(), |bounds| format!("{} AND ", bounds.sql));
        let part = match range {
            KeyRange::Whole => "?4".to_owned(),
            KeyRange::Equal => format!("{value} = ?1 AND seq {beyond} ?2 AND ?4"),
            KeyRange::Beyond => format!("{value} {beyond} ?1 AND ?4"),
        };
        let order_by = if by == "seq" { String::new() } else { format!("{by} {direction}, ") };
        format!("SELECT {columns} FROM keys WHERE {state}{bounds}{part} ORDER BY {order_by}seq {direction}")
    }

    /// How many keys there are of each state.
    pub(crate) fn counts(&self) -> Result<Vec<(i64, u64)>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT state, n FROM counts")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::{Condition, Conditions, Status, Test, TextPattern};
    use crate::server::store::keyset::Keyset;
    use crate::server::store::sqlite::file::migrate::migrate;
    use crate::server::store::sqlite::keys::list::walk::*;

    /// No list is sorted at run time, and only a whole unfiltered one is read without a search in an index.
    #[test]
    fn every_range_is_read_along_an_index() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let after = Some(Keyset { value: SortValue::Number(0), seq: 0 });
        let owner = Test::Owner(vec![TextPattern::Begins("ops".to_owned())]);
        for sort in Sort::ALL {
            for order in [Order::Asc, Order::Desc] {
                for status in [None, Some(Test::Status(vec![Status::Inactive]))] {
                    for asked in [None, Some(Test::NeverUsed), Some(Test::UnusedSince(Utc::now())), Some(owner.clone())]
                    {
                        let conditions = [status.clone(), asked].into_iter().flatten().map(Condition::from).collect();
                        let (after, conditions) = (after.clone(), Conditions(conditions));
                        let request = PageQuery { sort, order, conditions, after, limit: 1, total: false };
                        check_plans(&connection, &request);
                    }
                }
            }
        }
    }

    fn check_plans(connection: &Connection, request: &PageQuery) {
        let (sought, cancel, sort) = (Sought::of(&request.conditions), Cancel::default(), request.sort);
        let ask = ListQuery {
            connection,
            request,
            sought: &sought,
            needle: None,
            now: Utc::now(),
            cancel: &cancel,
            until: None,
        };
        for range in [KeyRange::Whole, KeyRange::Equal, KeyRange::Beyond] {
            let bounds = ask.bounds(0);
            let sql = format!("EXPLAIN QUERY PLAN {}", ask.ordered(&row::columns(), bounds.as_ref(), range));
            let mut statement = connection.prepare(&sql).unwrap();
            let values =
                [1; PLACES].into_iter().map(SortValue::Number).chain(bounds.iter().flat_map(|all| all.values.clone()));
            let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
            let plan: Vec<String> = rows.map(Result::unwrap).collect();
            let whole = range == KeyRange::Whole && sought.state.is_none() && bounds.is_none();
            assert!(plan.len() == 1 && (whole || plan[0].starts_with("SEARCH")), "{sql}: {plan:?}");
            let direct =
                sort == Sort::CreatedAt || range != KeyRange::Equal || plan[0].contains("rowid") || sort == Sort::Id;
            assert!(direct, "{sql}: {plan:?}");
        }
    }
}
