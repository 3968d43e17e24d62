//! The words of the field: keys, secrets, queries. No I/O, no clock, no randomness of its own.

mod access_key;
mod base_url;
mod hmac;
mod key_id;
mod label;
mod profile;
mod query;
mod secret_key;
mod untrusted;

pub use access_key::{AccessKey, Status};
pub use base_url::{BaseUrl, BaseUrlError, PASSPORTAL_HOSTS};
pub use hmac::{HmacToken, hmac_token};
pub use key_id::{KeyId, KeyIdError};
pub use label::{Label, LabelError};
pub use profile::Profile;
pub use query::{Cursor, Filter, KeyQuery, Order, Sort};
pub use secret_key::{SecretKey, SecretKeyError};
pub use untrusted::Untrusted;
