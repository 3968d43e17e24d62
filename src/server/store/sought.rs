//! What the keys of a list meet, as every engine looks for it: texts that they contain, and ranges of what is stored.

use chrono::{DateTime, Utc};

use super::keyset::SortValue;
use super::status::rank;
use crate::domain::{Condition, Conditions, Sort, Status, Test, TextPattern, TimeRange, fold};

/// When a key ends that never does: it sorts as latest.
pub(crate) const NEVER_ENDS: i64 = i64::MAX;

/// Conditions, sorted by how they are looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sought {
    /// The only state, by its rank.
    pub(crate) state: Option<i64>,
    /// Folded texts, each of which must be in the ID or in a text.
    pub(crate) words: Vec<String>,
    /// Folded texts, none of which may be there.
    pub(crate) without: Vec<String>,
    /// The other conditions; those that are likely to be met by the fewest keys come first.
    pub(crate) columns: Vec<ColumnCondition>,
}

/// A condition about columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ColumnCondition {
    /// Whether keys that meet it are excluded.
    pub(crate) excluded: bool,
    /// A key meets it if it meets all of one of these. No key meets two.
    pub(crate) any: Vec<Vec<ColumnTest>>,
}

/// A test of one column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ColumnTest {
    pub(crate) column: StoredColumn,
    pub(crate) values: Values,
}

/// A column that lists are asked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StoredColumn {
    /// Until when it is one of the two keys of a rotation; 0 if it never was.
    RotatesUntil,
    /// When it becomes active again by itself, if it does.
    Reactivates,
    /// When it was last refused, if it was.
    Refused,
    /// The folded owner.
    Owner,
    CreatedBy,
    /// When it ends; [`NEVER_ENDS`] if it doesn't.
    Ends,
    State,
    /// The last use; 0 is never.
    LastUsed,
    Created,
}

impl StoredColumn {
    /// What every row of its index meets, in SQL, where that has some rows only.
    pub(crate) const fn indexed(self) -> Option<&'static str> {
        match self {
            Self::RotatesUntil => Some(" > 0"),
            Self::Reactivates | Self::Refused => Some(" IS NOT NULL"),
            _ => None,
        }
    }

    /// The column that a list is sorted by. None for the order of creation: the clock may have been set back.
    pub(crate) const fn of(sort: Sort) -> Option<Self> {
        match sort {
            Sort::CreatedBy => Some(Self::CreatedBy),
            Sort::ExpiresAt => Some(Self::Ends),
            Sort::LastUsedAt => Some(Self::LastUsed),
            Sort::Owner => Some(Self::Owner),
            Sort::Status => Some(Self::State),
            Sort::CreatedAt | Sort::Label | Sort::Note | Sort::Id => None,
        }
    }
}

/// Which values pass. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    Is(SortValue),
    /// A number from one on and below another.
    Between(Option<i64>, Option<i64>),
    Begins(String),
}

impl Sought {
    pub(crate) fn of(conditions: &Conditions) -> Self {
        let mut sought = Self { state: conditions.only_status().map(rank), ..Self::default() };
        let mut has_state = sought.state.is_some();
        for Condition { excluded, test } in &conditions.0 {
            if let (Test::Status(any), false) = (test, excluded)
                && any.len() == 1
                && std::mem::take(&mut has_state)
            {
                continue;
            }
            match test {
                Test::Contains(text) if *excluded => sought.without.push(storable(text)),
                Test::Contains(text) => sought.words.push(storable(text)),
                _ => sought.columns.push(ColumnCondition { excluded: *excluded, any: alternatives(test) }),
            }
        }
        for texts in [&mut sought.words, &mut sought.without] {
            texts.sort_unstable();
            texts.dedup();
        }
        sought.columns.sort_by_key(|condition| (condition.excluded, condition.column()));
        sought
    }

    /// Whether keys must be looked at to be found: their texts, or more than their state.
    pub(crate) fn is_narrow(&self) -> bool {
        self.has_texts() || !self.columns.is_empty()
    }

    pub(crate) fn has_texts(&self) -> bool {
        !self.words.is_empty() || !self.without.is_empty()
    }

    /// All conditions about columns, that of the state too.
    pub(crate) fn all_columns(&self) -> Vec<ColumnCondition> {
        let state =
            self.state.map(|state| ColumnCondition::of(StoredColumn::State, Values::Is(SortValue::Number(state))));
        let mut all: Vec<ColumnCondition> = self.columns.iter().cloned().chain(state).collect();
        all.sort_by_key(|condition| (condition.excluded, condition.column()));
        all
    }
}

impl Sought {
    /// What every key that is found meets in one column.
    pub(crate) fn bounds(&self, column: StoredColumn) -> Vec<ColumnTest> {
        let wanted = self.columns.iter().filter(|condition| !condition.excluded);
        wanted.filter_map(|condition| condition.bounds(column)).collect()
    }

    /// Where a list that is sorted by a column begins and ends.
    pub(crate) fn bounds_of_list(&self, sort: Sort) -> Vec<ColumnTest> {
        StoredColumn::of(sort).map(|column| self.bounds(column)).unwrap_or_default()
    }
}

impl ColumnCondition {
    /// What all alternatives have in common in a column; of several, only if they are numbers.
    fn bounds(&self, column: StoredColumn) -> Option<ColumnTest> {
        let of = |tests: &Vec<ColumnTest>| tests.iter().find(|test| test.column == column).cloned();
        let all: Vec<ColumnTest> = self.any.iter().map(of).collect::<Option<_>>()?;
        if let [one] = all.as_slice() {
            return Some(one.clone());
        }
        let range = |test: &ColumnTest| match test.values {
            Values::Is(SortValue::Number(number)) => Some((Some(number), number.checked_add(1))),
            Values::Between(from, below) => Some((from, below)),
            Values::Is(SortValue::Text(_)) | Values::Begins(_) => None,
        };
        let ranges: Vec<_> = all.iter().map(range).collect::<Option<_>>()?;
        let from = ranges.iter().map(|(from, _)| *from).min().flatten(); // `None` is before all
        let below = ranges.iter().map(|(_, below)| *below).collect::<Option<Vec<_>>>();
        let below = below.and_then(|all| all.into_iter().max());
        (from.is_some() || below.is_some()).then_some(ColumnTest { column, values: Values::Between(from, below) })
    }

    fn of(column: StoredColumn, values: Values) -> Self {
        Self { excluded: false, any: vec![vec![ColumnTest { column, values }]] }
    }

    /// The column that it is mostly about.
    pub(crate) fn column(&self) -> Option<StoredColumn> {
        self.any.first()?.first().map(|test| test.column)
    }
}

fn alternatives(asked: &Test) -> Vec<Vec<ColumnTest>> {
    let one = |column, values| ColumnTest { column, values };
    let number = |n| Values::Is(SortValue::Number(n));
    let pattern = |pattern: &TextPattern| match pattern {
        TextPattern::Is(text) => Values::Is(SortValue::Text(storable(text))),
        TextPattern::Begins(text) => Values::Begins(storable(text)),
    };
    match asked {
        // Looked for among the texts.
        Test::Contains(_) => Vec::new(),
        Test::Owner(any) => {
            let folded = any.iter().cloned().map(|text| text.map(|text| fold(&text)));
            apart(folded).iter().map(|text| vec![one(StoredColumn::Owner, pattern(text))]).collect()
        }
        Test::CreatedBy(any) => {
            let lower = any.iter().cloned().map(|text| text.map(|text| text.to_lowercase()));
            let any = apart(any.iter().cloned().chain(lower));
            any.iter().map(|text| vec![one(StoredColumn::CreatedBy, pattern(text))]).collect()
        }
        Test::Status(any) => {
            any.iter().map(|status: &Status| vec![one(StoredColumn::State, number(rank(*status)))]).collect()
        }
        Test::UnusedSince(time) => {
            let time = time.timestamp_millis();
            vec![
                vec![one(StoredColumn::LastUsed, Values::Between(Some(1), Some(time)))],
                vec![
                    one(StoredColumn::LastUsed, number(0)),
                    one(StoredColumn::Created, Values::Between(None, Some(time))),
                ],
            ]
        }
        Test::NeverUsed => vec![vec![one(StoredColumn::LastUsed, number(0))]],
        Test::Expires(range) => {
            let Values::Between(from, before) = between(range) else { return Vec::new() };
            let before = Some(before.unwrap_or(NEVER_ENDS));
            vec![vec![one(StoredColumn::Ends, Values::Between(from, before))]]
        }
        Test::NeverExpires => vec![vec![one(StoredColumn::Ends, number(NEVER_ENDS))]],
        Test::Created(range) => vec![vec![one(StoredColumn::Created, between(range))]],
        Test::Refused(range) => vec![vec![one(StoredColumn::Refused, between(range))]],
        Test::Reactivates(range) => vec![vec![one(StoredColumn::Reactivates, between(range))]],
        Test::Rotating(now) => {
            let after = Some(now.timestamp_millis() + 1);
            vec![vec![one(StoredColumn::RotatesUntil, Values::Between(after, None))]]
        }
    }
}

/// The same texts, none of which includes another.
fn apart(any: impl Iterator<Item = TextPattern>) -> Vec<TextPattern> {
    let mut apart: Vec<TextPattern> = Vec::new();
    for pattern in any {
        if !apart.iter().any(|other| other.includes(&pattern)) {
            apart.retain(|other| !pattern.includes(other));
            apart.push(pattern);
        }
    }
    apart
}

fn between(range: &TimeRange) -> Values {
    // Stored times are whole milliseconds: those at or after a time begin with the next one.
    let millis = |time: DateTime<Utc>| {
        time.timestamp_millis() + i64::from(!time.timestamp_subsec_nanos().is_multiple_of(1_000_000))
    };
    Values::Between(range.from.map(millis), range.before.map(millis))
}

/// A text as it may be stored: no text of a key has control characters, and a database may refuse them in a question.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_for_every_alternative() {
        let now = DateTime::from_timestamp_millis(1_000_000_000_000).unwrap();
        let of = |search: &str, column| {
            let search = crate::domain::Search::parse(search).unwrap();
            Sought::of(&search.conditions(now, &Utc)).bounds(column)
        };
        let [bound] = of("unused:1d", StoredColumn::LastUsed).try_into().unwrap();
        assert_eq!(bound.values, Values::Between(Some(0), Some(1_000_000_000_000 - 86_400_000)));
        assert_eq!(of("unused:1d", StoredColumn::Created), [], "not of a key that was used");
        assert_eq!(of("-unused:1d", StoredColumn::LastUsed), []);
        let [bound] = of("never-used", StoredColumn::LastUsed).try_into().unwrap();
        assert_eq!(bound.values, Values::Is(SortValue::Number(0)));
        let [bound] = of("owner:ops*", StoredColumn::Owner).try_into().unwrap();
        assert_eq!(bound.values, Values::Begins("ops".to_owned()));
        assert_eq!(of("by:Mia", StoredColumn::CreatedBy), [], "two names, with others between");
        assert_eq!(of("owner:ops,ci", StoredColumn::Owner), []);
        let [bound] = of("owner:ops,opsec,op*,Opal*", StoredColumn::Owner).try_into().unwrap();
        assert_eq!(bound.values, Values::Begins("op".to_owned()), "no key is counted twice");
        assert_eq!(of("expires:<30d", StoredColumn::Ends).len(), 1);
        assert_eq!(of("expires:<30d", StoredColumn::Owner), []);
    }
}
