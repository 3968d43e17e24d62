//! A PostgreSQL server with a synchronous standby, which takes over from it again and again.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::postgres::PostgresServer;

/// The folders of both servers' data, in that of the first; each has its socket beside its data.
const MEMBERS: [&str; 2] = [".", "standby"];

/// Makes member `$2` a standby of member `$1`, and waits until nothing is confirmed that it doesn't have.
const ATTACH: &str = r#"
set -e
rm -rf "$2/data"
mkdir -p "$2"
socket=$(realpath "$1")
pg_basebackup -h "$socket" -U latchkey -D "$2/data" -R -c fast
{
    echo "unix_socket_directories = '$(realpath "$2")'"
    echo "wal_retrieve_retry_interval = 100ms"
} >>"$2/data/postgresql.conf"
pg_ctl -D "$2/data" -l server.log -w -t 60 -s start
ask() { psql -h "$socket" -U latchkey -Atc "$1" postgres; }
ask "ALTER SYSTEM SET synchronous_standby_names = '*'"
ask "SELECT pg_reload_conf()"
until [ "$(ask "SELECT sync_state FROM pg_stat_replication")" = sync ]; do :; done
"#;

pub(super) struct Replicated {
    pub(super) postgres: PostgresServer,
    primary: AtomicUsize,
}

impl Replicated {
    pub(super) fn start() -> Self {
        let postgres = PostgresServer::start();
        postgres.put("attach.sh", ATTACH);
        let pair = Self { postgres, primary: AtomicUsize::new(0) };
        pair.attach();
        pair
    }

    /// The address of a database on either.
    pub(super) fn address(&self, database: &str) -> String {
        let folder = self.postgres.folder().display();
        format!("{}&host={folder}/{}", self.postgres.address(database), MEMBERS[1])
    }

    fn members(&self) -> (&str, &str) {
        let primary = self.primary.load(Ordering::Relaxed);
        (MEMBERS[primary], MEMBERS[1 - primary])
    }

    /// Gives the primary a standby, which has everything when this returns.
    pub(super) fn attach(&self) {
        let (primary, standby) = self.members();
        self.postgres.run(&format!("bash attach.sh {primary} {standby}"));
    }

    /// Kills the primary, and has the standby take over.
    pub(super) fn fail_over(&self) {
        let (primary, standby) = self.members();
        self.postgres.run(&format!("pg_ctl -D {primary}/data stop -m immediate -s -w"));
        self.postgres.run(&format!("pg_ctl -D {standby}/data promote -s -w"));
        self.primary.fetch_xor(1, Ordering::Relaxed);
    }
}
