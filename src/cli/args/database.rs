//! Where a PostgreSQL database is, as arguments, and `latchkey db`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::admin::Password;
use super::path;
use crate::operations::prompts::input;
use crate::server::{AddressError, DatabaseAddress, DatabaseFiles};

/// What an address is.
pub const DATABASE: &str = "PostgreSQL database that servers share, e.g. postgres://latchkey@db.example.com/latchkey; \
                            without a password, and with TLS unless it is on this machine";

/// The address of a database.
#[derive(Debug, Args)]
pub struct DatabaseArgs {
    /// The database that servers share
    #[arg(long, value_name = "URL", help = DATABASE)]
    pub database: String,
    #[command(flatten)]
    pub files: DatabaseFileArgs,
}

/// Files that belong to the address of a database.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "as the options are called")]
pub struct DatabaseFileArgs {
    /// Read the database's password from a private file [default: systemd's credential database-password, PGPASSFILE,
    /// ~/.pgpass]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub database_password_file: Option<PathBuf>,
    /// CA certificates (PEM) to trust for the database in place of the system's
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub database_ca: Option<PathBuf>,
    /// Certificate (PEM) to show to a database that asks for one
    #[arg(long, value_name = "FILE", requires = "database_key", value_parser = path())]
    pub database_cert: Option<PathBuf>,
    /// Private key of that certificate (PEM, not encrypted); only its owner may be able to read it
    #[arg(long, value_name = "FILE", requires = "database_cert", value_parser = path())]
    pub database_key: Option<PathBuf>,
}

impl DatabaseFileArgs {
    /// The address, with what is in the files.
    pub fn address(&self, url: &str) -> Result<DatabaseAddress, AddressError> {
        let files = DatabaseFiles {
            password: self.database_password_file.clone(),
            authorities: self.database_ca.clone(),
            certificate: self.database_cert.clone().zip(self.database_key.clone()),
        };
        DatabaseAddress::new(url, &files)
    }
}

/// Whether an argument is the address of a database, and not a path.
pub fn is_address(argument: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| argument.starts_with(scheme))
}

/// What to do with a database that servers share.
#[derive(Debug, Subcommand)]
pub enum Db {
    /// Create the tables, and the first superuser
    Init {
        #[command(flatten)]
        database: DatabaseArgs,
        /// Let another database role run servers: it may read and write the tables, and not change them
        #[arg(long, value_name = "ROLE")]
        grant: Option<String>,
        /// Add a superuser, who can then sign in and add other administrators
        #[arg(long, value_name = "NAME", value_parser = input::name)]
        superuser: Option<String>,
        /// Where the superuser's password is read from
        #[command(flatten)]
        password: Password,
    },
    /// Update the tables to this version; servers of the version before go on
    Migrate {
        #[command(flatten)]
        database: DatabaseArgs,
        /// Let another database role run servers, as with init
        #[arg(long, value_name = "ROLE")]
        grant: Option<String>,
    },
    /// Move everything from a data folder to PostgreSQL, or back
    ///
    /// The target must be empty, and no latchkey may run on either. All of it is copied, or nothing; the source stays as it
    /// is. Keys, secrets, administrators, sessions and access tokens go on working. The master key of a database is that
    /// in the data folder of this machine (--data).
    Copy {
        /// Data folder, or address of a PostgreSQL database
        #[arg(value_name = "FROM")]
        from: String,
        /// Data folder, or address of a PostgreSQL database; tables are created where there are none
        #[arg(value_name = "TO")]
        to: String,
        #[command(flatten)]
        files: DatabaseFileArgs,
    },
    /// Check that the tables are whole, and that this machine's master key opens their secrets
    Check {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}
