//! Conditions about columns, in SQL.

use crate::server::store::keyset::SortValue;
use crate::server::store::sought::{ColumnCondition, ColumnTest, StoredColumn, Values};

/// Conditions in SQL, and the values of its places.
pub(crate) struct ColumnSql {
    pub(crate) sql: String,
    pub(crate) values: Vec<SortValue>,
    first: usize,
}

impl ColumnSql {
    /// Whether all hold. The places are numbered from `first`; without a condition it is 1.
    pub(crate) fn all(conditions: &[ColumnCondition], first: usize) -> Self {
        let mut written = Self { sql: String::new(), values: Vec::new(), first };
        let all: Vec<String> = conditions.iter().map(|condition| written.condition(condition)).collect();
        written.sql = if all.is_empty() { "1".to_owned() } else { all.join(" AND ") };
        written
    }

    /// Whether all of these tests hold.
    pub(crate) fn tests_of(tests: &[ColumnTest], first: usize) -> Self {
        let mut written = Self { sql: String::new(), values: Vec::new(), first };
        written.sql = written.tests(tests);
        written
    }

    fn condition(&mut self, condition: &ColumnCondition) -> String {
        let any: Vec<String> = condition.any.iter().map(|tests| self.tests(tests)).collect();
        format!("{}({})", if condition.excluded { "NOT " } else { "" }, any.join(" OR "))
    }

    fn tests(&mut self, tests: &[ColumnTest]) -> String {
        let all: Vec<String> = tests.iter().map(|test| self.test(test)).collect();
        format!("({})", all.join(" AND "))
    }

    fn test(&mut self, tested: &ColumnTest) -> String {
        let column = column(tested.column);
        match &tested.values {
            // As a number, so that SQLite sees which index it may use: that of keys which were never used.
            Values::Is(SortValue::Number(n @ 0)) => format!("{column} = {n}"),
            Values::Is(value) => format!("{column} = {}", self.place(value.clone())),
            Values::Begins(text) => {
                let from = self.place(SortValue::Text(text.clone()));
                let below = self.place(SortValue::Text(format!("{text}\u{10ffff}")));
                format!("{column} >= {from} AND {column} < {below}")
            }
            Values::Between(from, below) => {
                let from = from.map(|from| format!("{column} >= {}", self.place(SortValue::Number(from))));
                let below = below.map(|below| format!("{column} < {}", self.place(SortValue::Number(below))));
                // The index of those has no others.
                let indexed = tested.column.indexed().map(|test| format!("{column}{test}"));
                match (from, below) {
                    (None, None) => "1".to_owned(),
                    (from, below) => indexed.into_iter().chain(from).chain(below).collect::<Vec<_>>().join(" AND "),
                }
            }
        }
    }

    fn place(&mut self, value: SortValue) -> String {
        self.values.push(value);
        format!("?{}", self.first + self.values.len() - 1)
    }
}

const fn column(column: StoredColumn) -> &'static str {
    match column {
        StoredColumn::RotatesUntil => "rotates_until",
        StoredColumn::Reactivates => "reactivates_at",
        StoredColumn::Refused => "refused_at",
        StoredColumn::Owner => "owner_fold",
        StoredColumn::CreatedBy => "created_by",
        StoredColumn::Ends => "ends_at",
        StoredColumn::State => "state",
        StoredColumn::LastUsed => "last_used_at",
        StoredColumn::Created => "created_at",
    }
}

/// The index in which the keys of an alternative are next to each other, with nothing to read besides.
pub(crate) fn index(tests: &[ColumnTest]) -> &'static str {
    match tests.first().map(|test| test.column) {
        Some(StoredColumn::LastUsed) if tests.len() > 1 => "keys_never_used",
        Some(StoredColumn::RotatesUntil) => "keys_rotating",
        Some(StoredColumn::Reactivates) => "keys_to_reactivate",
        Some(StoredColumn::Refused) => "keys_refused",
        Some(StoredColumn::Owner) => "keys_by_owner",
        Some(StoredColumn::CreatedBy) => "keys_by_creator",
        Some(StoredColumn::Ends) => "keys_by_end",
        Some(StoredColumn::State) => "keys_by_state",
        Some(StoredColumn::LastUsed) => "keys_by_use",
        Some(StoredColumn::Created) | None => "keys_by_creation",
    }
}
