//! Who may sign in: administrators, their sessions, and how often they may try.

pub(super) mod administrators;
pub(super) mod sessions;
pub(super) mod tries;
