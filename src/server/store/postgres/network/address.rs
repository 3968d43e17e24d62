//! Where a database is, and how it is reached.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, InconsistentKeys, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use zeroize::Zeroizing;

use crate::platform::process::home::home_dir;
use crate::platform::regular_file;
use crate::server::store::postgres::network::tls::VerifiedTls;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long sent bytes may stay without an answer of the other machine.
const UNANSWERED: Duration = Duration::from_secs(5);
/// How long a connection is silent before it is looked whether the other machine is still there.
const SILENT: Duration = Duration::from_secs(10);
/// The longest file with passwords that is read, in bytes.
const MOST_BYTES: u64 = 64 * 1024;
/// The file of systemd's credentials that holds the password (systemd.exec(5), `LoadCredential=`).
const CREDENTIAL: &str = "database-password";

/// The address of a PostgreSQL database, with what is needed to connect. Nothing of it can be printed.
#[derive(Clone)]
pub struct DatabaseAddress {
    pub(crate) config: Config,
    /// How TLS is verified; none on this machine.
    pub(crate) tls: Option<VerifiedTls>,
}

/// Files that are named beside an address.
#[derive(Clone, Debug, Default)]
pub struct DatabaseFiles {
    /// Holds the password and nothing else.
    pub password: Option<PathBuf>,
    /// CA certificates that are trusted in place of the system's, in PEM.
    pub authorities: Option<PathBuf>,
    /// The certificate that this server shows to the database, and its private key, in PEM.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// Why an address is of no use.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    #[error("a database's address begins with postgres://, as in postgres://latchkey@db.example.com/latchkey")]
    Scheme,
    #[error(
        "the database's address contains a password, which others can read in lists of processes and settings: leave \
         it out, and put it into a file that only you can read (--database-password-file, PGPASSFILE or systemd's \
         credential database-password)"
    )]
    Password,
    #[error("the database's address isn't valid: {0}")]
    Malformed(String),
    #[error(
        "sslmode={0} would send everything in plain text to another machine: leave it out (TLS is then required and \
         verified), or connect over a Unix socket"
    )]
    Plain(String),
    #[error("sslmode is one of disable, require, verify-ca and verify-full, not {0}")]
    Mode(String),
    #[error("can't read {path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("other users can read {0}, which holds the database's password: restrict it to yourself (chmod 600)")]
    Readable(PathBuf),
    #[error("{0} has no certificate in it; it must be a PEM file")]
    NoCertificate(PathBuf),
    #[error("this system has no CA certificates: install ca-certificates, or give --database-ca")]
    NoAuthorities,
    #[error("others can read the private key {0}: restrict it to yourself (chmod 600)")]
    OpenKey(PathBuf),
    #[error("{0} has no private key in it; it must be a PEM file that isn't encrypted")]
    NoKey(PathBuf),
    #[error("can't use the certificate {certificate} with the key {key}: {why}")]
    Pair { certificate: PathBuf, key: PathBuf, why: &'static str },
    #[error(
        "certificates are of no use without TLS, which isn't used on this machine: leave --database-ca and \
         --database-cert out, or add sslmode=require to the database's address"
    )]
    WithoutTls,
}

impl DatabaseAddress {
    /// Reads an address, and the password and certificates that belong to it from their files.
    pub fn new(address: &str, files: &DatabaseFiles) -> Result<Self, AddressError> {
        let (address, mode) = without_mode(address)?;
        let mut config: Config = address.parse().map_err(|error| AddressError::Malformed(reason(&error)))?;
        if config.get_password().is_some() {
            return Err(AddressError::Password);
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host_path("/run/postgresql");
        }
        let is_near = config.get_hosts().iter().all(is_near) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        let wants_tls = match mode.as_deref() {
            None | Some("allow" | "prefer") => !is_near,
            Some("disable") if is_near => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some("disable") => return Err(AddressError::Plain("disable".to_owned())),
            Some(other) => return Err(AddressError::Mode(other.to_owned())),
        };
        if !wants_tls && (files.authorities.is_some() || files.certificate.is_some()) {
            return Err(AddressError::WithoutTls);
        }
        let tls = wants_tls.then(|| verified(files)).transpose()?;
        config
            .ssl_mode(if wants_tls { SslMode::Require } else { SslMode::Disable })
            .connect_timeout(CONNECT)
            .tcp_user_timeout(UNANSWERED)
            .keepalives_idle(SILENT)
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .application_name("latchkey");
        if let Some(password) = password(&config, files.password.as_deref())? {
            config.password(password.as_bytes());
        }
        Ok(Self { config, tls })
    }

    /// Host and database, as they may be shown.
    pub fn place(&self) -> String {
        let host = match self.config.get_hosts() {
            [Host::Tcp(name), ..] => name.clone(),
            [Host::Unix(path), ..] => path.display().to_string(),
            [] => self.config.get_hostaddrs().first().map_or_else(String::new, IpAddr::to_string),
        };
        let name = self.config.get_dbname().or(self.config.get_user()).unwrap_or("its user's");
        format!("database {name} on {host}")
    }
}

/// The library's words without those that it puts before each.
fn reason(error: &tokio_postgres::Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), ToString::to_string)
}

/// An address without its `sslmode`, of which the library does not know all values.
fn without_mode(address: &str) -> Result<(String, Option<String>), AddressError> {
    if !["postgres://", "postgresql://"].iter().any(|scheme| address.starts_with(scheme)) {
        return Err(AddressError::Scheme);
    }
    let Some((place, query)) = address.split_once('?') else { return Ok((address.to_owned(), None)) };
    let (mode, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|part| part.starts_with("sslmode="));
    let mode = mode.last().and_then(|part| part.split_once('=')).map(|(_, mode)| mode.to_owned());
    let address = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
    Ok((address, mode))
}

/// Whether a host is this machine, so that no other one carries what is sent.
fn is_near(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let bare = name.trim_start_matches('[').trim_end_matches(']');
            name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
    }
}

fn verified(files: &DatabaseFiles) -> Result<VerifiedTls, AddressError> {
    let mut roots = RootCertStore::empty();
    match &files.authorities {
        Some(path) => {
            if roots.add_parsable_certificates(certificates(path)?).0 == 0 {
                return Err(AddressError::NoCertificate(path.clone()));
            }
        }
        None => {
            if roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs).0 == 0 {
                return Err(AddressError::NoAuthorities);
            }
        }
    }
    let config = ClientConfig::builder().with_root_certificates(roots);
    let config = match &files.certificate {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let pair = |error| AddressError::Pair {
                certificate: certificate.clone(),
                key: key.clone(),
                why: match error {
                    rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                        "the key belongs to another certificate"
                    }
                    rustls::Error::InvalidCertificate(_) => "the certificate is malformed",
                    _ => "such a key isn't supported; use RSA (2048 bits or more), P-256, P-384 or Ed25519",
                },
            };
            config.with_client_auth_cert(certificates(certificate)?, private_key(key)?).map_err(pair)?
        }
    };
    Ok(VerifiedTls(Arc::new(config)))
}

/// The certificates in a PEM file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, AddressError> {
    let bytes = read(path).map_err(|source| AddressError::File { path: path.to_owned(), source })?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok).collect();
    if found.is_empty() { Err(AddressError::NoCertificate(path.to_owned())) } else { Ok(found) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, AddressError> {
    if is_open(path)? {
        return Err(AddressError::OpenKey(path.to_owned()));
    }
    let bytes = read(path).map_err(|source| AddressError::File { path: path.to_owned(), source })?;
    PrivateKeyDer::from_pem_slice(&Zeroizing::new(bytes)).map_err(|_| AddressError::NoKey(path.to_owned()))
}

/// The password: from the file that is named, from systemd's credentials, or from the file that PostgreSQL's own
/// programs read.
fn password(config: &Config, named: Option<&Path>) -> Result<Option<Zeroizing<String>>, AddressError> {
    if let Some(path) = named {
        return Ok(Some(line(&private(path)?)));
    }
    if let Some(path) = credentials().map(|folder| folder.join(CREDENTIAL)).filter(|path| path.exists()) {
        return Ok(Some(line(&private(&path)?)));
    }
    let path = match env::var_os("PGPASSFILE") {
        Some(path) => PathBuf::from(path),
        None => match home_dir().map(|home| home.join(".pgpass")) {
            Some(path) if path.exists() => path,
            _ => return Ok(None),
        },
    };
    Ok(of_pgpass(&private(&path)?, config))
}

/// The password for a connection in the lines of a password file: host, port, database, user and password, separated by
/// colons, where `*` is any and a backslash quotes (PostgreSQL documentation, "The Password File").
fn of_pgpass(text: &str, config: &Config) -> Option<Zeroizing<String>> {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(_)) | None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let user = config.get_user().unwrap_or_default();
    let wanted = [host.as_str(), &port, config.get_dbname().unwrap_or(user), user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [place @ .., password] = fields.as_slice() else { return None };
        let is_meant = place.len() == wanted.len()
            && place.iter().zip(wanted).all(|(given, wanted)| given.as_str() == "*" || given.as_str() == wanted);
        is_meant.then(|| password.clone())
    })
}

fn fields(line: &str) -> Vec<Zeroizing<String>> {
    let mut fields = vec![Zeroizing::new(String::new())];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        // The password is the last of five, and may hold colons that are not quoted.
        if c == ':' && fields.len() < 5 {
            fields.push(Zeroizing::new(String::new()));
        } else if let Some(last) = fields.last_mut() {
            last.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
        }
    }
    fields
}

/// The first line of a file.
fn line(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())
}

/// Reads a file that only this user may read.
fn private(path: &Path) -> Result<Zeroizing<String>, AddressError> {
    let failed = |source| AddressError::File { path: path.to_owned(), source };
    if is_open(path)? {
        return Err(AddressError::Readable(path.to_owned()));
    }
    let bytes = Zeroizing::new(read(path).map_err(failed)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| failed(io::ErrorKind::InvalidData.into()))?;
    Ok(Zeroizing::new(text.trim_start_matches('\u{feff}').to_owned()))
}

/// Whether other users can read or write a file. systemd lets a service read its credentials by an access list, which
/// shows as its group's permission to read.
fn is_open(path: &Path) -> Result<bool, AddressError> {
    let about = std::fs::metadata(path).map_err(|source| AddressError::File { path: path.to_owned(), source })?;
    let is_credential = credentials().is_some_and(|folder| path.starts_with(folder));
    Ok(about.mode() & if is_credential { 0o037 } else { 0o077 } != 0)
}

/// The folder of systemd's credentials.
fn credentials() -> Option<PathBuf> {
    env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = regular_file::open(File::options().read(true), path)?;
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use crate::server::store::postgres::network::address::*;

    fn address(text: &str) -> Result<DatabaseAddress, AddressError> {
        DatabaseAddress::new(text, &DatabaseFiles::default())
    }

    #[test]
    fn another_machine_needs_tls_and_this_one_does_not() {
        for near in ["postgres://jo@localhost/x", "postgres://jo@127.0.0.1/x", "postgres:///x?host=/run/postgresql"] {
            assert!(address(near).unwrap().tls.is_none(), "{near}");
        }
        assert!(address("postgres:///x?sslmode=require&host=localhost").unwrap().tls.is_some());
        let far = address("postgres://jo@db.example.com/x?sslmode=verify-full").unwrap();
        assert!(far.tls.is_some() && far.config.get_ssl_mode() == SslMode::Require);
        assert_eq!(far.place(), "database x on db.example.com");
        assert!(matches!(address("postgres://db.example.com/x?sslmode=disable"), Err(AddressError::Plain(_))));
        assert!(matches!(address("postgres://localhost/x?sslmode=never"), Err(AddressError::Mode(_))));
    }

    #[test]
    fn no_password_stands_in_an_address() {
        for text in ["postgres://jo:geheim@localhost/x", "postgres://localhost/x?password=geheim"] {
            let error = address(text).map(|_| ()).unwrap_err();
            assert!(matches!(error, AddressError::Password) && !error.to_string().contains("geheim"), "{error}");
        }
        assert!(matches!(address("mysql://localhost/x"), Err(AddressError::Scheme)));
        let error = address("postgres://localhost:port/x").map(|_| ()).unwrap_err();
        assert!(error.to_string().starts_with("the database's address isn't valid: "), "{error}");
    }

    #[test]
    fn a_password_file_of_postgres_is_read_by_its_rules() {
        let config = address("postgres://jo@localhost:6000/x").unwrap().config;
        let text = "# comment\nother:*:*:*:no\n*:6000:x:mo:no\nlocalhost:6000:*:jo:a\\:b\\\\c:d\n*:*:*:*:late";
        assert_eq!(of_pgpass(text, &config).as_deref().map(String::as_str), Some("a:b\\c:d"));
        assert_eq!(of_pgpass("x:y", &config), None);
    }

    #[test]
    fn a_password_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "geheim\n").unwrap();
        let files = DatabaseFiles { password: Some(path.clone()), ..Default::default() };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(DatabaseAddress::new("postgres://localhost/x", &files), Err(AddressError::Readable(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let config = DatabaseAddress::new("postgres://localhost/x", &files).unwrap().config;
        assert_eq!(config.get_password(), Some(&b"geheim"[..]));
    }
}
