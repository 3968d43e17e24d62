//! The embedded server: inside this process, on a Unix socket for this user alone.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

use super::auth::sessions::Sessions;
use super::data_folder::{DataError, DataFolder, StoreAccess};
use super::net::private_socket::PrivateSocket;
use super::serve::serve;
use super::state::AppState;
use super::usage_recorder::KEEP_EVENTS;
use crate::domain::{KeyFormat, Lifetimes, Role};
use crate::platform::process::users::own_name;
use crate::server::http::calls::accounts::sign_in::draw_session;

/// How long running requests may take to finish when the server stops.
const PATIENCE: Duration = Duration::from_secs(5);

/// An embedded server that listens.
pub struct Embedded {
    /// Where it listens.
    pub socket: PathBuf,
    /// The session token for its calls, which is stored nowhere.
    pub session: SecretString,
    /// The user's name in its events.
    pub username: String,
    state: AppState,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
    bound: PrivateSocket,
}

/// What a client needs to know of an embedded server.
pub struct EmbeddedAccess {
    /// Where it listens.
    pub socket: PathBuf,
    /// The session token for its calls, which is stored nowhere.
    pub session: SecretString,
    /// The user's name in its events.
    pub username: String,
}

/// How an embedded server is to run.
#[derive(Clone, Debug)]
pub struct EmbeddedSetup {
    pub may: StoreAccess,
    /// The file with the master key, if it is not in the data folder.
    pub master_key: Option<PathBuf>,
    /// How long events are kept.
    pub keep_events: TimeDelta,
    /// The form of new IDs and secrets.
    pub key_format: KeyFormat,
    /// What is allowed as the expiry of keys.
    pub lifetimes: Lifetimes,
}

impl From<StoreAccess> for EmbeddedSetup {
    /// Without settings.
    fn from(may: StoreAccess) -> Self {
        let (key_format, lifetimes) = (KeyFormat::default(), Lifetimes::default());
        Self { may, master_key: None, keep_events: KEEP_EVENTS, key_format, lifetimes }
    }
}

/// The embedded servers of this run, one for each data folder. To be stopped, or they would not store the last uses.
#[derive(Clone, Default)]
pub struct EmbeddedServers(Arc<Mutex<Vec<(PathBuf, Embedded)>>>);

impl EmbeddedServers {
    /// Starts the server on `folder`, unless it is running.
    pub async fn start(&self, folder: &Path, setup: EmbeddedSetup) -> Result<EmbeddedAccess, StartError> {
        let access = |server: &Embedded| EmbeddedAccess {
            socket: server.socket.clone(),
            session: server.session.clone(),
            username: server.username.clone(),
        };
        if let Some((_, server)) = self.0.lock().await.iter().find(|(running, _)| running == folder) {
            return Ok(access(server));
        }
        let server = start_with(folder, setup).await?;
        let started = access(&server);
        self.0.lock().await.push((folder.to_owned(), server));
        Ok(started)
    }

    /// Stops them all.
    pub async fn stop(&self) {
        let servers = std::mem::take(&mut *self.0.lock().await);
        for (_, server) in servers {
            server.stop().await;
        }
    }
}

/// Why the embedded server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error("the system's random number generator failed: {0}")]
    Random(#[from] getrandom::Error),
    #[error("can't listen on a socket in {folder}, nor in a folder for temporary files: {source}; check TMPDIR")]
    Socket { folder: PathBuf, source: io::Error },
}

/// Where the embedded server of `folder` listens. `None` if that path is longer than a Unix socket's can be: the server
/// then chooses another place at each start.
pub fn socket_in(folder: &Path) -> Option<PathBuf> {
    PrivateSocket::path_in(folder)
}

/// Starts a server on `folder`. It listens when this returns.
pub async fn start(folder: &Path, may: StoreAccess) -> Result<Embedded, StartError> {
    start_with(folder, may.into()).await
}

async fn start_with(folder: &Path, setup: EmbeddedSetup) -> Result<Embedded, StartError> {
    let EmbeddedSetup { may, master_key, keep_events, key_format, lifetimes } = setup;
    let data = DataFolder::open_with(folder, master_key.as_deref(), may).await?;
    let bound = PrivateSocket::bind(folder, data.store.is_read_only());
    let (bound, peers) = bound.map_err(socket_error(folder))?;
    let session = draw_session()?;
    let username = own_name();
    let state = AppState::new(data, Sessions::single(&session, &username, Role::Superuser))
        .telling_reasons()
        .keeping_events(keep_events)
        .giving_out(key_format)
        .allowing(lifetimes);
    let (stop, stopped) = oneshot::channel();
    let stopped = async { stopped.await.unwrap_or_default() };
    let serving = tokio::spawn(serve(peers, state.clone(), stopped));
    Ok(Embedded { socket: bound.path.clone(), session, username, state, stop, serving, bound })
}

impl Embedded {
    /// Stops listening, lets running requests finish, stores the last uses and removes the socket.
    pub async fn stop(self) {
        let Self { state, stop, mut serving, bound, .. } = self;
        drop(stop);
        if tokio::time::timeout(PATIENCE, &mut serving).await.is_err() {
            serving.abort();
            state.0.usage_recorder.flush().await;
        }
        drop(bound);
    }
}

fn socket_error(folder: &Path) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::Socket { folder: folder.to_owned(), source }
}
