//! Filling an empty data folder with many keys, to see how everything feels with them.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Transaction, params};

use super::http::keys::draw;
use super::store::{KeyInsert, Store, StoreError, index_all, insert};
use crate::domain::{Label, Status};

/// Progress is told each time so many keys are written.
const STEP: u64 = 10_000;
/// How far back the oldest key goes.
const AGE: TimeDelta = TimeDelta::days(3 * 365);

const TASKS: [&str; 16] = [
    "nightly backup",
    "Grafana",
    "billing export",
    "CI runner",
    "PSA sync",
    "password rotation",
    "audit mirror",
    "helpdesk bot",
    "Резервное копирование",
    "監視システム",
    "Zeiterfassung Köln",
    "SSO bridge",
    "inventory scan",
    "onboarding script",
    "Überwachung",
    "rapport mensuel – été",
];
const PLACES: [&str; 12] = [
    "ams-03",
    "fra-01",
    "Zürich",
    "São Paulo",
    "nyc-12",
    "sgp-02",
    "東京",
    "staging",
    "lab",
    "Łódź",
    "syd-01",
    "dr-site",
];
const NOTES: [&str; 4] = ["(old)", "(do not delete)", "v2", "– test"];
const PEOPLE: [&str; 8] = ["jo", "maria", "t.okafor", "andré", "priya", "admin", "lin", "sven"];

/// Writes `keys` realistic keys, all or none, and tells `progress` how many there are so far.
pub fn fill(folder: &Path, keys: u64, progress: &mut dyn FnMut(u64)) -> Result<(), StoreError> {
    let store = Store::open(folder)?;
    let now = Utc::now();
    store.write(|transaction| {
        let used: bool = transaction.query_row("SELECT EXISTS (SELECT 1 FROM events)", [], |row| row.get(0))?;
        if used {
            return Err(StoreError::NotEmpty(folder.to_owned()));
        }
        let indexes = drop_indexes(transaction)?;
        for n in 0..keys {
            write_key(&store, transaction, n, created_at(n, keys, now), now)?;
            if (n + 1) % STEP == 0 {
                progress(n + 1);
            }
        }
        // Last, in one go: each key by itself would be a segment of the search index of its own.
        index_all(transaction)?;
        transaction.execute_batch(&indexes)?;
        transaction.execute_batch(
            "INSERT INTO grams (grams) VALUES ('optimize');
             INSERT INTO grams (grams, rank) VALUES ('hashsize', 1048576);",
        )?;
        Ok(())
    })?;
    progress(keys);
    store.checkpoint()
}

/// A sorted index is built faster than it grows. Gives the statements that make them again.
fn drop_indexes(transaction: &Transaction<'_>) -> Result<String, StoreError> {
    transaction.execute_batch(
        "PRAGMA cache_size = -262144;
         INSERT INTO grams (grams, rank) VALUES ('hashsize', 67108864);",
    )?;
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    let mut statement = transaction.prepare(sql)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let indexes: Vec<(String, String)> = found.collect::<Result<_, _>>()?;
    let mut again = String::new();
    for (name, sql) in indexes {
        transaction.execute_batch(&format!("DROP INDEX {name}"))?;
        again += &sql;
        again += ";";
    }
    Ok(again)
}

fn created_at(n: u64, keys: u64, now: DateTime<Utc>) -> DateTime<Utc> {
    let left = u128::from(keys - n) * u128::from(AGE.num_milliseconds().unsigned_abs()) / u128::from(keys);
    now - TimeDelta::milliseconds(i64::try_from(left).unwrap_or_default())
}

/// The same keys every time but for ID and secret.
fn write_key(
    store: &Store,
    transaction: &Transaction<'_>,
    n: u64,
    created: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let dice = scatter(n);
    let expires_at = match dice % 100 {
        0..5 => Some(created + (now - created) / 2),
        5..15 => Some(now + TimeDelta::hours(1 + i64::from(pick(dice, 16, 9_000)))),
        _ => None,
    };
    let (id, secret) = draw()?;
    let new = KeyInsert {
        id: id.raw_for_api(),
        label: &Label::parse(&label(n, dice)).unwrap_or_default(),
        expires_at,
        secret: &secret,
        by: PEOPLE[pick(dice, 8, 8) as usize],
        source: "local",
        idempotency_key: "",
        fingerprint: [0; 32],
    };
    let encrypted = store.vault().encrypt(new.id, secret.expose())?;
    let seq = insert(transaction, &new, &encrypted, created)?;
    let off = (15..23).contains(&(dice % 100));
    let status = super::store::status(off, expires_at, now);
    let used = last_used(dice, created, now);
    let from = used.map(|_| address(dice));
    if status != Status::Active || used.is_some() {
        let sql =
            "UPDATE keys SET state = ?2, switched_off = ?3, last_used_at = ?4, last_used_from = ?5 WHERE seq = ?1";
        let used = used.map_or(0, |at| at.timestamp_millis());
        transaction.prepare_cached(sql)?.execute(params![seq, super::store::rank(status), off, used, from])?;
    }
    Ok(())
}

fn label(n: u64, dice: u64) -> String {
    let task = TASKS[pick(dice, 24, 16) as usize];
    let place = PLACES[pick(dice, 32, 12) as usize];
    match pick(dice, 40, 10) {
        0 => String::new(),
        1 => format!("{task} {}", NOTES[pick(dice, 48, 4) as usize]),
        2..6 => format!("{task} {place}"),
        6..8 => format!("{task} – {place}"),
        _ => format!("{task} {place} #{}", n % 5_000),
    }
}

/// A quarter was never used; of the others, most lately and some years ago.
fn last_used(dice: u64, created: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let ago = match pick(dice, 52, 8) {
        0 | 1 => return None,
        2..5 => TimeDelta::seconds(i64::from(pick(dice, 20, 86_400))),
        5 | 6 => TimeDelta::minutes(i64::from(pick(dice, 20, 130_000))),
        _ => TimeDelta::minutes(i64::from(pick(dice, 20, 1_500_000))),
    };
    Some((now - ago).max(created + (now - created) / 9))
}

/// Of the blocks for documentation (RFC 5737, RFC 3849).
fn address(dice: u64) -> String {
    match pick(dice, 44, 4) {
        0 => format!("2001:db8::{:x}", pick(dice, 12, 0xffff)),
        1 => format!("198.51.100.{}", pick(dice, 12, 254) + 1),
        _ => format!("192.0.2.{}", pick(dice, 12, 254) + 1),
    }
}

/// A number below `sides` from the bits of `dice` that begin at `bit`.
fn pick(dice: u64, bit: u32, sides: u32) -> u32 {
    u32::try_from(scatter(dice.rotate_right(bit)) % u64::from(sides)).unwrap_or_default()
}

/// `SplitMix64`'s finaliser: neighbours become strangers.
const fn scatter(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
