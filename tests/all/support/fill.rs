//! Made-up keys: fills an empty data folder, to see how the program behaves with many.

use std::error::Error;
use std::path::Path;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use latchkey::domain::{KeyFormat, KeyId, SecretKey};
use latchkey::server::auth::vault::Vault;
use latchkey::server::test_support::{document, fold};
use latchkey::server::{DataError, DataFolder, StoreAccess};
use rusqlite::{Connection, Transaction, params};
use zeroize::Zeroizing;

/// Keys between two reports of progress.
const STEP: u64 = 10_000;
/// The newest keys, of which it is known how often they were used.
const COUNTED: u64 = 2_000;
/// The age of the oldest key.
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
const OWNERS: [&str; 8] =
    ["", "", "ops@example.com", "Platform", "Service Desk Zürich", "billing", "priya@example.com", "CI"];
const PEOPLE: [&str; 8] = ["jo", "maria", "t.okafor", "andré", "priya", "admin", "lin", "sven"];

/// Writes `keys` realistic keys, all or none, and tells `progress` how many there are so far.
pub fn fill(folder: &Path, keys: u64, progress: &mut dyn FnMut(u64)) -> Result<(), Box<dyn Error>> {
    let vault = open(folder)?.vault;
    let now = Utc::now();
    let mut database = Connection::open(folder.join("keys.db"))?;
    let transaction = database.transaction()?;
    let used: bool =
        transaction.query_row("SELECT EXISTS (SELECT 1 FROM events WHERE key_id <> '')", [], |row| row.get(0))?;
    if used {
        return Err(format!("{} already has keys: fill only an empty data folder", folder.display()).into());
    }
    let indexes = drop_indexes(&transaction)?;
    for n in 0..keys {
        write_key(&vault, &transaction, n, (created_at(n, keys, now), now), keys - n <= COUNTED)?;
        if (n + 1) % STEP == 0 {
            progress(n + 1);
        }
    }
    // Last and at once: each key by itself would be a segment of the search index.
    transaction.execute(&format!("INSERT INTO grams (rowid, text) SELECT seq, {} FROM keys", document()), [])?;
    transaction.execute_batch(&indexes)?;
    transaction.execute_batch(
        "INSERT INTO grams (grams) VALUES ('optimize');
         INSERT INTO grams (grams, rank) VALUES ('hashsize', 1048576);",
    )?;
    transaction.commit()?;
    progress(keys);
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Opens a data folder; also from a test that has a runtime.
fn open(folder: &Path) -> Result<DataFolder, DataError> {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| runtime().block_on(DataFolder::open(folder, StoreAccess::Create))).join().unwrap()
    })
}

/// Building a sorted index is faster than growing it. Gives the statements that create the indexes again.
fn drop_indexes(transaction: &Transaction<'_>) -> Result<String, rusqlite::Error> {
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
    vault: &Vault,
    transaction: &Transaction<'_>,
    n: u64,
    (created, now): (DateTime<Utc>, DateTime<Utc>),
    has_counts: bool,
) -> Result<(), Box<dyn Error>> {
    let (mut random, mut random_secret) = ([0; 28], Zeroizing::new([0; 32]));
    getrandom::fill(&mut random)?;
    getrandom::fill(random_secret.as_mut_slice())?;
    let id = KeyId::from_random(&random, KeyFormat::Prefixed);
    let secret = SecretKey::from_random(&random_secret, KeyFormat::Prefixed);
    let (id, dice) = (id.raw_for_api(), scatter(n));
    let label = label(n, dice);
    let owner = OWNERS[pick(dice, 36, 8) as usize];
    let expires_at = match dice % 100 {
        0..5 => Some(created + (now - created) / 2),
        5..15 => Some(now + TimeDelta::hours(1 + i64::from(pick(dice, 16, 9_000)))),
        _ => None,
    };
    let off = (15..23).contains(&(dice % 100));
    let state = if expires_at.is_some_and(|end| end <= now) { 1 } else { 2 * i64::from(off) };
    let used = last_used(dice, created, expires_at.map_or(now, |end| end.min(now)));
    let (by, created) = (PEOPLE[pick(dice, 8, 8) as usize], created.timestamp_millis());
    let sql = "INSERT INTO keys (id, label, label_fold, state, switched_off, created_at, created_by, expires_at,
                                 last_used_at, last_used_from, owner, owner_fold)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    transaction.prepare_cached(sql)?.execute(params![
        id,
        label,
        fold(&label),
        state,
        off,
        created,
        by,
        expires_at.map(|end| end.timestamp_millis()),
        used.map_or(0, |at| at.timestamp_millis()),
        used.map(|_| address(dice)),
        owner,
        fold(owner),
    ])?;
    let sql = "INSERT INTO sealed VALUES (?1, ?2)";
    let encrypted = vault.encrypt(id, secret.expose())?;
    transaction.prepare_cached(sql)?.execute(params![transaction.last_insert_rowid(), encrypted])?;
    let sql = "INSERT INTO events (key_id, at, kind, by, source) VALUES (?1, ?2, 'created', ?3, 'local')";
    transaction.prepare_cached(sql)?.execute(params![id, created, by])?;
    if let (Some(last), true) = (used, has_counts) {
        write_uses(transaction, id, dice, DateTime::from_timestamp_millis(created).unwrap_or(last), last)?;
    }
    Ok(())
}

/// Uses on the days before the last one: steadily, on workdays, or now and then.
fn write_uses(
    transaction: &Transaction<'_>,
    id: &str,
    dice: u64,
    created: DateTime<Utc>,
    last: DateTime<Utc>,
) -> Result<(), rusqlite::Error> {
    let sql = "INSERT INTO usage (key_id, hour, source, uses, refusals, used_at) VALUES (?1, ?2, ?3, ?4, 0, ?5)";
    let mut statement = transaction.prepare_cached(sql)?;
    let often = 1 + pick(dice, 28, 400);
    for day in 0..30_u32 {
        let at = last - TimeDelta::days(day.into());
        let is_used = match pick(dice, 30, 3) {
            0 => true,
            1 => at.weekday().num_days_from_monday() < 5,
            _ => pick(dice, day, 4) == 0,
        };
        if at >= created && (day == 0 || is_used) {
            let uses = 1 + often / 2 + pick(dice, day, often);
            let hour = at.timestamp().div_euclid(3600);
            statement.execute(params![id, hour, address(dice), uses, at.timestamp_millis()])?;
        }
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

/// A quarter was never used; most of the others shortly before they ended, or recently, and some years before.
fn last_used(dice: u64, created: DateTime<Utc>, end: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let ago = match pick(dice, 52, 8) {
        0 | 1 => return None,
        2..5 => TimeDelta::seconds(i64::from(pick(dice, 20, 86_400))),
        5 | 6 => TimeDelta::minutes(i64::from(pick(dice, 20, 130_000))),
        _ => TimeDelta::minutes(i64::from(pick(dice, 20, 1_500_000))),
    };
    Some((end - ago).max(created + (end - created) / 9))
}

/// From the blocks for documentation (RFC 5737, RFC 3849).
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

/// `SplitMix64`'s finaliser, so that neighbouring numbers have nothing in common.
const fn scatter(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
