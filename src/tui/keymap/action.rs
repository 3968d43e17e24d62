//! What the user wants.

use crate::operations::actions;
use crate::operations::actions::ActionId;
use crate::operations::permissions::ReadOnly;

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An action of the catalogue.
    Do(ActionId),
    Up,
    Down,
    PageUp,
    PageDown,
    /// Half a page.
    HalfUp,
    HalfDown,
    /// To the first row.
    Home,
    /// To the last row.
    End,
    /// Sort by a column, counted from 0; again: in reverse.
    SortBy(usize),
    CopySecret,
    /// Bring the Secret access key to a file or a command.
    SaveTo,
    /// Show or hide the Secret access key.
    ShowKey,
    HmacToken,
    /// Try the real exchange with the new secret.
    TestKey,
    /// Close the dialog that holds a secret.
    Close,
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
    /// Whether it only moves the selection or the focus.
    pub(crate) const fn moves(self) -> bool {
        use Action::{Down, End, HalfDown, HalfUp, Home, Left, Next, PageDown, PageUp, Previous, Right, Up};
        matches!(self, Up | Down | PageUp | PageDown | HalfUp | HalfDown | Home | End | Next | Previous | Left | Right)
    }

    /// Whether it is about the selected key.
    pub fn needs_key(self) -> bool {
        matches!(self, Self::Do(id) if actions::needs_key(id))
    }

    /// Whether it is offered where keys can't be changed, and why they can't.
    pub fn is_offered(self, read_only: Option<ReadOnly>) -> bool {
        !matches!(self, Self::Do(id) if read_only.is_some() && actions::changes_keys(id))
    }
}
