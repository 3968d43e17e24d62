//! OSC 52: telling a terminal what its clipboard shall hold (xterm's ctlseqs, "Manipulate Selection Data").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The code: always selection `c`, standard base64. Ends with BEL, which every terminal and multiplexer takes.
pub(crate) fn write(text: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 + text.len() * 2));
    let body = Zeroizing::new(STANDARD.encode(text));
    bytes.extend_from_slice(b"\x1b]52;c;");
    bytes.extend_from_slice(body.as_bytes());
    bytes.push(0x07);
    bytes
}

/// The code in GNU screen's wrapper, which passes it on. Inside it the code must end
/// with BEL: ST would end the wrapper.
pub(crate) fn wrapped_for_screen(text: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(32 + text.len() * 2));
    bytes.extend_from_slice(b"\x1bP");
    bytes.extend_from_slice(&write(text));
    bytes.extend_from_slice(b"\x1b\\");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        assert_eq!(*write("sk_1"), b"\x1b]52;c;c2tfMQ==\x07");
        assert_eq!(*wrapped_for_screen("a"), b"\x1bP\x1b]52;c;YQ==\x07\x1b\\");
    }
}
