//! What the store promises about administrators.

pub(crate) mod administrators;
pub(crate) mod sessions;
