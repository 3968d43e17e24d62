//! The way of a secret out of the program that no recorder of the terminal sees: into a new file, or into a command.

use super::StepOutcome;
use crate::domain::{KeyId, SecretKey};
use crate::operations::deliver::{NotSaved, SECRET_IN_TARGET, SaveTarget, Saved};
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::Effect;
use crate::tui::state::focus::moved;
use crate::tui::state::text_input::TextInput;

/// The step, from what is typed to the end of the delivery.
#[derive(Debug)]
pub struct SaveStep {
    pub file: Field,
    /// The command that reads the secret.
    pub command: Field,
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
    /// The file is written or the command runs.
    Running,
    /// Told to end.
    Stopping,
    /// It failed: in words. The secret is still here.
    Failed(String),
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveFocus {
    File,
    Write,
    Command,
    Run,
    Back,
}

/// What came of a delivery.
pub type SaveResult = Result<Saved, NotSaved>;

/// Longer than any path (`PATH_MAX` of Linux is 4096) and most commands.
const LONGEST: usize = 4096;
/// Cells of a path and of what a command printed.
const OUTPUT_CELLS: usize = 240;

impl SaveFocus {
    /// All of them, in their order on screen.
    pub const ALL: [Self; 5] = [Self::File, Self::Write, Self::Command, Self::Run, Self::Back];
}

impl SaveStep {
    /// A step with the name of a file in it, made of the key's ID.
    pub fn new(id: &KeyId, secret: SecretKey) -> Self {
        // The ID comes from a server: only what is harmless in a name.
        let name: String = id.raw_for_api().chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let file = Field::new(&format!("~/{name}.secret"), LONGEST);
        Self { file, command: Field::new("", LONGEST), focus: SaveFocus::File, state: Saving::Ready, secret }
    }

    /// Whether a delivery is under way.
    pub const fn is_running(&self) -> bool {
        matches!(self.state, Saving::Running | Saving::Stopping)
    }

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

    /// Takes what came of the delivery: returns where the secret is, or keeps it here and says why.
    pub fn on_delivered(&mut self, delivered: SaveResult) -> Option<String> {
        match delivered {
            Ok(saved) => Some(saved.sentences(OUTPUT_CELLS)),
            Err(failed) => {
                let words = failed.sentences("The secret is still in this dialog.", OUTPUT_CELLS);
                self.state = Saving::Failed(words);
                None
            }
        }
    }

    fn deliver(&mut self, to: SaveTarget) -> StepOutcome {
        if to.holds(self.secret.expose()) {
            self.state = Saving::Failed(SECRET_IN_TARGET.to_owned());
            return StepOutcome::Stay(None);
        }
        self.state = Saving::Running;
        StepOutcome::Stay(Some(Effect::Deliver(to, self.secret.clone())))
    }
}

impl TextInput for SaveStep {
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
}
