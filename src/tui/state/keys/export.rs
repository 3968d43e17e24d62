//! The keys of the list leave: as a file, or into a command.

use chrono::Local;
use crossterm::event::{KeyCode, KeyEvent};
use zeroize::Zeroizing;

use crate::client::{ApiError, Attempt, Page, Request};
use crate::domain::KeyQuery;
use crate::operations::deliver::{SaveContent, SaveTarget};
use crate::operations::keys::bulk::counted;
use crate::operations::output::{KeyList, ListForm, ListWalk};
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;
use crate::tui::state::{Dialog, Effect, SaveResult, State};

/// Longer than any path (`PATH_MAX` of Linux is 4096) and most commands.
const LONGEST: usize = 4096;
/// Cells of a path and of what a command printed.
const OUTPUT_CELLS: usize = 240;

/// An export, from its form to the end of the delivery.
#[derive(Debug)]
pub struct ExportDialog {
    pub form: ListForm,
    /// Whether everything that is known of a key is written, and not just the list's columns.
    pub takes_all: bool,
    pub file: Field,
    /// The command that reads the list.
    pub command: Field,
    pub focus: ExportFocus,
    pub stage: ExportStage,
    /// How many keys match, as far as that is known.
    pub total: Option<u64>,
    /// The columns that the user chose, by their places; none if none were chosen.
    columns: Option<Vec<usize>>,
    query: KeyQuery,
    /// Which replies are its own.
    attempt: Attempt,
}

/// How far an export is.
#[derive(Debug)]
pub enum ExportStage {
    Ready,
    /// The keys are read, page by page.
    Reading(Box<Reading>),
    /// The file is written or the command runs; holds how many keys there are.
    Writing(u64),
    /// Told to end.
    Stopping,
    /// It failed: in words.
    Failed(String),
}

/// What was read so far.
#[derive(Debug)]
pub struct Reading {
    walk: ListWalk,
    pub list: KeyList,
    text: Vec<u8>,
    to: SaveTarget,
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFocus {
    Form,
    Columns,
    File,
    Write,
    Command,
    Run,
    Cancel,
}

impl ExportDialog {
    /// Whether there are columns to choose between.
    pub const fn has_columns(&self) -> bool {
        self.columns.is_some()
    }

    /// Whether it is under way.
    pub const fn is_running(&self) -> bool {
        matches!(self.stage, ExportStage::Reading(_) | ExportStage::Writing(_) | ExportStage::Stopping)
    }

    fn choose_form(&mut self, form: ListForm) {
        let name = self.file.text();
        if let Some(stem) = name.strip_suffix(&format!(".{}", self.form.extension())) {
            self.file = Field::new(&format!("{stem}.{}", form.extension()), LONGEST);
        }
        self.form = form;
    }

    /// Begins to read the keys.
    fn begin(&mut self, to: SaveTarget) -> Option<Effect> {
        let list = match self.columns.clone().filter(|_| !self.takes_all) {
            Some(columns) => KeyList::new(self.form, columns, None),
            None => KeyList::whole(self.form, None),
        };
        let walk = ListWalk::new(self.query.clone(), u64::MAX, self.form.exported());
        self.attempt = Attempt::next();
        self.stage = ExportStage::Reading(Box::new(Reading { walk, list, text: Vec::new(), to }));
        self.read_on()
    }

    /// Asks for the next page, or delivers what was read.
    fn read_on(&mut self) -> Option<Effect> {
        let ExportStage::Reading(reading) = &mut self.stage else { return None };
        if let Some((request, _)) = reading.walk.next() {
            return Some(Request::Walk(self.attempt, request.clone()).into());
        }
        if let Err(error) = reading.list.end(&mut reading.text) {
            self.stage = ExportStage::Failed(error.to_string());
            return None;
        }
        let (to, text) = (reading.to.clone(), Zeroizing::new(std::mem::take(&mut reading.text)));
        self.stage = ExportStage::Writing(reading.list.rows);
        Some(Effect::Deliver(to, SaveContent::List(text)))
    }

    /// Takes a page.
    fn take(&mut self, attempt: Attempt, read: Result<Page, ApiError>) -> Option<Effect> {
        let ExportStage::Reading(reading) = &mut self.stage else { return None };
        if attempt != self.attempt {
            return None;
        }
        let written = match read {
            Ok(page) => {
                let keys = reading.walk.take(page);
                reading.list.write(&mut reading.text, &keys).map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = written {
            self.stage = ExportStage::Failed(format!("{why} Nothing was written."));
            return None;
        }
        self.read_on()
    }
}

impl State {
    pub(crate) fn open_export(&mut self) {
        let now = self.list.as_of.map(|now| now.utc.with_timezone(&Local));
        let day = now.map_or_else(String::new, |now| now.format("-%Y-%m-%d").to_string());
        let columns = self.columns.are_chosen().then(|| self.columns.places().to_vec());
        self.dialog = Some(Dialog::Export(Box::new(ExportDialog {
            form: ListForm::Csv,
            takes_all: columns.is_none(),
            file: Field::new(&format!("~/keys{day}.csv"), LONGEST),
            command: Field::new("", LONGEST),
            focus: ExportFocus::File,
            stage: ExportStage::Ready,
            total: self.list.total,
            columns,
            query: self.list.query.clone(),
            attempt: Attempt::next(),
        })));
    }

    pub(crate) fn act_in_export(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Export(dialog)) = &mut self.dialog else { return None };
        match (action, &dialog.stage) {
            (Action::Cancel, ExportStage::Reading(_)) => {
                dialog.stage = ExportStage::Failed("Stopped. Nothing was written.".to_owned());
            }
            (Action::Cancel, ExportStage::Writing(_)) => {
                dialog.stage = ExportStage::Stopping;
                return Some(Effect::StopDelivery);
            }
            _ if dialog.is_running() => {}
            (Action::Cancel, _) => self.dialog = None,
            (Action::Submit, _) => match dialog.focus {
                ExportFocus::Form | ExportFocus::Columns => dialog.go(Action::Next),
                ExportFocus::File | ExportFocus::Write => {
                    return dialog.begin(SaveTarget::File(dialog.file.text().trim().to_owned()));
                }
                ExportFocus::Command | ExportFocus::Run => {
                    return dialog.begin(SaveTarget::Command(dialog.command.text().to_owned()));
                }
                ExportFocus::Cancel => self.dialog = None,
            },
            _ => dialog.go(action),
        }
        None
    }

    /// Takes a page of an export; gives none if no export is open.
    pub(crate) fn on_export_page(&mut self, attempt: Attempt, read: Result<Page, ApiError>) -> Option<Effect> {
        let Some(Dialog::Export(dialog)) = &mut self.dialog else { return None };
        dialog.take(attempt, read)
    }

    /// Takes what came of writing an export.
    pub(crate) fn on_exported(&mut self, delivered: SaveResult) {
        let Some(Dialog::Export(dialog)) = &mut self.dialog else { return };
        match delivered {
            Ok(saved) => {
                let rows = match &dialog.stage {
                    ExportStage::Writing(rows) => *rows,
                    _ => 0,
                };
                let keys = counted(rows);
                self.dialog = None;
                self.say(format!("Exported {keys}. {}", saved.sentences(OUTPUT_CELLS)));
            }
            Err(failed) => dialog.stage = ExportStage::Failed(failed.sentences("", OUTPUT_CELLS)),
        }
    }
}

impl TextInput for ExportDialog {
    fn field(&mut self) -> Option<&mut Field> {
        match self.focus {
            _ if self.is_running() => None,
            ExportFocus::File => Some(&mut self.file),
            ExportFocus::Command => Some(&mut self.command),
            _ => None,
        }
    }

    fn go(&mut self, action: Action) {
        use ExportFocus::{Cancel, Columns, Command, File, Form, Run, Write};
        let all = [Form, Columns, File, Write, Command, Run, Cancel];
        let stops: Vec<ExportFocus> = all.into_iter().filter(|stop| *stop != Columns || self.has_columns()).collect();
        self.focus = moved(&stops, self.focus, action);
    }

    fn press(&mut self, key: KeyEvent) {
        if let Some(field) = self.field() {
            field.press(key);
            return;
        }
        let all = ListForm::EXPORTS;
        let at = all.iter().position(|form| *form == self.form).unwrap_or(0);
        match (self.focus, key.code) {
            _ if self.is_running() => {}
            (ExportFocus::Columns, KeyCode::Left | KeyCode::Right | KeyCode::Char(' ')) => {
                self.takes_all = !self.takes_all;
            }
            (ExportFocus::Form, KeyCode::Left) => self.choose_form(all[(at + all.len() - 1) % all.len()]),
            (ExportFocus::Form, KeyCode::Right | KeyCode::Char(' ')) => self.choose_form(all[(at + 1) % all.len()]),
            (ExportFocus::Form, KeyCode::Char(c)) => {
                let is_named = |form: &ListForm| form.name().to_lowercase().starts_with(c.to_ascii_lowercase());
                if let Some(form) = all.into_iter().find(is_named) {
                    self.choose_form(form);
                }
            }
            (_, KeyCode::Left) => self.go(Action::Previous),
            (_, KeyCode::Right) => self.go(Action::Next),
            _ => {}
        }
    }
}
