//! HMAC tokens and access tokens: steps two and three of the HTTP contract, for one access key.

pub(crate) mod exchange;
pub mod hmac;
pub mod key_test;
pub mod pair;
