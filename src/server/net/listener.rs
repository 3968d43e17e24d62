//! Accepting connections, up to a limit.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

use super::connection_limiter::{ConnectionLimiter, ConnectionPermit};

/// The address of a client; none on a Unix socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) Option<SocketAddr>);

/// A listener that leaves clients (but for one) in the system's queue while all slots are taken.
pub(crate) struct Listener {
    socket: ListenSocket,
    limiter: ConnectionLimiter,
}

pub(crate) enum ListenSocket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection, over TCP or on a Unix socket.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Listener {
    pub(crate) fn new(socket: ListenSocket, limiter: ConnectionLimiter) -> Self {
        Self { socket, limiter }
    }

    pub(crate) fn is_tcp(&self) -> bool {
        matches!(self.socket, ListenSocket::Tcp(_))
    }

    /// Waits for a client, and for the slot that its connection takes.
    pub(crate) async fn accept(&self) -> io::Result<(Box<dyn Stream>, ConnectionPermit, Peer)> {
        loop {
            let (stream, peer): (Box<dyn Stream>, _) = match &self.socket {
                ListenSocket::Tcp(listener) => {
                    let (stream, from) = listener.accept().await?;
                    stream.set_nodelay(true)?;
                    (Box::new(stream), Peer(Some(from)))
                }
                ListenSocket::Unix(listener) => (Box::new(listener.accept().await?.0), Peer(None)),
            };
            if let Some(slot) = self.limiter.admit(peer.0).await {
                return Ok((stream, slot, peer));
            }
        }
    }
}
