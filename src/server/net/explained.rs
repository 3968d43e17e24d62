//! hyper answers what it can't parse itself, with a status and no body. Every other refusal has the contract's body, so
//! these get one on their way out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::server::http::response::failure::HttpError;

/// The longest head that hyper writes for such an answer, with room to spare.
const LONGEST_HEAD: usize = 256;
/// The last header of every answer (RFC 9110, section 5.6.7).
const DATE: &str = "date: Sun, 06 Nov 1994 08:49:37 GMT";

/// A connection on which each answer of hyper's own has a body.
pub(crate) struct Explained<S> {
    stream: S,
    /// What is written in place of hyper's bytes, and how much of it is written.
    answer: Vec<u8>,
    written: usize,
}

impl<S> Explained<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, answer: Vec::new(), written: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Explained<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Explained<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.answer.is_empty() {
            match explained(bytes) {
                Some(answer) => this.answer = answer,
                None => return Pin::new(&mut this.stream).poll_write(cx, bytes),
            }
        }
        while this.written < this.answer.len() {
            match ready!(Pin::new(&mut this.stream).poll_write(cx, &this.answer[this.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => this.written += count,
            }
        }
        (this.answer, this.written) = (Vec::new(), 0);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The bytes with a body, if they end in an answer of hyper's own: the last one on a connection, and the only refusal
/// without a body.
fn explained(bytes: &[u8]) -> Option<Vec<u8>> {
    const EMPTY: &str = "content-length: 0\r\n";
    // Before all others are searched: hyper writes the date last, always as long.
    let before_date = bytes.strip_suffix(b"\r\n\r\n")?;
    if !before_date[..before_date.len().saturating_sub(DATE.len())].ends_with(EMPTY.as_bytes()) {
        return None;
    }
    let from = bytes.len().saturating_sub(LONGEST_HEAD);
    let start = from + bytes[from..].windows(9).rposition(|part| part == b"HTTP/1.1 ")?;
    let head = std::str::from_utf8(&bytes[start..]).ok()?;
    let error = match head.get(9..12)? {
        "400" => HttpError::malformed("Request", "is not valid HTTP/1.1"),
        "414" => HttpError::malformed("Request", "its path is too long"),
        "431" => HttpError::malformed("Headers", "are too large, or more than 100"),
        _ => return None,
    };
    let (before, after) = head.split_once(EMPTY)?;
    let body = error.with_status(head.get(9..12)?.parse().ok()?).body().to_string();
    let head = format!(
        "{before}content-type: application/json\r\ncache-control: no-store\r\ncontent-length: {}\r\n{after}",
        body.len()
    );
    Some([&bytes[..start], head.as_bytes(), body.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_hypers_own_gets_a_body() {
        let own = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n";
        let earlier = format!("HTTP/1.1 204 No Content\r\n{DATE}\r\n\r\n");
        let other = format!("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n{DATE}\r\n\r\n");
        for text in [&earlier, "", "\r\n\r\n", &other] {
            assert_eq!(explained(text.as_bytes()), None);
        }
        let answer = explained(format!("{earlier}{own}{DATE}\r\n\r\n").as_bytes()).unwrap();
        let answer = String::from_utf8(answer.strip_prefix(earlier.as_bytes()).unwrap().to_vec()).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{answer}");
        assert!(body.contains(r#""status":431"#) && body.contains("Headers: are too large"), "{answer}");
    }
}
