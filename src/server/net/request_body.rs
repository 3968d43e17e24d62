//! The body of a request, which tells the connection's slot when all of it has come.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use super::connection_limiter::ConnectionPermit;

/// A body. Until it has come, its connection waits for the client.
pub(crate) struct RequestBody {
    body: Incoming,
    permit: Arc<ConnectionPermit>,
}

impl RequestBody {
    pub(crate) fn new(body: Incoming, permit: &Arc<ConnectionPermit>) -> Self {
        if body.is_end_stream() {
            permit.works();
        }
        Self { body, permit: Arc::clone(permit) }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.permit.works();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
