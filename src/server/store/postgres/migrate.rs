//! Bringing a database to the version that this program knows.

use super::args::args;
use crate::server::store::error::StoreError;
use crate::server::store::postgres::network::connection::{Lent, Pool};

/// Every step, in order. A step that was ever released is never changed.
const MIGRATIONS: [&str; 10] = [
    include_str!("../../../../assets/migrations/postgres/0001_store.sql"),
    include_str!("../../../../assets/migrations/postgres/0002_usage.sql"),
    include_str!("../../../../assets/migrations/postgres/0003_undelivered.sql"),
    include_str!("../../../../assets/migrations/postgres/0004_reactivation.sql"),
    include_str!("../../../../assets/migrations/postgres/0005_digests.sql"),
    include_str!("../../../../assets/migrations/postgres/0006_rotation.sql"),
    include_str!("../../../../assets/migrations/postgres/0007_handovers.sql"),
    include_str!("../../../../assets/migrations/postgres/0008_webhook.sql"),
    include_str!("../../../../assets/migrations/postgres/0009_refused.sql"),
    include_str!("../../../../assets/migrations/postgres/0010_handover_ends.sql"),
];

/// What a role needs to run servers: no right to change the tables.
const GRANTS: [&str; 2] =
    ["GRANT USAGE ON SCHEMA %1$I TO %2$I", "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %1$I TO %2$I"];

/// The roles that were granted that before.
const RUNNING: &str = "SELECT DISTINCT r.rolname::text
                       FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
                       WHERE c.oid = 'keys'::regclass AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner";

/// A number of our own for the advisory lock: the word "latchkey".
const LOCK: i64 = 0x6c61_7463_686b_6579;

/// How many steps a database has taken; `None` if it has nothing of ours.
pub(super) async fn version(connection: &mut Lent<'_>) -> Result<Option<u32>, StoreError> {
    let found = connection.row("SELECT to_regclass('meta') IS NOT NULL AND to_regclass('keys') IS NOT NULL", &[]);
    if !found.await?.is_some_and(|row| row.get(0)) {
        return Ok(None);
    }
    let row = connection.row("SELECT version FROM meta", &[]).await?;
    Ok(row.map(|row| row.get::<_, i32>(0).unsigned_abs()))
}

/// Refuses a database that this program can't work with.
pub(super) async fn check(connection: &mut Lent<'_>) -> Result<(), StoreError> {
    let encoding = connection.row("SELECT current_setting('server_encoding')", &[]).await?;
    if encoding.is_some_and(|row| row.get::<_, &str>(0) != "UTF8") {
        return Err(StoreError::Unsuited(
            "its encoding must be UTF8: create it with ENCODING 'UTF8' TEMPLATE template0",
        ));
    }
    let known = known();
    match version(connection).await? {
        None => Err(StoreError::Unsuited("it has no tables of latchkey: create them with latchkey db init")),
        Some(found) if found > known => Err(StoreError::Newer { found, known }),
        Some(found) if found < known => {
            Err(StoreError::Unsuited("its tables are of an older version: update them with latchkey db migrate"))
        }
        Some(_) => Ok(()),
    }
}

/// Takes the missing steps, and returns how many those were. The lock is tried, not waited for: a waiting lock would
/// keep `CREATE INDEX CONCURRENTLY` from ever ending.
pub(super) async fn migrate(pool: &Pool, grant: Option<&str>) -> Result<usize, StoreError> {
    let mut transaction = pool.begin().await?;
    transaction.wait_for_long();
    transaction.batch("SET LOCAL statement_timeout = 0").await?;
    let locked = transaction.row("SELECT pg_try_advisory_xact_lock($1)", args![LOCK]).await?;
    if !locked.is_some_and(|row| row.get(0)) {
        return Err(StoreError::Busy);
    }
    let found = version(&mut transaction).await?.unwrap_or(0);
    if found > known() {
        return Err(StoreError::Newer { found, known: known() });
    }
    // What functions look for stays in this schema, and is not hidden by temporary tables.
    transaction
        .rows("SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)", &[])
        .await?;
    let missing = &MIGRATIONS[found as usize..];
    for sql in missing {
        transaction.batch(sql).await?;
    }
    transaction.execute("UPDATE meta SET version = $1", args![known().cast_signed()]).await?;
    let mut roles: Vec<String> = grant.map(str::to_owned).into_iter().collect();
    if !missing.is_empty() {
        // Those that run servers may use new tables too.
        let rows = transaction.rows(RUNNING, &[]).await?;
        roles.extend(rows.iter().map(|row| row.get(0)));
    }
    for role in roles {
        for statement in GRANTS {
            // The database quotes the name.
            let quoted =
                transaction.row("SELECT format($1, current_schema(), $2::text)", args![statement, role]).await?;
            if let Some(row) = quoted {
                transaction.batch(row.get(0)).await?;
            }
        }
    }
    transaction.commit().await?;
    Ok(missing.len())
}

pub(super) fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}
