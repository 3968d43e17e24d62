//! Updates: one event in, at most one effect out.

mod actions;
mod admins;
mod bulk;
mod filter;
mod history;
mod replies;
mod rotation;
mod servers;
mod too_small;
mod undo;

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use crate::client::Request;
use crate::domain::sentence;

use super::{
    AdminStep, ClockReading, Dialog, Effect, ExitState, Fate, HelpDialog, MouseUse, PendingAction, SaveKind,
    SaveResult, State, Step,
};
use crate::operations::actions::ActionId;
use crate::platform::clipboard::report::{CopyReport, What};
use crate::platform::decoder::NOT_UTF8;
use crate::tui::keymap;
use crate::tui::keymap::Action;
use crate::tui::state::input::text_input::TextInput;

/// Coming back to the terminal refreshes rows that are older than this.
const STALE: Duration = Duration::from_secs(5);

/// After a change that can be taken back.
const UNDO: &str = "Undo with u.";
const NOT_UTF8_INPUT: &str = "That was not UTF-8 and was ignored: set the terminal's encoding to UTF-8.";
/// Said in a dialog that holds a secret or confirms.
pub(crate) const TOO_FAST: &str = "Ignored: pressed too fast to be typed. Press it again.";
const OTHER_LAYOUT: &str = "The keys are Latin letters (? lists them): switch the keyboard layout.";

impl State {
    /// Takes an event of the terminal.
    pub fn on_input(&mut self, event: Event, now: ClockReading) -> Option<Effect> {
        let was_telling = self.is_telling();
        let effect = self.on_event(event, now);
        // While a filter is typed each press takes the last words away.
        if self.filter.is_none()
            && let Some(words) = self.list.take_unmarked()
            && self.notice.is_none()
        {
            self.say(words);
        }
        self.note_waiting(now);
        if was_telling && !self.is_telling() {
            self.settle();
            self.ask_about_left_over();
        }
        effect
    }

    fn on_event(&mut self, event: Event, now: ClockReading) -> Option<Effect> {
        match event {
            Event::Key(key) if self.is_too_small() => {
                self.pace.note(now.at);
                self.on_unseen_press(key, now)
            }
            Event::Key(key) => self.on_press(key, now),
            Event::Paste(text) => {
                self.pace.note(now.at);
                if self.is_too_small() { None } else { self.on_paste(&text) }
            }
            Event::FocusLost => {
                self.hide_secret();
                None
            }
            Event::FocusGained if self.list.is_older_than(STALE, now) && !self.list.is_loading() => {
                Some(self.list.refresh().into())
            }
            Event::Resize(width, height) => self.on_resize((width, height)),
            Event::FocusGained | Event::Mouse(_) => None,
        }
    }

    /// Takes the screen's new size. A shown secret hides: its old place may scroll out of our reach.
    pub fn on_resize(&mut self, size: (u16, u16)) -> Option<Effect> {
        if size == self.size {
            return None;
        }
        self.hide_secret();
        self.size = size;
        self.fit_list()
    }

    /// Does what is due by the clock.
    pub fn on_time(&mut self, now: ClockReading) -> Option<Effect> {
        let effect = self.on_clock(now);
        self.note_waiting(now);
        effect
    }

    fn on_clock(&mut self, now: ClockReading) -> Option<Effect> {
        match &mut self.dialog {
            Some(Dialog::Reveal(reveal)) => {
                reveal.on_time(now);
                if let Some(effect) = reveal.begin_delivery() {
                    return Some(self.guarded(effect));
                }
            }
            Some(Dialog::Rotation(dialog)) => {
                if let Some(request) = dialog.on_time(now) {
                    return Some(request.into());
                }
            }
            Some(Dialog::Bulk(dialog)) if dialog.next_wake().is_some_and(|at| at <= now.at) => {
                let outcome = dialog.on_time(now);
                return self.on_bulk(outcome, now);
            }
            _ => {
                if let Some(step) = self.step() {
                    step.on_time(now);
                }
            }
        }
        let asked = self.ask_due().or_else(|| self.ask_usage(now)).or_else(|| self.ask_refusals(now));
        asked.or_else(|| self.list.on_time(now)).or_else(|| self.ask_hand_overs()).map(Effect::from)
    }

    /// Takes what came of a copy.
    pub fn on_copied(&mut self, what: What, report: CopyReport) {
        if let Some(Dialog::Reveal(reveal)) = &mut self.dialog {
            reveal.on_copied(what, report);
        } else if let Some(step) = self.step() {
            step.on_copied(what, report);
        } else {
            let text = if self.size.0 < 80 { report.brief(what) } else { report.sentence(what) };
            if report.is_failure() { self.complain(text) } else { self.say(text) }
        }
    }

    /// Takes what came of a delivery of this kind.
    pub fn on_delivered(&mut self, kind: SaveKind, delivered: SaveResult) {
        if kind == SaveKind::List {
            return self.on_exported(delivered);
        }
        if let Some(Dialog::Reveal(reveal)) = &mut self.dialog {
            let is_kept = delivered.as_ref().is_ok_and(|saved| saved.fate() == Fate::Kept);
            reveal.on_delivered(delivered);
            if is_kept {
                self.settle(); // it was delivered: a start after a crash has nothing to ask
            }
        }
    }

    /// Takes what came of writing a setting. What is on the page is as it was chosen, kept or not.
    pub fn on_kept(&mut self, done: &str, kept: Result<(), String>) {
        match kept {
            Ok(()) => self.say(format!("{done} Settings saved.")),
            Err(error) => self.complain(sentence(&format!("{done} Not saved: {error}"))),
        }
    }

    /// The terminal or the system asks to end: as the user would, but no question can be answered.
    pub fn on_stop(&mut self) -> Option<Effect> {
        self.hide_secret();
        self.suspending = false;
        self.exit = ExitState::Forced;
        if self.creating && self.sign_in.take().is_some() {
            return Some(Request::GiveUp.into()); // the request waits for a sign-in that can't come any more
        }
        (!self.creating).then_some(Effect::Quit(None))
    }

    /// The user or the system asks to suspend the program. A shown secret hides at once.
    pub fn on_suspend(&mut self) {
        self.hide_secret();
        self.suspending = true;
    }

    /// Whether it can suspend now: the reply to a key's creation is waited for, since it would time out while the
    /// program is stopped. A create request that waits for a sign-in hasn't been sent yet.
    pub const fn may_suspend(&self) -> bool {
        self.suspending && (!self.creating || self.signing_in().is_some())
    }

    /// The program continues; or it could not stop, because no shell could continue it.
    pub fn on_resume(&mut self, stopped: bool) {
        self.suspending = false;
        self.hide_secret();
        if !stopped {
            self.complain("Can't suspend: no job-control shell.");
        }
    }

    /// Whether the mouse is taken now. While a secret or a token is shown it is the terminal's, which selects text with
    /// it.
    pub fn takes_mouse(&self) -> bool {
        let shows = |step: Option<&Step>| matches!(step, Some(Step::Hmac(step)) if step.made.is_some());
        let shows_secret = match &self.dialog {
            Some(Dialog::Reveal(reveal)) => reveal.shown_until.is_some() || shows(reveal.step.as_ref()),
            Some(Dialog::Token(token)) => shows(token.step.as_ref()),
            _ => false,
        };
        self.mouse == MouseUse::On && !shows_secret && !self.is_too_small()
    }

    /// Explains the presses of what is open, or closes that. A shown secret hides below it.
    fn open_help(&mut self) {
        self.hide_secret();
        self.help = if self.help.is_some() { None } else { Some(HelpDialog::new(self.open_mode())) };
    }

    /// Moves the focus to the next field or button, if there is one.
    pub(crate) fn move_focus(&mut self, now: ClockReading) -> Option<Effect> {
        if self.signing_in().is_some() {
            self.act_in_sign_in(Action::Next)
        } else if self.guarding().is_some() {
            self.act_in_guard(Action::Next, now)
        } else {
            self.act_in_dialog(Action::Next, now)
        }
    }

    /// Hides what is shown of a secret or a token.
    pub fn hide_secret(&mut self) {
        // What was about to be shown is not.
        if self.guarding().is_none()
            && self
                .guard
                .as_ref()
                .is_some_and(|guard| matches!(guard.holds, PendingAction::Show | PendingAction::HandOver))
        {
            self.guard = None;
        }
        match &mut self.dialog {
            Some(Dialog::Reveal(reveal)) => reveal.hide(),
            _ => {
                if let Some(step) = self.step() {
                    step.hide();
                }
            }
        }
    }

    pub(crate) fn fit_list(&mut self) -> Option<Effect> {
        let panes = self.panes();
        let uses = self.shows_uses(panes);
        self.list.resize(usize::from(panes.list), uses).map(Effect::from)
    }

    fn on_press(&mut self, key: KeyEvent, now: ClockReading) -> Option<Effect> {
        // Alt with another key means nothing here, but with Backspace, which deletes a word.
        if key.modifiers.contains(KeyModifiers::ALT) && key.code != KeyCode::Backspace {
            self.pace.note(now.at);
            return None;
        }
        let action = keymap::action(self.mode(), key);
        self.notice = None;
        let is_in_list = self.dialog.is_none() && self.signing_in().is_none() && self.help.is_none();
        if !self.pace.admits(self.stage(), is_in_list, self.weight(action), now.at) {
            self.complain(TOO_FAST);
            return None;
        }
        let goes_on = self.help.is_none() && !matches!(action, Some(Action::Submit | Action::Cancel | Action::KeyHelp));
        let sign_in = self.sign_in.as_mut().map(|dialog| &mut dialog.call);
        for call in sign_in.into_iter().chain(self.dialog.as_mut().and_then(Dialog::call)) {
            call.forget_invalid();
            if goes_on {
                call.forget_failed();
            }
        }
        if key.code == NOT_UTF8 {
            self.complain(NOT_UTF8_INPUT);
            return None;
        }
        let is_answer = self.guarding().is_some(); // what was held back continues
        let effect = match action {
            Some(action) => self.act_on(action, now),
            None => self.type_into_field(key),
        };
        if self.dialog.is_none() {
            self.guard = None; // what a closed dialog held is gone
        }
        effect.map(|effect| if is_answer { effect } else { self.guarded(effect) })
    }

    /// Does what a press means, in whatever is open.
    pub(crate) fn act_on(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        match action {
            Action::Do(ActionId::Quit) => return self.leave(now),
            Action::Suspend => self.on_suspend(),
            Action::KeyHelp => self.open_help(),
            _ if self.help.is_some() => return self.act_in_help(action, now),
            _ if self.signing_in().is_some() => return self.act_in_sign_in(action),
            _ if self.guarding().is_some() => return self.act_in_guard(action, now),
            _ if self.dialog.is_some() => return self.act_in_dialog(action, now),
            _ if self.filter.is_some() => return self.act_in_filter(action),
            _ => return self.act_in_list(action, now),
        }
        None
    }

    fn on_paste(&mut self, text: &str) -> Option<Effect> {
        if self.takes_filter() {
            return self.paste_into_filter(text);
        }
        self.text_input()?.paste(text);
        None
    }

    fn type_into_field(&mut self, key: KeyEvent) -> Option<Effect> {
        if self.takes_filter() && self.filter.is_some() {
            self.filter.as_mut()?.press(key);
            return self.apply_filter();
        }
        // Where nothing is typed it is no character.
        if key.code == KeyCode::Char('?')
            && !self.takes_filter()
            && self.text_input().is_none_or(|input| input.field().is_none())
        {
            self.open_help();
            return None;
        }
        match self.text_input() {
            Some(input) => {
                input.press(key);
            }
            None if matches!(key.code, KeyCode::Char(c) if c.is_alphabetic() && !c.is_ascii()) => {
                self.complain(OTHER_LAYOUT);
            }
            None => {
                if let KeyCode::Char(c @ '!'..='~') = key.code {
                    let control = if key.modifiers.contains(KeyModifiers::CONTROL) { "Ctrl-" } else { "" };
                    self.say(format!("{control}{c} does nothing here. ? shows the help."));
                }
            }
        }
        None
    }

    const fn takes_filter(&self) -> bool {
        self.dialog.is_none() && self.sign_in.is_none() && self.help.is_none()
    }

    /// What takes text now, besides the filter. Nothing in a dialog that waits for an answer.
    fn text_input(&mut self) -> Option<&mut dyn TextInput> {
        if self.help.is_some() {
            return self.help.as_mut().map(|help| help as _);
        }
        if self.signing_in().is_some() {
            return self.sign_in.as_mut().map(|dialog| dialog as _);
        }
        let dialog = self.dialog.as_mut()?;
        if dialog.call().is_some_and(|call| call.is_sent()) {
            return None;
        }
        match dialog {
            Dialog::Token(token) => {
                if token.step.is_none() {
                    Some(&mut **token)
                } else {
                    token.step.as_mut()?.text_input()
                }
            }
            Dialog::Reveal(reveal) => reveal.step.as_mut()?.text_input(),
            Dialog::Create(dialog) => Some(&mut dialog.form),
            Dialog::Edit(dialog) => Some(&mut dialog.form),
            Dialog::Rotate(dialog) => Some(&mut **dialog),
            Dialog::Export(dialog) => Some(&mut **dialog),
            Dialog::Views(dialog) => dialog.naming.as_mut().map(|(typed, _)| typed as _),
            Dialog::Delete(dialog) => Some(dialog),
            Dialog::Password(dialog) => Some(&mut **dialog),
            Dialog::Identify(dialog) => Some(&mut **dialog),
            Dialog::Revoke(dialog) => Some(&mut dialog.typed),
            Dialog::Admins(screen) => screen.step.as_mut().map(AdminStep::text_input),
            Dialog::Profiles(dialog) => Some(dialog),
            Dialog::History(screen) => screen.typed.as_mut().map(|typed| typed as _),
            Dialog::Bulk(dialog) => dialog.text_input(),
            _ => None,
        }
    }

    /// Leaves, unless an answer or a question comes first.
    pub(crate) fn leave(&mut self, now: ClockReading) -> Option<Effect> {
        self.exit = ExitState::Asked;
        self.guard = None;
        if self.creating {
            return self.sign_in.take().map(|_| Request::GiveUp.into());
        }
        if matches!(self.dialog, Some(Dialog::Reveal(_))) {
            let effect = self.act_in_dialog(Action::Close, now);
            if self.step().is_some() {
                self.exit = ExitState::No; // a delivery is stopped first, and then the secret is here again
            }
            return effect;
        }
        Some(Effect::Quit(None))
    }
}
