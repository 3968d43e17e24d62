//! Servers that are not inside the program: real ones, and some that misbehave.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

use chrono::{TimeDelta, Utc};
use latchkey::client::session_file::{SessionFile, SessionStorage};
use latchkey::client::{AdminSession, Target};
use latchkey::domain::{BaseUrl, Untrusted};
use latchkey::server::{AppState, DataFolder, Role, Sessions, StoreAccess, serve};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::support::home::Home;
use crate::support::raw;

const SESSION: &str = "session-token-of-the-tests";

/// A real server on a port of its own.
pub struct Remote {
    pub url: String,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Remote {
    pub fn start(role: Role) -> Self {
        Self::on(TempDir::new().unwrap(), role)
    }

    /// With so many keys.
    pub fn filled(keys: u64) -> Self {
        let folder = TempDir::new().unwrap();
        crate::support::fill::fill(folder.path(), keys, &mut |_| {}).unwrap();
        Self::on(folder, Role::Administrator)
    }

    fn on(folder: TempDir, role: Role) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let data = folder.path().to_owned();
        let serving = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let sessions = Sessions::single(&SecretString::from(SESSION), "jo", role);
                let state = AppState::new(DataFolder::open(&data, StoreAccess::Create).await.unwrap(), sessions);
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                serve(listener, state, async { stopped.await.unwrap_or_default() }).await.unwrap();
            });
        });
        Self { url: format!("http://{address}"), address, stop: Some(stop), serving: Some(serving), _folder: folder }
    }

    /// A line to it on which `passes` hears each request before it goes on, and says whether its answer comes back.
    pub fn behind(&self, mut passes: impl FnMut(&str) -> bool + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = self.address;
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.unwrap();
                // One connection may bring several requests.
                while let Some(request) = request(&mut client) {
                    let comes_back = passes(&String::from_utf8_lossy(&request));
                    let answer = answer(server, &request);
                    if !comes_back {
                        break;
                    }
                    client.write_all(&answer).unwrap();
                }
            }
        });
        url
    }
}

/// The server's answer, on a connection of its own that ends with it.
fn answer(server: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(server).unwrap();
    let end = request.windows(2).position(|pair| pair == b"\r\n").unwrap();
    server.write_all(&request[..end]).unwrap();
    server.write_all(b"\r\nconnection: close").unwrap();
    server.write_all(&request[end..]).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    answer
}

impl Drop for Remote {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.serving.take().unwrap().join();
    }
}

/// A server that gives everybody the same answer.
pub fn always(status: &str, kind: &str, body: &str) -> String {
    let answer = raw::raw(status, &[("content-type", kind)], body);
    format!("http://127.0.0.1:{}", raw::serve(move |_| answer.clone()))
}

/// A URL where no one listens.
pub fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Remembers a session for the server at `url`, as `login --remember` does.
pub fn remember(home: &Home, url: &str) {
    let (base, _) = BaseUrl::parse(url).unwrap();
    let name = base.host_for_screen().to_owned();
    let session = AdminSession {
        token: SecretString::from(SESSION),
        expires_at: Utc::now() + TimeDelta::hours(8),
        username: Untrusted::new("jo"),
        role: Untrusted::new("administrator"),
    };
    let state = home.path(".local/state/latchkey");
    SessionFile::of(&state, &name, &Target::Url(base)).store(&session, "jo", SessionStorage::File).unwrap();
}

/// A whole request: its head, and the body that `content-length` announces. None if no more comes.
fn request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    client.read_exact(&mut body).ok()?;
    bytes.extend(body);
    Some(bytes)
}
