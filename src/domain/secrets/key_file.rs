//! Files of keys and certificates in forms that are not read here.

/// A form that another tool can turn into PEM without encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileForm {
    #[error(
        "is encrypted, which is not supported: decrypt it with openssl pkey -in FILE -out NEW, into a file that only you can read"
    )]
    Encrypted,
    #[error("is PKCS#12 (.p12, .pfx): convert it to PEM with openssl pkcs12 -in FILE -noenc -out NEW")]
    Pkcs12,
    #[error(
        "is DER: convert it to PEM with openssl x509 -inform DER (a certificate) or openssl pkey -inform DER (a key)"
    )]
    Der,
}

impl KeyFileForm {
    /// The form of a file, if it is one of these.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let has = |part: &[u8]| bytes.windows(part.len()).any(|at| at == part);
        // A sequence of ASN.1 whose length takes more than one byte. That of PKCS#12 begins with the version 3 (RFC 7292).
        let content = match bytes {
            [0x30, 0x80, rest @ ..] | [0x30, 0x81, _, rest @ ..] | [0x30, 0x82, _, _, rest @ ..] => Some(rest),
            _ => None,
        };
        match content {
            Some([0x02, 0x01, 0x03, 0x30, ..]) => Some(Self::Pkcs12),
            Some(_) => Some(Self::Der),
            None if has(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || has(b"Proc-Type: 4,ENCRYPTED") => {
                Some(Self::Encrypted)
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::secrets::key_file::*;

    #[test]
    fn forms_are_known_by_their_first_bytes() {
        for (bytes, form) in [
            (&b"-----BEGIN CERTIFICATE-----\nMII"[..], None),
            (b"0x", None),
            (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII", Some(KeyFileForm::Encrypted)),
            (b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", Some(KeyFileForm::Encrypted)),
            (b"\x30\x82\x09\x1f\x02\x01\x03\x30\x82", Some(KeyFileForm::Pkcs12)),
            (b"\x30\x80\x02\x01\x03\x30\x80", Some(KeyFileForm::Pkcs12)),
            (b"\x30\x82\x02\x5c\x02\x01\x00\x02\x81", Some(KeyFileForm::Der)),
        ] {
            assert_eq!(KeyFileForm::of(bytes), form, "{bytes:?}");
        }
    }
}
