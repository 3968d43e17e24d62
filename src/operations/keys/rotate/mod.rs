//! Replacing a key by a new one, which works beside it for a while.

mod advice;
mod overlap;

pub(crate) use advice::{ADVICE_DAYS, Advice, advise};
pub use overlap::{Overlap, overlap};
