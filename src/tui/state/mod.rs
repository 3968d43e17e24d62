//! The state of the program, and what a press or a reply makes of it. No terminal, no network, no clock.

mod account;
mod bulk;
mod dialog;
mod guard;
mod help;
mod hints;
mod input;
mod keys;
mod list;
mod panes;
mod reveal;
mod rotation;
mod rows;
mod step;
mod time;
mod update;

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use secrecy::SecretString;

pub use crate::operations::tokens::key_test::TestState;
pub use crate::platform::clipboard::report::{CopyReport, What};
pub use account::admins::{AdminFocus, AdminForm, AdminFormKind, AdminRemoval, AdminStep, AdminsScreen};
pub use account::password::{PasswordDialog, PasswordFocus};
use account::profiles::LeftProfile;
pub use account::profiles::{ProfileState, ProfilesDialog};
pub use account::sessions::{EndQuestion, RevokeDialog, SessionsScreen};
pub use account::sign_in::{SignInDialog, SignInFocus};
pub use bulk::{
    BulkConfirm, BulkDialog, BulkFocus, BulkForm, BulkFormFocus, BulkOutcome, BulkProgress, BulkStage, KeyColumns,
};
pub use dialog::{CallState, CreateDialog, DeleteDialog, DeleteFocus, Dialog, EditDialog, FormAttempt, Question};
pub use guard::{Guard, PendingAction};
pub use help::{HelpDialog, HelpLine, PRESS};
pub use input::expiry_input::{ExpiryChoice, ExpiryInput};
pub use input::form::{Focus, KeyForm};
pub use keys::columns::ColumnsDialog;
pub use keys::due::ExpiringKeys;
pub use keys::export::{ExportDialog, ExportFocus, ExportOf, ExportStage, Reading};
pub use keys::hand_overs::{HandOverButton, HandOverQuestion, HandOvers};
pub use keys::history::{HistoryKey, HistoryScreen};
pub use keys::identify::{IdentifyButton, IdentifyDialog};
pub use keys::overview::OverviewScreen;
pub use keys::pending::{PendingCreateButton, PendingCreateDialog, UnresolvedCreates};
pub use keys::token::{TokenDialog, TokenFocus};
pub use keys::undo::{Undo, UndoOf};
pub use keys::usage::UsagePane;
pub use keys::views::ViewsDialog;
pub use keys::window::Window;
pub use list::{List, LoadFailure, Marks};
pub use panes::{DETAILS, DetailsPane, Panes, SMALLEST};
use panes::{WIDE_LIST, details_open_from};
pub use reveal::{Fate, News, Reveal, RevealButton, RevealOutcome, SHOWN_FOR};
pub use rotation::{
    Destination, NewSecretTarget, PairSide, RotateDialog, RotateFocus, RotationButton, RotationDialog, TargetKind,
};
pub use rows::Rows;
pub use step::{
    Delivery, HandOverFocus, HandOverStep, HandingOver, HmacFocus, HmacStep, Made, NotSaved, SaveFocus, SaveResult,
    SaveStep, SaveTarget, Saved, Saving, Step, StepOutcome, TTLS, TestButton, TestStep,
};
pub use time::clock::ClockReading;
pub use time::pace::{Pace, QUIET, Stage};
pub use time::waiting::Waiting;

use super::field::Field;
use super::keymap::{Action, Mode};
use crate::client::{Request, Server, Target};
use crate::config::NewSetting;
use crate::domain::key::fields::Columns;
use crate::domain::{AccessKey, Dates, KeyId, Order, Profile, Sort, Theme, View};
pub use crate::operations::deliver::{SaveContent, SaveKind};
use crate::operations::keys::bulk::BulkReport;
use crate::operations::permissions::{Permissions, ReadOnly};
use crate::operations::tokens::pair::KeyServer;
use crate::platform::surroundings::{Surroundings, Warning};

/// How long a first press waits for its second one.
const PRESSED_AGAIN: Duration = Duration::from_secs(5);

/// Everything that the screen shows.
#[derive(Debug, Default)]
pub struct State {
    pub list: List,
    /// What is on top of it.
    pub dialog: Option<Dialog>,
    /// What is on top of everything but a secret: the sign-in.
    pub sign_in: Option<SignInDialog>,
    /// What can be pressed in what is open, on top of everything.
    pub help: Option<HelpDialog>,
    /// The filter while it is typed.
    pub filter: Option<Field>,
    /// Whether the user opened or closed the details of the selected key; else they are open where there is room.
    pub details: Option<bool>,
    /// How many pages the details of a key were scrolled.
    scrolled: Option<(KeyId, i32)>,
    /// How the key was used whose details are open.
    pub usage: UsagePane,
    /// Whether this server was asked what is due.
    pub is_due_asked: bool,
    /// How many keys expire soon, as far as that is known.
    pub expiring: ExpiringKeys,
    /// Secrets that are handed over, and those that someone else tried to open.
    pub hand_overs: HandOvers,
    /// The columns of the list.
    pub columns: Columns,
    /// How times are told.
    pub dates: Dates,
    /// Whether the mouse is taken.
    pub mouse: MouseUse,
    /// The user's own views.
    pub views: Vec<View>,
    /// A sentence about the last thing that happened, until the next press.
    pub notice: Option<Notice>,
    /// The server that all this is about, once it is known.
    pub server: Option<Server>,
    /// The profile whose server is to be the next.
    pub connecting: Option<String>,
    /// Every profile that there is.
    pub profiles: Vec<Profile>,
    /// What was known of the servers of other profiles when they were left, by name.
    left: HashMap<String, LeftProfile>,
    /// What is between the program and its user, once it was looked at.
    pub surroundings: Option<Surroundings>,
    /// What is held back until it is known who would see it.
    pub guard: Option<Guard>,
    /// The warnings that need not be told again, until the next dialog with a secret.
    accepted: Vec<Warning>,
    /// When presses came.
    pub(crate) pace: Pace,
    /// The colours that are chosen; none on a terminal without.
    pub theme: Option<Theme>,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// A key is being created: the answer holds the only copy of its secret.
    pub creating: bool,
    /// The last change that was made here.
    pub undo: Option<Undo>,
    /// A key, as it was, whose change was sent and not answered: it may have been made.
    unanswered: Option<Box<AccessKey>>,
    /// What became of each key of the last act on many.
    pub report: Option<Rc<BulkReport>>,
    /// Until then an export begins with it.
    report_offered_until: Option<Instant>,
    /// The order that the list had before a view set its own, and that one.
    order_before_view: Option<[(Sort, Order); 2]>,
    /// What is done if it is pressed once more, and when it was pressed.
    again: Option<(Action, Instant)>,
    /// A key that another administrator changed while its dialog was open: as it was read, and as it is; and whether an undo was asked for.
    conflict: Option<Box<(AccessKey, AccessKey, bool)>>,
    /// What the server is asked for and has not answered.
    pub waiting: Option<Waiting>,
    /// The user wants to suspend it: as soon as nothing would be lost.
    pub suspending: bool,
    /// Key creations whose outcome is not known.
    pub unsettled: UnresolvedCreates,
    /// Whether the program is about to end.
    pub exit: ExitState,
}

/// Whether the mouse is taken, or left to the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseUse {
    #[default]
    Off,
    On,
}

/// Whether the program is about to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExitState {
    #[default]
    No,
    /// The user asked for it: as soon as nothing would be lost.
    Asked,
    /// The terminal is gone or the system ends it: nothing can be shown or asked any more.
    Forced,
}

/// A sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
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
    /// Put this on the clipboard.
    Copy(What, SecretString),
    /// Put a space over what was copied.
    Overwrite,
    /// Look who would see a secret, and where a copy would go.
    Look,
    /// Try where a new secret is to go, before there is one.
    Try(SaveTarget),
    /// Bring a secret or a list to a file or a command.
    Deliver(SaveTarget, SaveContent),
    /// Stop that.
    StopDelivery,
    /// Write a setting into the settings file, and say what was done.
    Keep(NewSetting, String),
    /// Leave; with a reason if it was not the user's wish.
    Quit(Option<String>),
}

impl From<Request> for Effect {
    fn from(request: Request) -> Self {
        Self::Send(request)
    }
}

impl State {
    /// The state at the start, and the first question to the server.
    pub fn new(size: (u16, u16), columns: Columns) -> (Self, Effect) {
        let mut state = Self { columns, size, ..Self::default() };
        state.set_list_room();
        let first = state.list.open(None);
        (state, first.into())
    }

    /// Takes what the settings say: the profiles, and what the user should know about them.
    pub fn begin(&mut self, profiles: Vec<Profile>, notices: &str) {
        self.profiles = profiles;
        if !notices.is_empty() {
            self.say(notices);
        }
    }

    /// What presses mean now: computed from what is open.
    pub fn mode(&self) -> Mode {
        if self.help.is_some() { Mode::Help } else { self.open_mode() }
    }

    /// What presses mean in what is open, without the help on top of it.
    pub(crate) fn open_mode(&self) -> Mode {
        match &self.dialog {
            _ if self.signing_in().is_some() => Mode::Form,
            _ if self.guarding().is_some() => Mode::Question,
            Some(dialog) => dialog.mode(),
            None if self.exit != ExitState::No || self.connecting.is_some() => Mode::Leaving,
            None if self.filter.is_some() => Mode::Filter,
            None => Mode::List,
        }
    }

    /// Where the parts of the page stand.
    pub fn panes(&self) -> Panes {
        Panes::new(self.size.0, self.size.1, self.shows_details().then(|| self.details_open_from()))
    }

    /// How many pages the details of a key were scrolled: each begins with the first.
    pub(crate) fn details_page(&self, id: &KeyId) -> i32 {
        self.scrolled.as_ref().filter(|(of, _)| of == id).map_or(0, |(_, page)| *page)
    }

    fn details_open_from(&self) -> u16 {
        details_open_from(&self.columns, self.dates)
    }

    /// The cells of the list that what comes after the details leaves alone: on a wider screen they are where the details
    /// open by themselves, and no column that is there would have to go.
    pub(crate) fn kept_for_details(&self) -> u16 {
        if self.details.is_none() && !self.shows_details() { DETAILS } else { 0 }
    }

    /// Whether the list may have the strips of use: chosen, or where there may be room for them.
    pub(crate) fn shows_uses(&self, panes: Panes) -> bool {
        let has_room = || panes.list_width >= WIDE_LIST + self.kept_for_details();
        self.columns.has("daily_uses") && (self.columns.are_chosen() || has_room())
    }

    /// Tells a list that nothing was asked for yet how much room it has.
    pub(crate) fn set_list_room(&mut self) {
        let panes = self.panes();
        (self.list.height, self.list.uses) = (usize::from(panes.list), self.shows_uses(panes));
    }

    /// Whether the details are open. By themselves only if there is a key to tell of.
    pub(crate) fn shows_details(&self) -> bool {
        let has_keys = || self.list.window.as_ref().is_some_and(|window| !window.is_empty());
        self.details.unwrap_or_else(|| self.size.0 >= self.details_open_from() && has_keys())
    }

    /// When something changes by itself; never if none.
    pub fn next_wake(&self, now: ClockReading) -> Option<Instant> {
        let countdown = match &self.dialog {
            Some(Dialog::Reveal(reveal)) => reveal.next_wake(now),
            Some(Dialog::Bulk(bulk)) => bulk.next_wake(),
            Some(Dialog::Rotation(dialog)) => dialog.next_wake(),
            Some(Dialog::Token(token)) => token.step.as_ref().and_then(|step| step.next_wake(now)),
            _ => None,
        };
        let waiting = self.waiting.as_ref().map(|waiting| waiting.next_wake(now));
        let is_due = self.wants_due() || self.wants_expiring();
        let (due, handed) = (is_due.then_some(now.at), self.hand_overs_due().then_some(now.at));
        [due, countdown, waiting, self.list.next_wake(), self.usage_due(now), self.refusals_due(now), handed]
            .into_iter()
            .flatten()
            .min()
    }

    /// The sign-in, if it is on screen: a secret that is seen once is closed first.
    pub const fn signing_in(&self) -> Option<&SignInDialog> {
        match &self.dialog {
            Some(Dialog::Reveal(_)) => None,
            _ => self.sign_in.as_ref(),
        }
    }

    /// Why keys can't be changed here, if so.
    pub fn read_only(&self) -> Option<ReadOnly> {
        ReadOnly::of(self.server.as_ref()?)
    }

    /// What may be done here.
    pub fn permissions(&self) -> Permissions {
        self.server.as_ref().map(Permissions::of).unwrap_or_default()
    }

    /// The server that knows the keys of the list.
    fn key_server(&self) -> KeyServer {
        let target = Target::Socket("api.sock".into());
        let unknown = || KeyServer { at: None, target, name: String::new(), may_look: false };
        self.server.as_ref().map_or_else(unknown, KeyServer::of)
    }

    /// The step of two or three that is open.
    fn step(&mut self) -> Option<&mut Step> {
        match &mut self.dialog {
            Some(Dialog::Reveal(reveal)) => reveal.step.as_mut(),
            Some(Dialog::Token(token)) => token.step.as_mut(),
            _ => None,
        }
    }

    /// Takes back what is no longer so.
    pub(crate) fn retract(&mut self, words: &str) {
        if let Some(notice) = &mut self.notice
            && notice.text.contains(words)
        {
            let rest = notice.text.replace(words, "");
            rest.trim().clone_into(&mut notice.text);
            self.notice = self.notice.take().filter(|notice| !notice.text.is_empty());
        }
    }

    /// Whether this was pressed a moment ago too: for what a slip of the finger must not do, and that isn't worth a dialog.
    fn is_pressed_again(&mut self, action: Action) -> bool {
        let (before, now) = (self.again.take(), self.pace.last());
        let is_again = before
            .zip(now)
            .is_some_and(|((what, at), now)| what == action && now.saturating_duration_since(at) < PRESSED_AGAIN);
        self.again = now.filter(|_| !is_again).map(|now| (action, now));
        is_again
    }

    fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), is_error: false });
    }

    fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), is_error: true });
    }
}
