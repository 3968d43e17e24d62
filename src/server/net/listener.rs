//! Accepting connections, up to a limit.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::connection_limiter::{ConnectionLimiter, ConnectionPermit};

/// The address of a client; none on a Unix socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) Option<SocketAddr>);

/// A listener that leaves clients in the system's queue while all slots are taken.
pub(crate) struct Listener {
    socket: ListenSocket,
    limiter: ConnectionLimiter,
}

pub(crate) enum ListenSocket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection, and the slot that it takes.
pub(crate) struct AcceptedStream {
    stream: Stream,
    _slot: ConnectionPermit,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    pub(crate) fn new(socket: ListenSocket, limiter: ConnectionLimiter) -> Self {
        Self { socket, limiter }
    }

    pub(crate) fn is_tcp(&self) -> bool {
        matches!(self.socket, ListenSocket::Tcp(_))
    }
}

impl Listener {
    /// Waits for a client, and for a slot that it may take.
    pub(crate) async fn accept(&self) -> io::Result<(AcceptedStream, Peer)> {
        loop {
            let one_of_all = self.limiter.one_of_all().await.map_err(io::Error::other)?;
            let (stream, peer) = match &self.socket {
                ListenSocket::Tcp(listener) => {
                    let (stream, from) = listener.accept().await?;
                    stream.set_nodelay(true)?;
                    (Stream::Tcp(stream), Peer(Some(from)))
                }
                ListenSocket::Unix(listener) => (Stream::Unix(listener.accept().await?.0), Peer(None)),
            };
            if let Some(slot) = self.limiter.take(one_of_all, peer.0) {
                return Ok((AcceptedStream { stream, _slot: slot }, peer));
            }
            // Only for debugging: a flood of connections must not fill the log.
            tracing::debug!(from = ?peer.0, "a network has too many connections");
        }
    }
}

/// Calls the method of the stream that it is.
macro_rules! either {
    ($connection:expr, $stream:ident => $call:expr) => {
        match &mut $connection.get_mut().stream {
            Stream::Tcp($stream) => $call,
            Stream::Unix($stream) => $call,
        }
    };
}

impl AsyncRead for AcceptedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for AcceptedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true // both are
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
