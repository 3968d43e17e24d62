//! JSON whose bytes are safe on a terminal too.

use std::io;
use std::io::Write;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::domain::is_invisible;

/// Compact JSON in which characters that draw nothing or reorder others stand as `\uXXXX`. Readers get the text as it is.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut from = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| *c == '\u{7f}' || is_invisible(*c)) {
            writer.write_all(&fragment.as_bytes()[from..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            from = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[from..])
    }
}

/// Writes a value on one line, without a newline at its end.
pub fn to_writer(writer: impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(writer, Visible)).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped_and_comes_back() {
        for text in ["plain", "\u{1b}]0;t\u{7}\u{7f}\u{9b}31m", "a\u{202e}b\u{e0041}c", "Grüße 東京", "\u{10ffff}"]
        {
            let mut bytes = Vec::new();
            to_writer(&mut bytes, &text).unwrap();
            let json = String::from_utf8(bytes).unwrap();
            assert!(!json.chars().any(|c| c.is_control() || is_invisible(c)), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
