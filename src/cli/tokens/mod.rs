//! Steps two and three: the HMAC token, the exchange, and a test of the access token.

pub(super) mod hmac;
pub(super) mod secret;
pub(super) mod token;
pub(super) mod verify;
