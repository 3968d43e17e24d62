//! The ID of a request, by which its line in the log is found.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Where proxies put it, and where answers have it.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest that is taken from a proxy, in bytes: a UUID has 36.
const MOST_BYTES: usize = 128;

/// Draws IDs. They don't tell how many requests there were.
#[derive(Debug, Default)]
pub(crate) struct RequestIds {
    hasher: RandomState,
    next: AtomicU64,
}

impl RequestIds {
    /// An ID that another request is as good as never given.
    pub(crate) fn draw(&self) -> HeaderValue {
        let id = self.hasher.hash_one(self.next.fetch_add(1, Ordering::Relaxed));
        let mut hex = [0; 16];
        let id = base16ct::lower::encode(&id.to_be_bytes(), &mut hex).ok();
        id.and_then(|id| HeaderValue::from_bytes(id).ok()).unwrap_or_else(|| HeaderValue::from_static("-"))
    }
}

/// The ID that a proxy gave, if it gave one that can be in a log as it is.
pub(crate) fn given(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(X_REQUEST_ID).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(byte);
    let is_plain = (1..=MOST_BYTES).contains(&value.len()) && value.as_bytes().iter().all(plain);
    is_plain.then(|| value.clone())
}

#[cfg(test)]
mod tests {
    use crate::server::http::request::request_id::*;

    #[test]
    fn only_plain_ones_are_taken() {
        let given = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(X_REQUEST_ID, HeaderValue::from_str(value).unwrap());
            }
            given(&headers).map(|id| id.to_str().unwrap().to_owned())
        };
        for id in ["5f1c3d2a9b8e4f70", "123e4567-e89b-12d3-a456-426614174000", "a_b.c:d+e/f=", &"x".repeat(128)] {
            assert_eq!(given(&[id]).unwrap(), id);
        }
        for id in ["", "a b", "a\"b", "é", "sk;x", &"x".repeat(129)] {
            assert_eq!(given(&[id]), None, "{id}");
        }
        assert_eq!(given(&[]), None);
        assert_eq!(given(&["a", "b"]), None);
    }

    #[test]
    fn each_request_has_another() {
        let ids = RequestIds::default();
        let drawn: std::collections::HashSet<_> = (0..1000).map(|_| ids.draw()).collect();
        assert_eq!(drawn.len(), 1000);
        assert!(drawn.iter().all(|id| id.len() == 16));
    }
}
