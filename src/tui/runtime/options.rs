//! What the settings say to the screen.

use std::time::Duration;

use crate::domain;
use crate::domain::Profile;
use crate::operations::pending::PendingCreates;

/// What the screen is opened with.
pub struct Options {
    /// Every profile that there is.
    pub profiles: Vec<Profile>,
    /// What the user should know about the settings, in sentences.
    pub notices: String,
    /// The clipboard that is wished for.
    pub clipboard: domain::ClipboardChoice,
    /// How long a desktop's clipboard may hold a credential.
    pub clipboard_for: Duration,
    /// What is written down of creates.
    pub pending_creates: PendingCreates,
}
