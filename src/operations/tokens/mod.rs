//! HMAC tokens and access tokens: steps two and three of the HTTP contract, for one access key.

pub mod hmac;
pub mod key_test;
pub mod pair;
