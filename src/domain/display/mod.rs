//! How text and times are shown: what a terminal can show, and what of it is safe.

pub(super) mod ambiguous;
pub(super) mod charset;
pub(super) mod dates;
pub(super) mod local_time;
pub(super) mod theme;
pub(super) mod untrusted;
