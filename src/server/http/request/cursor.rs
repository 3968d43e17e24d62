//! Cursors: places in a list, opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::domain::Sort;
use crate::server::http::response::failure::HttpError;
use crate::server::store::{Keyset, SortValue};

/// A place as text: the base64url of `[sort, value, seq]`.
pub(crate) fn encode(sort: Sort, place: &Keyset) -> String {
    URL_SAFE_NO_PAD.encode(json!([sort.as_str(), place.value, place.seq]).to_string())
}

/// Reads a place, if it is one of a list sorted by `sort`.
pub(crate) fn decode(sort: Sort, text: &str) -> Result<Keyset, HttpError> {
    let known = |bytes: Vec<u8>| {
        let (word, value, seq): (String, SortValue, i64) = serde_json::from_slice(&bytes).ok()?;
        (word == sort.as_str() && value.fits(sort)).then_some(Keyset { value, seq })
    };
    let place = URL_SAFE_NO_PAD.decode(text).ok().and_then(known);
    place.ok_or_else(|| HttpError::malformed("cursor", "is not a cursor of this list"))
}

pub(crate) fn encode_event(seq: i64) -> String {
    URL_SAFE_NO_PAD.encode(seq.to_string())
}

pub(crate) fn decode_event(text: &str) -> Result<i64, HttpError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let seq = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.parse().ok());
    seq.ok_or_else(|| HttpError::malformed("cursor", "is not a cursor of this list"))
}

#[cfg(test)]
mod tests {
    use crate::server::http::request::cursor::*;

    #[test]
    fn a_cursor_fits_its_own_list_only() {
        for sort in Sort::ALL {
            let (number, text) = (SortValue::Number(-7), SortValue::Text("Zürich\"".to_owned()));
            assert_ne!(number.fits(sort), text.fits(sort));
            let value = if number.fits(sort) { number } else { text };
            let place = Keyset { value, seq: i64::MAX };
            let text = encode(sort, &place);
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            for other in Sort::ALL {
                assert_eq!(decode(other, &text).ok(), (other == sort).then(|| place.clone()));
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "x", "====", "bnVsbA", &URL_SAFE_NO_PAD.encode("[\"id\",5,1]"), &"A".repeat(9000)] {
            assert!(decode(Sort::Id, text).is_err());
            assert!(decode_event(text).is_err());
        }
        assert_eq!(decode_event(&encode_event(12)).unwrap(), 12);
    }
}
