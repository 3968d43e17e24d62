//! What was listed last: numbers are about it.

use crate::client::{AdminEntry, EventsRequest, Handover, SessionEntry};
use crate::domain::{CursorToken, KeyId, KeyQuery};
use crate::operations::keys::activity::history::EventQuestion;

/// What was listed, and what follows.
#[derive(Default)]
pub(crate) struct Listing {
    pub(crate) query: KeyQuery,
    /// The keys by their numbers.
    pub(crate) shown: Vec<KeyId>,
    pub(crate) total: Option<u64>,
    pub(crate) after: Option<CursorToken>,
    /// Whether any keys were listed yet.
    pub(crate) is_begun: bool,
    pub(crate) administrators: Vec<AdminEntry>,
    pub(crate) sessions: Vec<SessionEntry>,
    pub(crate) handovers: Vec<Handover>,
    /// The events that were told last, and where older ones begin.
    pub(crate) events: Option<(EventQuestion, EventsRequest)>,
}
