//! What the settings say to the page.

use crate::domain::Profile;
use crate::operations::pending::PendingCreates;

/// What the page is opened with.
#[derive(Default)]
pub struct Options {
    /// Every profile that there is.
    pub profiles: Vec<Profile>,
    /// What the user should know about the settings, in sentences.
    pub notices: String,
    /// The journal of creates that are not settled.
    pub pending_creates: PendingCreates,
}
