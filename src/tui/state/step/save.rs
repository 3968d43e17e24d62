//! The way of a secret out of the program that no recorder of the terminal sees: into a new file, or into a command.

use crossterm::event::{KeyCode, KeyEvent};

use super::StepOutcome;
use crate::domain::{Credentials, CredentialsForm, KeyId};
use crate::operations::deliver::{NotSaved, SECRET_IN_TARGET, SaveContent, SaveTarget, Saved};
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::Effect;
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;

/// The step, from what is typed to the end of the delivery.
#[derive(Debug)]
pub struct SaveStep {
    /// What is written.
    pub form: CredentialsForm,
    pub file: Field,
    /// The command that reads the secret.
    pub command: Field,
    pub focus: SaveFocus,
    /// How far it is.
    pub state: Saving,
    credentials: Credentials,
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
    Form,
    File,
    Write,
    Command,
    Run,
    Back,
}

/// What came of a delivery.
pub type SaveResult = Result<Saved, NotSaved>;

/// Longer than any path (`PATH_MAX` of Linux is 4096) and most commands.
pub(crate) const LONGEST: usize = 4096;
/// Cells of a path and of what a command printed.
const OUTPUT_CELLS: usize = 240;

impl SaveFocus {
    /// All of them, in their order on screen.
    pub const ALL: [Self; 6] = [Self::Form, Self::File, Self::Write, Self::Command, Self::Run, Self::Back];
}

impl SaveStep {
    /// A step with the name of a file in it, made of the key's ID.
    pub fn new(credentials: Credentials) -> Self {
        let (form, command) = (credentials.form, Field::new("", LONGEST));
        let file = Field::new(&file_name(&credentials.id, form), LONGEST);
        Self { form, file, command, focus: SaveFocus::File, state: Saving::Ready, credentials }
    }

    /// Takes another form, and its ending for a file whose name was not changed.
    fn choose(&mut self, form: CredentialsForm) {
        if self.file.text() == file_name(&self.credentials.id, self.form) {
            self.file = Field::new(&file_name(&self.credentials.id, form), LONGEST);
        }
        self.form = form;
    }

    /// A step that brings the secret to a destination which was chosen before there was a secret. The ending of a file's
    /// name says in which form.
    pub(crate) fn to(credentials: Credentials, target: SaveTarget) -> (Self, StepOutcome) {
        let mut step = Self::new(credentials);
        match &target {
            SaveTarget::File(path) => {
                let ends = |form: &CredentialsForm| path.ends_with(&format!(".{}", form.extension()));
                step.form = CredentialsForm::ALL.into_iter().find(ends).unwrap_or_default();
                step.file = Field::new(path, LONGEST);
            }
            SaveTarget::Command(command) => {
                (step.command, step.focus) = (Field::new(command, LONGEST), SaveFocus::Command);
            }
        }
        let outcome = step.deliver(target);
        (step, outcome)
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
            Action::Submit if self.focus == SaveFocus::Form => self.focus = SaveFocus::File,
            Action::Submit => match self.focus {
                SaveFocus::File | SaveFocus::Write => {
                    return self.deliver(SaveTarget::File(self.file.text().trim().to_owned()));
                }
                SaveFocus::Command | SaveFocus::Run => {
                    return self.deliver(SaveTarget::Command(self.command.text().to_owned()));
                }
                SaveFocus::Back => return StepOutcome::Back,
                SaveFocus::Form => {}
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
        if to.holds(self.credentials.secret.expose()) {
            self.state = Saving::Failed(SECRET_IN_TARGET.to_owned());
            return StepOutcome::Stay(None);
        }
        self.state = Saving::Running;
        match SaveContent::credentials(&Credentials { form: self.form, ..self.credentials.clone() }) {
            Ok(content) => StepOutcome::Stay(Some(Effect::Deliver(to, content))),
            Err(why) => {
                self.on_delivered(Err(NotSaved::new(why)));
                StepOutcome::Stay(None)
            }
        }
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

    fn press(&mut self, key: KeyEvent) {
        if let Some(field) = self.field() {
            field.press(key);
            return;
        }
        let step = match key.code {
            KeyCode::Left => CredentialsForm::ALL.len() - 1,
            KeyCode::Right => 1,
            KeyCode::Char(' ') if self.focus == SaveFocus::Form => 1,
            KeyCode::Char(c) if self.focus == SaveFocus::Form && !self.is_running() => {
                let named = |form: &CredentialsForm| form.name().starts_with(c.to_ascii_lowercase());
                if let Some(form) = CredentialsForm::ALL.into_iter().find(named) {
                    self.choose(form);
                }
                return;
            }
            _ => return,
        };
        if self.is_running() {
        } else if self.focus == SaveFocus::Form {
            self.choose(CredentialsForm::ALL[(self.form as usize + step) % CredentialsForm::ALL.len()]);
        } else {
            self.go(if step == 1 { Action::Next } else { Action::Previous });
        }
    }
}

/// The ID comes from a server: only what is harmless in a name.
fn file_name(id: &KeyId, form: CredentialsForm) -> String {
    let name: String = id.raw_for_api().chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    format!("~/{name}.{}", form.extension())
}
