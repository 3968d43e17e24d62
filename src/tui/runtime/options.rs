//! What the settings say to the page.

use crate::config::SettingsFile;
use crate::domain::key::fields::Columns;
use crate::domain::{Dates, Profile, View};
use crate::operations::keys::pending::PendingCreates;

/// What the page is opened with.
#[derive(Default)]
pub struct Options {
    /// Every profile that there is.
    pub profiles: Vec<Profile>,
    /// What the user should know about the settings, in sentences.
    pub notices: String,
    /// The columns of the list.
    pub columns: Columns,
    /// How times are told.
    pub dates: Dates,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// The user's own views.
    pub views: Vec<View>,
    /// Where settings that are changed on the page are kept.
    pub settings: SettingsFile,
    /// The journal of creates that are not settled.
    pub pending_creates: PendingCreates,
}
