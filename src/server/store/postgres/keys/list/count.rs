//! Counting the keys that match.

use crate::server::store::postgres::args::SqlArgs;
use crate::server::store::postgres::keys::list::{columns, texts};
use crate::server::store::postgres::keys::row::TABLES;
use crate::server::store::sought::Sought;

/// A statement that counts what is sought. The alternatives of a condition that stands alone are counted one by one, each
/// in its own index.
pub(super) fn counting(sought: &Sought, args: &mut SqlArgs) -> String {
    if let ([condition], false, None) = (sought.columns.as_slice(), sought.has_texts(), sought.state) {
        let parts: Vec<String> =
            condition.any.iter().map(|tests| format!("({})", columns::count(tests, args))).collect();
        let found = parts.join(" + ");
        return if condition.excluded {
            format!("SELECT greatest((SELECT sum(n) FROM counts)::bigint - ({found}), 0)")
        } else {
            format!("SELECT {found}")
        };
    }
    let mut all = texts::all(sought, args);
    all.extend(texts::grams(sought, args));
    all.extend(sought.all_columns().iter().map(|condition| columns::condition(condition, false, args)));
    format!("SELECT count(*) FROM {} WHERE {}", tables(sought), all.join(" AND "))
}

/// The tables that conditions are about. Without a condition about uses they are not read.
fn tables(sought: &Sought) -> &'static str {
    if columns::need_uses(sought) { TABLES } else { "keys k" }
}
