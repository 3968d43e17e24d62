//! The way of a secret out of the program that no recorder of the terminal sees: into a new file, or into a command.

use std::path::Path;

use crossterm::event::{KeyCode, KeyEvent};

use super::StepOutcome;
use crate::domain::{KeyId, SecretKey, Untrusted, sentence};
use crate::platform::delivery::descriptor_in;
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::Effect;
use crate::tui::state::focus::moved;

/// The step, from what is typed to the end of the delivery.
#[derive(Debug)]
pub struct SaveStep {
    /// The new file.
    pub file: Field,
    /// The command that reads the secret.
    pub command: Field,
    /// Where presses go.
    pub focus: SaveFocus,
    /// How far it is.
    pub state: Saving,
    secret: SecretKey,
}

/// How far a delivery is.
#[derive(Debug, PartialEq, Eq)]
pub enum Saving {
    /// Not begun.
    Ready,
    /// Under way.
    Running,
    /// Told to end.
    Stopping,
    /// It failed: in words. The secret is still here.
    Failed(String),
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveFocus {
    /// The file.
    File,
    /// *Write file*.
    Write,
    /// The command.
    Command,
    /// *Run command*.
    Run,
    /// *Back*.
    Back,
}

/// Where a secret shall go, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveTarget {
    /// A new file, or a descriptor that was opened for us, such as `/dev/fd/3`.
    File(String),
    /// A command's standard input.
    Command(String),
}

/// What came of a delivery: what the command said, or why it failed and what it said.
pub type SaveResult = Result<Untrusted, (String, Untrusted)>;

/// Longer than any path (`PATH_MAX` of Linux is 4096) and most commands.
const LONGEST: usize = 4096;
/// What a command said is shown as far as this, in cells.
const SAID: usize = 240;

impl SaveFocus {
    /// All of them, in their order on screen.
    pub const ALL: [Self; 5] = [Self::File, Self::Write, Self::Command, Self::Run, Self::Back];
}

impl SaveStep {
    /// A step with the name of a file in it, made of the key's ID.
    #[must_use]
    pub fn new(id: &KeyId, secret: SecretKey) -> Self {
        // The ID comes from a server: only what is harmless in a name.
        let name: String = id.raw_for_api().chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let file = Field::new(&format!("~/{name}.secret"), LONGEST);
        Self { file, command: Field::new("", LONGEST), focus: SaveFocus::File, state: Saving::Ready, secret }
    }

    /// Whether a delivery is under way.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        matches!(self.state, Saving::Running | Saving::Stopping)
    }

    /// Takes an intent.
    pub fn act(&mut self, action: Action) -> StepOutcome {
        match action {
            Action::Cancel | Action::Close if self.is_running() => {
                self.state = Saving::Stopping;
                return StepOutcome::Stay(Some(Effect::StopDelivery));
            }
            _ if self.is_running() => {}
            Action::Next | Action::Previous => self.go(action),
            Action::Submit => match self.focus {
                SaveFocus::File | SaveFocus::Write => {
                    return self.deliver(SaveTarget::File(self.file.text().trim().to_owned()));
                }
                SaveFocus::Command | SaveFocus::Run => {
                    return self.deliver(SaveTarget::Command(self.command.text().to_owned()));
                }
                SaveFocus::Back => return StepOutcome::Back,
            },
            Action::Cancel => return StepOutcome::Back,
            _ => {}
        }
        StepOutcome::Stay(None)
    }

    /// Takes a press that is no intent.
    pub fn press(&mut self, key: KeyEvent) {
        match (self.field(), key.code) {
            (Some(field), _) => {
                field.press(key);
            }
            (None, KeyCode::Left) => self.go(Action::Previous),
            (None, KeyCode::Right) => self.go(Action::Next),
            _ => {}
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        if let Some(field) = self.field() {
            field.paste(text);
        }
    }

    /// Takes what came of the delivery. It has arrived: in words; or it is still here.
    pub fn on_delivered(&mut self, delivered: SaveResult) -> Option<String> {
        let said = |said: &Untrusted| {
            if said.is_empty() { String::new() } else { format!(" It says: {}", said.to_display(SAID)) }
        };
        match delivered {
            Ok(_) if matches!(self.focus, SaveFocus::File | SaveFocus::Write) => {
                let place = self.file.text().trim();
                if let Some(number) = descriptor_in(Path::new(place)) {
                    return Some(format!("The secret went to file descriptor {number}."));
                }
                let place = Untrusted::new(place).to_display(SAID);
                Some(format!("The secret is in {place}, a new file that only you can read."))
            }
            Ok(words) => Some(format!("The command has taken the secret and ended well.{}", said(&words))),
            Err((why, words)) => {
                let why = Untrusted::new(&sentence(&why)).to_display(SAID);
                self.state = Saving::Failed(format!("{why} The secret is still here.{}", said(&words)));
                None
            }
        }
    }

    fn field(&mut self) -> Option<&mut Field> {
        match self.focus {
            _ if self.is_running() => None,
            SaveFocus::File => Some(&mut self.file),
            SaveFocus::Command => Some(&mut self.command),
            _ => None,
        }
    }

    fn go(&mut self, action: Action) {
        self.focus = moved(&SaveFocus::ALL, self.focus, action);
    }

    fn deliver(&mut self, to: SaveTarget) -> StepOutcome {
        let text = match &to {
            SaveTarget::File(text) | SaveTarget::Command(text) => text,
        };
        if text.contains(self.secret.expose()) {
            let words =
                "The secret itself stands in there, where others can read it: take it out. It is given by itself.";
            self.state = Saving::Failed(words.to_owned());
            return StepOutcome::Stay(None);
        }
        self.state = Saving::Running;
        StepOutcome::Stay(Some(Effect::Deliver(to, self.secret.clone())))
    }
}
