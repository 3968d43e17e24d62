//! Secrets and what is made of them: keys, tokens, and the forms in which they are handed on.

pub(super) mod access_token;
pub(super) mod content;
pub mod credential_kind;
pub(super) mod credentials;
pub(super) mod curl;
pub(super) mod handover;
pub(super) mod hmac;
pub(super) mod key_file;
pub(super) mod leaks;
pub(super) mod redact;
pub(super) mod sealed;
pub(super) mod secret_key;
pub(super) mod stack;
