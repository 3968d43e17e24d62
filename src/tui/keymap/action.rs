//! What the user can want.

use crate::domain::Sort;

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first row.
    Home,
    /// To the last row.
    End,
    /// Sort by this, or turn the order around.
    SortBy(Sort),
    /// Sort by the next column.
    SortNext,
    /// Turn the order around.
    SortFlip,
    /// Type a filter.
    Filter,
    /// Show only the next status.
    FilterStatus,
    /// Ask the server again.
    Refresh,
    /// Open or close the details.
    Details,
    /// Open the dialog that creates a key.
    Create,
    /// Open the confirmation that deletes the selected key.
    Delete,
    /// Open the question that activates or deactivates the selected key.
    Switch,
    /// Edit label and expiry of the selected key.
    Edit,
    /// Copy the Access key ID.
    CopyId,
    /// Copy the Secret access key.
    CopySecret,
    /// Overwrite the clipboard with a space.
    Overwrite,
    /// Bring the Secret access key to a file or a command.
    SaveTo,
    /// Show or hide the Secret access key.
    ShowKey,
    /// Make an HMAC token of the new secret.
    HmacToken,
    /// Try the real exchange with the new secret.
    TestKey,
    /// Open the page for a key made earlier or elsewhere.
    Tokens,
    /// Choose another profile.
    Profiles,
    /// End the session.
    SignOut,
    /// Close the dialog that holds a secret.
    Close,
    /// Show every binding.
    Help,
    /// Leave.
    Quit,
    /// Make way for the shell, for a while.
    Suspend,
    /// Back, without doing anything.
    Cancel,
    /// Do what is focused.
    Submit,
    /// To the next field or button.
    Next,
    /// To the field or button before.
    Previous,
    /// The choice to the left.
    Left,
    /// The choice to the right.
    Right,
}

impl Action {
    /// Whether it changes keys: a profile that is read-only has no such thing.
    #[must_use]
    pub const fn changes_keys(self) -> bool {
        matches!(self, Self::Create | Self::Delete | Self::Switch | Self::Edit)
    }
}
