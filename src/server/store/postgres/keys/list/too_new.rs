//! Keys that are too new for a search: in a list that begins with the newest, they are passed over in one step.

use crate::server::store::error::StoreError;
use crate::server::store::postgres::args::SqlArgs;
use crate::server::store::postgres::keys::list::columns;
use crate::server::store::postgres::network::connection::Lent;
use crate::server::store::sought::{Sought, StoredColumn, Values};

/// The most new keys that are looked at: half a tenth of a second.
const MOST: i64 = 200_000;

/// The number of a key after which none is found, if the search asks for keys of some age. The time of creation says where
/// that may be, and those after it are looked at: a clock may have been set back.
pub(super) async fn last_match(sought: &Sought, connection: &mut Lent<'_>) -> Result<Option<i64>, StoreError> {
    let Some(before) = created_before(sought) else { return Ok(None) };
    let mut args = SqlArgs::default();
    let of_uses = sought.columns.iter().filter(|condition| columns::is_of_uses(condition));
    let meets: Vec<String> = of_uses.map(|condition| columns::condition(condition, true, &mut args)).collect();
    let (before, limit) = (args.place(before), args.place(MOST + 1));
    let sql = format!(
        "WITH last AS MATERIALIZED (SELECT coalesce((SELECT seq FROM keys WHERE created_at < {before}
                                                     ORDER BY created_at DESC, seq DESC LIMIT 1), 0) AS seq)
         SELECT (SELECT seq FROM last), count(*), coalesce(bool_or(meets), false)
         FROM (SELECT ({}) AS meets FROM uses u WHERE u.seq > (SELECT seq FROM last) ORDER BY u.seq LIMIT {limit}) new",
        meets.join(" AND ")
    );
    let row = connection.row(&sql, &args.list()).await?;
    Ok(row.filter(|row| row.get::<_, i64>(1) <= MOST && !row.get::<_, bool>(2)).map(|row| row.get(0)))
}

/// The time before which keys were created that are found, unless clocks were wrong: none is used before.
fn created_before(sought: &Sought) -> Option<i64> {
    let bounds = [StoredColumn::Created, StoredColumn::LastUsed].into_iter().flat_map(|column| sought.bounds(column));
    let before = |values| if let Values::Between(_, before) = values { before } else { None };
    bounds.filter_map(|bound| before(bound.values)).min()
}
