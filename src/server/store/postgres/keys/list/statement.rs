//! The statements of a list.

use crate::domain::{Order, Sort};
use crate::server::store::keys::PageQuery;
use crate::server::store::keyset::SortValue;
use crate::server::store::postgres::args::SqlArgs;
use crate::server::store::postgres::keys::list::{columns, texts};
use crate::server::store::postgres::keys::row::{COLUMNS, TABLES, column, order};
use crate::server::store::sought::{ColumnCondition, Sought, StoredColumn};

/// A list that is asked for. Its own table has the index that it is read along: the uses, if it is sorted by them. The
/// other one is looked up for those keys only that meet what their own tells.
pub(super) struct ListStatement<'a> {
    pub(super) request: &'a PageQuery,
    /// What its conditions come to.
    pub(super) sought: &'a Sought,
    /// The number of a key after which none is found, if that is known.
    pub(super) last: Option<i64>,
}

/// What keys must meet besides their state, by where that is known.
pub(super) struct Matches {
    /// In the list's own table.
    pub(super) own: Vec<String>,
    /// In the other one.
    pub(super) other: Vec<String>,
}

impl ListStatement<'_> {
    /// One more than was asked for, which tells whether keys follow.
    pub(super) fn wanted(&self) -> i64 {
        i64::try_from(self.request.limit).unwrap_or(i64::MAX).saturating_add(1)
    }

    pub(super) fn lists_uses(&self) -> bool {
        self.request.sort == Sort::LastUsedAt
    }

    /// Conditions about columns of the keys which an index finds.
    pub(super) fn naming_columns(&self) -> impl Iterator<Item = &ColumnCondition> {
        self.sought.columns.iter().filter(|condition| !condition.excluded && !columns::has_uses(condition))
    }

    fn own_table(&self) -> &'static str {
        if self.lists_uses() { "uses u" } else { "keys k" }
    }

    /// The page without a search.
    pub(super) fn ordered(&self, args: &mut SqlArgs) -> String {
        let sort = self.request.sort;
        let conditions = self.conditions(Vec::new(), args);
        let (place, order) = (column(sort), self.order(column(sort), order(sort)));
        let limit = args.place(self.wanted());
        format!("SELECT {COLUMNS}, {place} AS place FROM {TABLES} WHERE {conditions} ORDER BY {order} LIMIT {limit}")
    }

    /// One key, if it is in the list.
    pub(super) fn one(&self, id: &str, args: &mut SqlArgs) -> String {
        let Matches { own, other } = self.matches(args);
        let is_it = format!("k.id = {}", args.place(id.to_owned()));
        let conditions = self.conditions([vec![is_it], own, other].concat(), args);
        format!("SELECT {COLUMNS}, {} AS place FROM {TABLES} WHERE {conditions}", column(self.request.sort))
    }

    /// What is found in so many rows, until the page is full.
    pub(super) fn in_order(&self, length: i64, args: &mut SqlArgs) -> String {
        let Matches { own, other } = self.matches(args);
        let sort = self.request.sort;
        let own = if own.is_empty() { "true".to_owned() } else { own.join(" AND ") };
        let conditions = self.conditions(Vec::new(), args);
        let rows = format!(
            "SELECT {} AS seq, {} AS place, ({own}) AS matches FROM {} WHERE {conditions} ORDER BY {} LIMIT {}",
            order(sort),
            column(sort),
            self.own_table(),
            self.order(column(sort), order(sort)),
            args.place(length)
        );
        format!("WITH {}", self.page(&format!("(SELECT * FROM ({rows}) part WHERE matches) hit"), &other, args))
    }

    /// What is found among all that the indexes name. If `own_first`, those are looked up in the other table in the order
    /// of the list, until the page is full; else the database joins the tables as it finds best.
    pub(super) fn among_candidates(&self, own_first: bool, args: &mut SqlArgs) -> String {
        let Matches { own, other } = self.matches(args);
        let joined = !own_first && !other.is_empty();
        let tables = if joined { TABLES } else { self.own_table() };
        let (mut named, later) = if own_first { (own, other) } else { ([own, other].concat(), Vec::new()) };
        named.extend(texts::grams(self.sought, args));
        let named = self.conditions(named, args);
        let (seq, place, order) = (order(self.request.sort), column(self.request.sort), self.order("place", "seq"));
        let page = self.page(&format!("(SELECT * FROM hit ORDER BY {order} OFFSET 0) hit"), &later, args);
        format!("WITH hit AS MATERIALIZED (SELECT {seq} AS seq, {place} AS place FROM {tables} WHERE {named}), {page}")
    }

    /// The first of the hits that meet what the other table tells, and their columns. The other table is looked up hit by
    /// hit, so that no more are than the page needs.
    fn page(&self, hits: &str, other: &[String], args: &mut SqlArgs) -> String {
        let (table, seq) = if self.lists_uses() { ("keys k", "k.seq") } else { ("uses u", "u.seq") };
        let other = if other.is_empty() {
            String::new()
        } else {
            format!(
                "CROSS JOIN LATERAL (SELECT FROM {table} WHERE {seq} = hit.seq AND {} OFFSET 0) other",
                other.join(" AND ")
            )
        };
        format!(
            "page AS MATERIALIZED (SELECT hit.seq, hit.place FROM {hits} {other} ORDER BY {} LIMIT {})
             SELECT {COLUMNS}, page.place FROM page JOIN keys k ON k.seq = page.seq JOIN uses u ON u.seq = page.seq
             ORDER BY {}",
            self.order("hit.place", "hit.seq"),
            args.place(self.wanted()),
            self.order("page.place", "page.seq")
        )
    }

    fn order(&self, value: &str, seq: &str) -> String {
        let direction = match self.request.order {
            Order::Asc => "ASC",
            Order::Desc => "DESC",
        };
        // Where all rows have the same value, the index of that state is in the order of creation.
        let sort = self.request.sort;
        let is_same = sort == Sort::CreatedAt || sort == Sort::Status && self.sought.state.is_some();
        if is_same { format!("{seq} {direction}") } else { format!("{value} {direction}, {seq} {direction}") }
    }

    /// `more` conditions, the state filtered by, where in the list it can be, and the cursor.
    fn conditions(&self, more: Vec<String>, args: &mut SqlArgs) -> String {
        let sort = self.request.sort;
        let mut all = more;
        let bounds = self.sought.bounds_of_list(sort);
        all.extend(bounds.iter().map(|bound| columns::one(bound, bound.column == StoredColumn::LastUsed, args)));
        if let Some(state) = self.sought.state {
            let table = if self.lists_uses() { "u" } else { "k" };
            all.push(format!("{table}.state = {}", args.place(state)));
        }
        if let Some(last) = self.last {
            all.push(format!("{} <= {}", order(sort), args.place(last)));
        }
        if let Some(after) = &self.request.after {
            let beyond = match self.request.order {
                Order::Asc => ">",
                Order::Desc => "<",
            };
            let seq = args.place(after.seq);
            all.push(if sort == Sort::CreatedAt {
                format!("k.seq {beyond} {seq}")
            } else {
                let value = match &after.value {
                    SortValue::Number(number) => args.place(*number),
                    SortValue::Text(text) => args.place(text.clone()),
                };
                format!("({}, {}) {beyond} ({value}, {seq})", column(sort), order(sort))
            });
        }
        if all.is_empty() { "true".to_owned() } else { all.join(" AND ") }
    }

    pub(super) fn matches(&self, args: &mut SqlArgs) -> Matches {
        let of_uses = |condition: &&ColumnCondition| {
            if self.lists_uses() { columns::is_of_uses(condition) } else { columns::has_uses(condition) }
        };
        let (uses, keys): (Vec<_>, Vec<_>) = self.sought.columns.iter().partition(of_uses);
        let mut write = |all: Vec<&ColumnCondition>| -> Vec<String> {
            all.into_iter().map(|condition| columns::condition(condition, self.lists_uses(), args)).collect()
        };
        let (uses, mut keys) = (write(uses), write(keys));
        keys.extend(texts::all(self.sought, args));
        if self.lists_uses() { Matches { own: uses, other: keys } } else { Matches { own: keys, other: uses } }
    }
}
