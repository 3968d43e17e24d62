//! What the settings say to the page.

use crate::domain::Profile;
use crate::domain::key::fields::Columns;
use crate::operations::pending::PendingCreates;

/// What the page is opened with.
#[derive(Default)]
pub struct Options {
    /// Every profile that there is.
    pub profiles: Vec<Profile>,
    /// What the user should know about the settings, in sentences.
    pub notices: String,
    /// The columns of the list.
    pub columns: Columns,
    /// The journal of creates that are not settled.
    pub pending_creates: PendingCreates,
}
