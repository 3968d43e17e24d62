//! Where a server listens: an address or a Unix socket.

use std::fs;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio::net::UnixListener;

use crate::platform::regular_file;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddr {
    /// An address of this machine and a port.
    Tcp(SocketAddr),
    /// A port of `localhost`: of its IPv4 and of its IPv6 address.
    Localhost(u16),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// A text that is not an address to listen on.
#[derive(Debug, thiserror::Error)]
#[error("use an address of this machine with a port, e.g. 127.0.0.1:8443 or [::]:8443, or unix:/path/to/socket")]
pub struct ListenAddrError;

impl FromStr for ListenAddr {
    type Err = ListenAddrError;

    fn from_str(text: &str) -> Result<Self, ListenAddrError> {
        let path = text.strip_prefix("unix:").or_else(|| text.contains('/').then_some(text));
        if let Some(path) = path {
            return if path.is_empty() { Err(ListenAddrError) } else { Ok(Self::Unix(path.into())) };
        }
        let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
        local.map(Self::Localhost).or_else(|| text.parse().ok().map(Self::Tcp)).ok_or(ListenAddrError)
    }
}

impl ListenAddr {
    /// The port of an address.
    pub(crate) fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp(address) => Some(address.port()),
            Self::Localhost(port) => Some(*port),
            Self::Unix(_) => None,
        }
    }
}

impl std::fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Localhost(port) => write!(f, "localhost:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A Unix socket for other users, at a path of the administrator's choice. Its file is removed when dropped.
pub(crate) struct NamedSocket {
    path: PathBuf,
    /// Held until the process ends: its owner may remove a socket that a dead process left.
    _lock: File,
}

impl NamedSocket {
    /// Binds `path` with this mode. Replaces a socket on which nothing listens, and nothing else.
    pub(crate) fn bind(path: &Path, mode: u32) -> io::Result<(Self, UnixListener)> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false).mode(0o600);
        let lock = regular_file::open_no_follow(options, Path::new(&name))?;
        let taken = || io::Error::new(io::ErrorKind::AddrInUse, "another server is listening there");
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => taken(),
            fs::TryLockError::Error(error) => error,
        })?;
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(meta) if !meta.file_type().is_socket() => {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file that is not a socket is in the way"));
            }
            Ok(_) => match StdStream::connect(path) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
                _ => return Err(taken()),
            },
        }
        // Made for us alone (the umask says so, see `harden`), then opened to whom it is meant for.
        let listener = StdListener::bind(path)?;
        let socket = Self { path: path.to_owned(), _lock: lock };
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        listener.set_nonblocking(true)?;
        Ok((socket, UnixListener::from_std(listener)?))
    }
}

impl Drop for NamedSocket {
    fn drop(&mut self) {
        // Should it fail, the next server there removes it.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed() {
        let parsed = |text: &str| text.parse::<ListenAddr>().ok().map(|address| address.to_string());
        assert_eq!(parsed("127.0.0.1:8443").unwrap(), "127.0.0.1:8443");
        assert_eq!(parsed("localhost:80").unwrap(), "localhost:80");
        assert_eq!(parsed("[::]:8443").unwrap(), "[::]:8443");
        assert_eq!(parsed("unix:a.sock").unwrap(), "unix:a.sock");
        assert_eq!(parsed("/run/a.sock").unwrap(), "unix:/run/a.sock");
        for text in ["", "unix:", "8443", ":8443", "example.org:443", "127.0.0.1"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn a_dead_socket_is_taken_over_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        drop(StdListener::bind(&path).unwrap());
        let (first, _listener) = NamedSocket::bind(&path, 0o660).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        let refused = NamedSocket::bind(&path, 0o600).err().unwrap();
        assert!(refused.to_string().contains("another server is listening"), "{refused}");
        drop(first);
        assert!(!path.exists());

        let living = StdListener::bind(&path).unwrap();
        assert!(NamedSocket::bind(&path, 0o600).is_err(), "another program's, without our lock");
        drop(living);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "words").unwrap();
        let refused = NamedSocket::bind(&path, 0o600).err().unwrap();
        assert!(refused.to_string().contains("not a socket"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "words");
    }
}
