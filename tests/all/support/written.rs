//! What may be written to a terminal: text that can be seen, and the codes that this program knows.

/// What a terminal was sent and should not have been, in words; empty if nothing.
///
/// Known are cursor moves, erasing, scrolling, the 16 colours, private modes, and the clipboard's OSC 52 whose body is
/// base64, and a title that names the program. Everything else that is no visible text came from somewhere else, and would be obeyed.
pub fn strange(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(&first) = rest.first() {
        let length = match first {
            0x1b => code(rest),
            b'\r' | b'\n' | 0x08 | b' '..=b'~' => Some(1),
            0x80.. => visible(rest),
            _ => None,
        };
        if length.is_none() {
            found.push(String::from_utf8_lossy(&rest[..rest.len().min(24)]).escape_debug().to_string());
        }
        rest = &rest[length.unwrap_or(1)..];
    }
    found
}

/// The length of a code that the program knows.
fn code(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"\x1bM") {
        return Some(2); // one row up
    }
    // What is reset on entry, and given back on exit: known as whole pieces only.
    let reset = [&b"\x1b>\x1b[?9l"[..], b"\x1b[>4m\x1b[>0u\x0f\x1b(B\x1b[m", b"\x1b[<u\x1b[?25h"];
    // The title that was before is kept, and given back; it is asked where a character has left the cursor, and for its
    // background.
    let pieces = [&reset[..], &[b"\x1b[22;2t", b"\x1b[23;2t", b"\x1b[6n", b"\x1b]11;?\x07"]].concat();
    if let Some(piece) = pieces.into_iter().find(|piece| bytes.starts_with(piece)) {
        return Some(piece.len());
    }
    if let Some(body) = bytes.strip_prefix(b"\x1b]52;c;") {
        let end = body.iter().position(|byte| *byte == 7)?;
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        return body[..end].iter().all(is_base64).then_some(7 + end + 1);
    }
    if let Some(title) = bytes.strip_prefix(b"\x1b]2;") {
        let end = title.iter().position(|byte| *byte == 7)?;
        let words = title[..end].strip_prefix(b"latchkey")?;
        let mut at = 0;
        while let Some(byte) = words.get(at) {
            at += if (b' '..=b'~').contains(byte) { 1 } else { visible(&words[at..])? };
        }
        return (end < 200).then_some(4 + end + 1);
    }
    let parameters = bytes.strip_prefix(b"\x1b[")?;
    let end = parameters.iter().position(|byte| !(b"0123456789;?".contains(byte)))?;
    b"ABCDGHJKLMPSTXdhlmr".contains(&parameters[end]).then_some(2 + end + 1)
}

/// The length of a character that draws something and reorders nothing.
fn visible(bytes: &[u8]) -> Option<usize> {
    let length = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    let c = u32::from(text.chars().next()?);
    let unseen = matches!(c, 0x80..=0x9f | 0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
        | 0x2800 | 0x3164 | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe0fff | 0xfe00..=0xfe0f);
    (!unseen).then_some(length)
}
