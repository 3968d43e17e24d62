//! A line between a program and its PostgreSQL server that can be slow, or cut, as a network that loses everything.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// The name of PostgreSQL's socket in its folder.
const SOCKET: &str = ".s.PGSQL.5432";

/// A folder with a socket that leads to another folder's.
pub struct Relay {
    folder: TempDir,
    line: Arc<watch::Sender<Line>>,
}

/// What becomes of bytes that are sent.
#[derive(Clone, Copy, Debug)]
pub enum Line {
    /// They arrive, after this time.
    Slow(Duration),
    /// Nothing arrives, and nobody is told.
    Cut,
}

/// At once.
const GOOD: Line = Line::Slow(Duration::ZERO);

impl Relay {
    /// Leads to the server whose socket is in this folder.
    pub fn to(server: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = std::os::unix::net::UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let line = Arc::new(watch::Sender::new(GOOD));
        let (state, target) = (Arc::clone(&line), server.join(SOCKET));
        let relay = async move {
            let listener = UnixListener::from_std(listener).unwrap();
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = UnixStream::connect(&target).await else { continue };
                let ((near_out, near_in), (far_out, far_in)) = (near.into_split(), far.into_split());
                tokio::spawn(carry(near_out, far_in, state.subscribe()));
                tokio::spawn(carry(far_out, near_in, state.subscribe()));
            }
        };
        // Apart from the test, which may block its thread.
        std::thread::spawn(|| {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(relay);
        });
        Self { folder, line }
    }

    pub fn address(&self, database: &str) -> String {
        format!("postgres://latchkey@/{database}?host={}", self.folder.path().display())
    }

    pub fn cut(&self) {
        self.set(Line::Cut);
    }

    /// What was sent meanwhile arrives now.
    pub fn mend(&self) {
        self.set(GOOD);
    }

    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let Ok(Line::Slow(delay)) = line.wait_for(|line| matches!(line, Line::Slow(_))).await.map(|line| *line) else {
            return;
        };
        pass(delay).await;
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

/// Lets time go by.
pub async fn pass(time: Duration) {
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}
