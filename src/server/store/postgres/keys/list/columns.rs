//! Conditions about columns, in SQL.

use crate::server::store::keyset::SortValue;
use crate::server::store::postgres::args::SqlArgs;
use crate::server::store::sought::{ColumnCondition, ColumnTest, Sought, StoredColumn, Values};

/// Whether conditions are about uses too.
pub(crate) fn need_uses(sought: &Sought) -> bool {
    sought.columns.iter().any(has_uses)
}

/// Whether a condition is about uses.
pub(crate) fn has_uses(condition: &ColumnCondition) -> bool {
    condition.any.iter().any(|tests| has_use(tests))
}

/// Whether the table of uses has all that a condition is about.
pub(crate) fn is_of_uses(condition: &ColumnCondition) -> bool {
    let of_uses = [StoredColumn::LastUsed, StoredColumn::Refused, StoredColumn::Created, StoredColumn::State];
    condition.any.iter().flatten().all(|test| of_uses.contains(&test.column))
}

/// Whether a key meets a condition; in a list of uses, by what is in their table, where that is enough.
pub(crate) fn condition(condition: &ColumnCondition, lists_uses: bool, args: &mut SqlArgs) -> String {
    let lists_uses = lists_uses && is_of_uses(condition);
    let mut write = |tests: &Vec<ColumnTest>| format!("({})", all(tests, lists_uses || has_use(tests), args));
    let any: Vec<String> = condition.any.iter().map(&mut write).collect();
    format!("{}({})", if condition.excluded { "NOT " } else { "" }, any.join(" OR "))
}

/// How many keys meet an alternative of a condition.
pub(crate) fn count(tests: &[ColumnTest], args: &mut SqlArgs) -> String {
    let table = if has_use(tests) { "uses u" } else { "keys k" };
    format!("SELECT count(*) FROM {table} WHERE {}", all(tests, has_use(tests), args))
}

fn has_use(tests: &[ColumnTest]) -> bool {
    tests.iter().any(|test| matches!(test.column, StoredColumn::LastUsed | StoredColumn::Refused))
}

fn all(tests: &[ColumnTest], is_of_uses: bool, args: &mut SqlArgs) -> String {
    let all: Vec<String> = tests.iter().map(|test| one(test, is_of_uses, args)).collect();
    all.join(" AND ")
}

/// Whether a key meets one test of a column.
pub(crate) fn one(tested: &ColumnTest, is_of_uses: bool, args: &mut SqlArgs) -> String {
    let column = column(tested.column, is_of_uses);
    match &tested.values {
        // As a number, so that the database sees which index it may use: that of keys which were never used.
        Values::Is(SortValue::Number(n @ 0)) => format!("{column} = {n}"),
        Values::Is(SortValue::Number(n)) => format!("{column} = {}", args.place(*n)),
        Values::Is(SortValue::Text(text)) => format!("{column} = {}", args.place(text.clone())),
        Values::Begins(text) => {
            let (from, below) = (args.place(text.clone()), args.place(format!("{text}\u{10ffff}")));
            format!("{column} >= {from} AND {column} < {below}")
        }
        Values::Between(from, below) => {
            let from = from.map(|from| format!("{column} >= {}", args.place(from)));
            let below = below.map(|below| format!("{column} < {}", args.place(below)));
            // The index of those has no others.
            let indexed = tested.column.indexed().map(|test| format!("{column}{test}"));
            match (from, below) {
                (None, None) => "true".to_owned(),
                (from, below) => indexed.into_iter().chain(from).chain(below).collect::<Vec<_>>().join(" AND "),
            }
        }
    }
}

/// The column, in the table whose index has the other columns of the same alternative.
const fn column(column: StoredColumn, is_of_uses: bool) -> &'static str {
    match column {
        StoredColumn::RotatesUntil => "k.rotates_until",
        StoredColumn::Reactivates => "k.reactivates_at",
        StoredColumn::Refused => "u.refused_at",
        StoredColumn::Owner => "k.owner_fold",
        StoredColumn::CreatedBy => "k.created_by",
        StoredColumn::Ends => "k.ends_at",
        StoredColumn::State if is_of_uses => "u.state",
        StoredColumn::State => "k.state",
        StoredColumn::LastUsed => "u.at",
        StoredColumn::Created if is_of_uses => "u.created_at",
        StoredColumn::Created => "k.created_at",
    }
}
