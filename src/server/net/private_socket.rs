//! The Unix socket of one process, in a folder that several processes share.

use std::fs;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::{Path, PathBuf};

use crate::platform::regular_file;
use axum::serve::Listener;
use rustix::process::{Pid, test_kill_process};
use tempfile::TempDir;
use tokio::net::unix::SocketAddr;
use tokio::net::{UnixListener, UnixStream};

/// The longest path that a Unix socket can have, in bytes (`sun_path` in unix(7), less its end).
const MOST_PATH: usize = 107;

/// A bound socket. Removed when dropped.
pub(crate) struct PrivateSocket {
    pub(crate) path: PathBuf,
    /// Held until it ends by the process that owns `api.sock`.
    _lock: Option<File>,
    /// Where the socket is when it can't be in the data folder.
    _elsewhere: Option<TempDir>,
}

/// Accepts connections of this user only.
pub(crate) struct OwnPeers(UnixListener);

impl PrivateSocket {
    /// Where the first process binds its socket in `folder`, if a socket's path can be that long.
    pub(crate) fn path_in(folder: &Path) -> Option<PathBuf> {
        Some(folder.join("api.sock")).filter(|path| path.as_os_str().len() <= MOST_PATH)
    }

    /// Binds this process's socket for the data in `folder`: in it, or in a private folder for temporary files where it is
    /// read-only, has no sockets (FUSE, FAT), or its path is too long for one.
    pub(crate) fn bind(folder: &Path, is_read_only: bool) -> io::Result<(Self, OwnPeers)> {
        let lock = if is_read_only { None } else { claim(folder)? };
        let name = if lock.is_some() { "api.sock".to_owned() } else { format!("api-{}.sock", std::process::id()) };
        let mut failed = None;
        if !is_read_only {
            match listen(&folder.join(&name)) {
                Ok(listener) => return Self::of(folder.join(&name), listener, lock, None),
                Err(error) => failed = Some(error),
            }
        }
        for parent in temporary_folders() {
            let private = tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir_in(parent);
            let bound = private.and_then(|private| Ok((listen(&private.path().join(&name))?, private)));
            match bound {
                Ok((listener, private)) => return Self::of(private.path().join(&name), listener, lock, Some(private)),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn of(
        path: PathBuf,
        listener: StdListener,
        lock: Option<File>,
        elsewhere: Option<TempDir>,
    ) -> io::Result<(Self, OwnPeers)> {
        let socket = Self { path, _lock: lock, _elsewhere: elsewhere };
        fs::set_permissions(&socket.path, Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok((socket, OwnPeers(UnixListener::from_std(listener)?)))
    }
}

/// Binds a socket. What is at its path is only ever our own, by the lock or by our process ID.
fn listen(path: &Path) -> io::Result<StdListener> {
    remove(path)?;
    StdListener::bind(path)
}

/// Where a socket may be, best first: `TMPDIR` may be too long for a socket's path.
fn temporary_folders() -> impl Iterator<Item = PathBuf> {
    let of_session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    [Some(std::env::temp_dir()), of_session, Some(PathBuf::from("/tmp"))].into_iter().flatten()
}

impl Drop for PrivateSocket {
    fn drop(&mut self) {
        // Should it fail, the next owner of the folder removes it.
        let _ = remove(&self.path);
    }
}

/// Takes the folder's lock if it is free; its owner removes the sockets that dead processes left.
fn claim(folder: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    let file = regular_file::open_no_follow(options, &folder.join("api.lock"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(None),
        Err(fs::TryLockError::Error(error)) => return Err(error),
    }
    for entry in fs::read_dir(folder)?.flatten() {
        if is_stale(&entry.file_name().to_string_lossy(), &entry.path()) {
            remove(&entry.path())?;
        }
    }
    Ok(Some(file))
}

/// Whether `path` is the socket of a process that has ended: nothing listens, and its process ID is free.
fn is_stale(name: &str, path: &Path) -> bool {
    let number = name.strip_prefix("api-").and_then(|rest| rest.strip_suffix(".sock"));
    let Some(process) = number.and_then(|number| number.parse().ok()).and_then(Pid::from_raw) else { return false };
    let refused = StdStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    refused && test_kill_process(process) == Err(rustix::io::Errno::SRCH)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether a peer with this user number may connect.
fn is_ours(uid: u32) -> bool {
    uid == rustix::process::geteuid().as_raw()
}

impl Listener for OwnPeers {
    type Io = UnixStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (UnixStream, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, from)) if stream.peer_cred().is_ok_and(|peer| is_ours(peer.uid())) => {
                    return (stream, from);
                }
                Ok(_) => {}
                // Out of file descriptors: wait until some are given back.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_user_may_connect() {
        let own = rustix::process::geteuid().as_raw();
        assert!(is_ours(own));
        assert!(!is_ours(own + 1));
        assert!(!is_ours(65534));
    }

    #[tokio::test]
    async fn the_owner_clears_away_what_the_dead_left() {
        let folder = tempfile::tempdir().unwrap();
        let dead = folder.path().join("api-999999999.sock");
        drop(StdListener::bind(&dead).unwrap());
        drop(StdListener::bind(folder.path().join("api.sock")).unwrap());
        let (first, _peers) = PrivateSocket::bind(folder.path(), false).unwrap();
        assert!(!dead.exists());
        assert_eq!(first.path, folder.path().join("api.sock"));
        let (second, _peers) = PrivateSocket::bind(folder.path(), false).unwrap();
        assert_eq!(second.path, folder.path().join(format!("api-{}.sock", std::process::id())));
        for socket in [first, second] {
            let path = socket.path.clone();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            drop(socket);
            assert!(!path.exists());
        }
    }
}
