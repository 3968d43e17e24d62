//! A pooler in front of a real PostgreSQL server.

use std::os::unix::net::UnixStream;

use crate::support::postgres::PostgresServer;
use crate::support::wait::until;

/// Puts `PgBouncer` in front of a database: it lends one of three connections for a transaction at a time. Gives the
/// address. It ends with the server.
pub fn pooled(postgres: &PostgresServer, database: &str) -> String {
    let folder = postgres.folder().join(format!("{database}-pooler"));
    let (near, far) = (folder.display(), postgres.folder().display());
    postgres.run(&format!("mkdir {near}"));
    let settings = format!(
        "[databases]
{database} = host={far} user=latchkey

[pgbouncer]
listen_addr =
listen_port = 5432
unix_socket_dir = {near}
auth_type = any
pool_mode = transaction
default_pool_size = 3
logfile = {near}/log
pidfile = {near}.pid
"
    );
    postgres.put(&format!("{database}-pooler.ini"), settings);
    postgres.run(&format!("pgbouncer -q -d {near}.ini"));
    until("the pooler", || UnixStream::connect(folder.join(".s.PGSQL.5432")).is_ok());
    format!("postgres://latchkey@/{database}?host={near}")
}
