//! Text from files and standard input, in any encoding that is told by its first bytes.

/// Why bytes are not text. Never holds any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// Windows PowerShell 5 writes it with `>` and `Out-File`.
    #[error("UTF-16 text, not UTF-8")]
    Utf16,
    #[error("not UTF-8 text")]
    Other,
}

/// The text in `bytes`, without the byte order mark that Windows programs put before UTF-8: nothing else begins with one.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, NotText> {
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || alternates(bytes);
    if is_utf16 {
        return Err(NotText::Utf16);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NotText::Other)?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Whether every other byte is zero, as in ASCII text of UTF-16 without a mark.
fn alternates(bytes: &[u8]) -> bool {
    let (even, odd) = (bytes.iter().step_by(2), bytes.iter().skip(1).step_by(2));
    let zero = |byte: &u8| *byte == 0;
    bytes.len() >= 4 && bytes.len().is_multiple_of(2) && (even.clone().all(zero) != odd.clone().all(zero))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_no_text_and_other_encodings_are_named() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for (bytes, read) in [
            (b"jo".to_vec(), Ok("jo")),
            ("\u{feff}jö".as_bytes().to_vec(), Ok("jö")),
            ("j\u{feff}o".as_bytes().to_vec(), Ok("j\u{feff}o")),
            (utf16("\u{feff}jö\r\n"), Err(NotText::Utf16)),
            (utf16("jo\r\n"), Err(NotText::Utf16)),
            ("jo\r\n".encode_utf16().flat_map(u16::to_be_bytes).collect(), Err(NotText::Utf16)),
            (b"M\xfcller".to_vec(), Err(NotText::Other)),
            (Vec::new(), Ok("")),
        ] {
            assert_eq!(decode(&bytes), read, "{bytes:?}");
        }
    }
}
