//! What the user wants.

use crate::operations::actions;
use crate::operations::actions::{ACTIONS, ActionId};
use crate::operations::permissions::{Permissions, ReadOnly};

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
    /// Choose what has this number.
    Choose(usize),
    CopySecret,
    /// Copy the access key ID and its secret.
    CopyPair,
    /// Close the dialog of a new key, and create another one.
    CreateAnother,
    /// Delete one of the user's own views.
    RemoveView,
    /// Bring the Secret access key to a file or a command.
    SaveTo,
    /// Hand the Secret access key over to someone else.
    HandOver,
    /// Show or hide the Secret access key.
    ShowKey,
    HmacToken,
    /// Try the real exchange with the new secret.
    TestKey,
    /// Close the dialog that holds a secret.
    Close,
    Suspend,
    /// What presses mean in what is open.
    KeyHelp,
    /// Back, without doing anything.
    Cancel,
    /// Add an administrator.
    AddAdmin,
    /// Change the selected administrator's role.
    ChangeRole,
    /// Set the selected administrator's password.
    SetPassword,
    /// Remove the selected administrator.
    RemoveAdmin,
    /// Show the selected administrator's sessions.
    ShowSessions,
    /// End the selected session.
    EndSession,
    /// End all sessions of the selected one's administrator.
    EndAllSessions,
    /// End the old key of a rotation.
    FinishRotation,
    /// Delete the new key of a rotation.
    UndoRotation,
    /// Show the other key of a rotation.
    OtherKey,
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
    /// Mark or unmark the selected key.
    Mark,
    /// Begin or end a range of marks.
    MarkRange,
    /// Mark all keys that match.
    MarkAll,
    /// Show more of the details.
    MoreDetails,
    /// Show what is before it in the details.
    LessDetails,
}

/// What an action of the list is about: the help has them in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    Keys,
    List,
    Server,
    Program,
}

impl Action {
    /// What it is about.
    pub(crate) const fn topic(self) -> Topic {
        use ActionId::{
            Admins, ClearClipboard, Columns, Dates, Due, Events, Export, Filter, FilterStatus, Help, List, Mouse,
            Overview, Password, Profiles, Quit, ReverseSort, Revoke, Sessions, SignOut, Sort, Theme, Views,
        };
        match self {
            Self::Do(
                Export | Filter | FilterStatus | Sort | ReverseSort | List | Views | Overview | Columns | Dates | Due,
            ) => Topic::List,
            Self::Do(Profiles | SignOut | Password | Admins | Sessions | Revoke | Events) => Topic::Server,
            Self::Do(Help | Quit | Theme | Mouse | ClearClipboard) | Self::Suspend => Topic::Program,
            Self::Do(_) => Topic::Keys,
            _ => Topic::List,
        }
    }

    /// Whether it only moves the selection or the focus.
    pub(crate) const fn moves(self) -> bool {
        use Action::{Down, End, HalfDown, HalfUp, Home, Left, Next, PageDown, PageUp, Previous, Right, Up};
        matches!(self, Up | Down | PageUp | PageDown | HalfUp | HalfDown | Home | End | Next | Previous | Left | Right)
    }

    /// Whether it is about the selected row: a key, an administrator or a session.
    pub fn needs_row(self) -> bool {
        use Action::{ChangeRole, EndAllSessions, EndSession, RemoveAdmin, SetPassword, ShowSessions};
        match self {
            Self::Do(id) => actions::needs_key(id),
            _ => matches!(self, ChangeRole | SetPassword | RemoveAdmin | ShowSessions | EndSession | EndAllSessions),
        }
    }

    /// Whether it is offered, as far as permissions go.
    pub fn is_offered(self, permissions: Permissions) -> bool {
        use Action::{
            AddAdmin, ChangeRole, EndAllSessions, EndSession, Mark, MarkAll, MarkRange, RemoveAdmin, SetPassword,
        };
        match self {
            Mark | MarkRange | MarkAll => permissions.read_only.is_none(),
            Self::Do(id) => ACTIONS.iter().all(|one| one.id != id || one.is_offered(permissions)),
            AddAdmin | ChangeRole | SetPassword | RemoveAdmin | EndSession | EndAllSessions => {
                permissions.read_only != Some(ReadOnly::Profile) // an auditor may end their own sessions
            }
            _ => true,
        }
    }
}
