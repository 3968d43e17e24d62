//! The state of the program, and what a press or a reply makes of it. No terminal, no network, no clock.

mod copy;
mod dialog;
mod form;
mod list;
mod moment;
mod panes;
mod reveal;
mod turns;
mod window;

use std::time::Instant;

pub use copy::{CopyReport, Way, What};
pub use dialog::{Call, CreateDialog, DeleteDialog, Dialog, EditDialog, Question};
pub use form::{Expiry, Focus, KeyForm};
pub use list::{List, Trouble};
pub use moment::Moment;
pub use panes::{DetailsPane, Panes, SMALLEST};
pub use reveal::{Outcome, Reveal, RevealButton, SHOWN_FOR};
pub use window::Window;

use super::field::Field;
use super::keymap::Mode;
use crate::api::Request;
use crate::model::{KeyId, SecretKey};

/// Everything that the screen shows.
#[derive(Debug)]
pub struct App {
    /// The list of keys.
    pub list: List,
    /// What stands on top of it.
    pub dialog: Option<Dialog>,
    /// The filter while it is typed.
    pub filter: Option<Field>,
    /// Whether the details of the selected key are open.
    pub details: bool,
    /// A sentence about the last thing that happened, until the next press.
    pub notice: Option<Notice>,
    /// The server's name for the screen, once it is known.
    pub server: Option<String>,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// A create is under way: its answer holds the only copy of a secret.
    pub creating: bool,
    /// Whether the program is about to end.
    pub exit: Exit,
}

/// Whether the program is about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It is not.
    No,
    /// The user asked for it: as soon as nothing would be lost.
    Asked,
    /// The terminal is gone or the system told it: nothing can be shown or asked any more.
    Told,
}

/// A sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The sentence.
    pub text: String,
    /// Whether it tells of a failure.
    pub is_error: bool,
}

/// What must happen outside the state.
#[derive(Debug)]
#[must_use]
pub enum Effect {
    /// Ask the server.
    Send(Request),
    /// Put a secret on the clipboard.
    CopySecret(SecretKey),
    /// Put an ID on the clipboard.
    CopyId(KeyId),
    /// Leave; with a reason if it was not the user's wish.
    Quit(Option<String>),
}

impl From<Request> for Effect {
    fn from(request: Request) -> Self {
        Self::Send(request)
    }
}

impl App {
    /// The state at the start, and the first question to the server.
    pub fn new(size: (u16, u16)) -> (Self, Effect) {
        let mut app = Self {
            list: List::default(),
            dialog: None,
            filter: None,
            details: false,
            notice: None,
            server: None,
            size,
            creating: false,
            exit: Exit::No,
        };
        app.list.height = usize::from(app.panes().list);
        let first = app.list.open(None);
        (app, first.into())
    }

    /// What presses mean now: computed from what is open.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match &self.dialog {
            Some(dialog) => dialog.mode(),
            None if self.exit != Exit::No => Mode::Leaving,
            None if self.filter.is_some() => Mode::Filter,
            None => Mode::List,
        }
    }

    /// Where the parts of the page stand.
    #[must_use]
    pub const fn panes(&self) -> Panes {
        Panes::new(self.size.0, self.size.1, self.details)
    }

    /// When something changes by itself; never if none.
    #[must_use]
    pub fn next_wake(&self, now: Moment) -> Option<Instant> {
        let countdown = match &self.dialog {
            Some(Dialog::Reveal(reveal)) => reveal.next_wake(now),
            _ => None,
        };
        [countdown, self.list.next_wake()].into_iter().flatten().min()
    }

    fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), is_error: false });
    }

    fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), is_error: true });
    }
}
