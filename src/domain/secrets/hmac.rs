//! The HMAC token: step two of the three of the HTTP contract.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::domain::wiped_after;

/// HMAC-SHA256 as 64 lowercase hex digits. A credential: it has no `Debug` of its content.
#[derive(Clone)]
pub struct HmacToken(Zeroizing<String>);

/// `HMAC-SHA256(key = secret, message = content)`, both as bytes (RFC 2104, FIPS 198-1).
pub fn hmac_token(secret: &[u8], content: &[u8]) -> HmacToken {
    wiped_after(|| compute(secret, content))
}

fn compute(secret: &[u8], content: &[u8]) -> HmacToken {
    // HMAC takes a key of any length (RFC 2104, section 2): there is no error to report.
    let mut text = Zeroizing::new(String::new());
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) {
        mac.update(content);
        *text = base16ct::lower::encode_string(&mac.finalize().into_bytes());
    }
    HmacToken(text)
}

impl HmacToken {
    /// The 64 digits: for the wire, and for a screen that the user asked for.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Takes one that another program made: 64 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self(Zeroizing::new(text.to_ascii_lowercase())))
    }

    /// Whether `given` is this token: in constant time, upper or lower case.
    pub fn matches(&self, given: &str) -> bool {
        let given = Zeroizing::new(given.to_ascii_lowercase());
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for HmacToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::secrets::hmac::*;

    /// RFC 4231, section 4: test cases 1 to 4, 6 and 7 (5 is about truncation).
    #[test]
    fn rfc_4231() {
        let long_key = "Test Using Larger Than Block-Size Key - Hash Key First";
        let long_data = "This is a test using a larger than block-size key and a larger than block-size data. \
                         The key needs to be hashed before being used by the HMAC algorithm.";
        let count: Vec<u8> = (1..=25).collect();
        let cases: [(&[u8], &[u8], &str); 6] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (&count, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (&[0xaa; 131], long_key.as_bytes(), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
            (&[0xaa; 131], long_data.as_bytes(), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
        ];
        for (key, data, expected) in cases {
            assert_eq!(hmac_token(key, data).expose(), expected);
        }
    }

    #[test]
    fn passportals_example_content() {
        let token = hmac_token("2".repeat(32).as_bytes(), b"api-content-hash");
        assert_eq!(token.expose(), "0c433d7e88edc9a09c981dcf46313a1aac23225f7187391826921f7b50098537");
        assert!(token.matches("0C433D7E88EDC9A09C981DCF46313A1AAC23225F7187391826921F7B50098537"));
        assert!(!token.matches("0c433d7e"));
        assert!(!token.matches(""));
        assert_eq!(format!("{token:?}"), "HmacToken(…)");
    }
}
