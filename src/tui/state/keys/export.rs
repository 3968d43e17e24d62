//! An export of the keys of the list, or of the report on an act on many: to a file or a command.

use std::rc::Rc;

use chrono::Local;
use crossterm::event::{KeyCode, KeyEvent};

use crate::client::{ApiError, Attempt, Page, Request};
use crate::domain::KeyQuery;
use crate::operations::deliver::{SaveContent, SaveTarget};
use crate::operations::keys::bulk::{BulkReport, counted};
use crate::operations::messages::exported;
use crate::operations::output::{ExportForm, KeyList, ListForm, ListWalk};
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
    pub of: ExportOf,
    pub form: ExportForm,
    /// Whether everything that is known of a key is written, and not just the list's columns.
    pub takes_all: bool,
    pub file: Field,
    /// The command that reads the list.
    pub command: Field,
    pub focus: ExportFocus,
    pub stage: ExportStage,
    /// How many keys match, as far as that is known.
    pub total: Option<u64>,
    /// The columns that the user chose, by their indices; none if none were chosen.
    columns: Option<Vec<usize>>,
    query: KeyQuery,
    /// What became of each key of the last act on many.
    pub report: Option<Rc<BulkReport>>,
    /// The day, for the name of the file.
    day: String,
    /// Which replies are its own.
    attempt: Attempt,
    /// The dialog that opened it: it comes back.
    opener: Option<Box<Dialog>>,
}

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportOf {
    /// The keys of the list.
    Keys,
    /// What became of each key of the last act on many.
    Report,
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
    What,
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
        self.columns.is_some() && matches!(self.of, ExportOf::Keys)
    }

    /// Whether it is under way.
    pub const fn is_running(&self) -> bool {
        matches!(self.stage, ExportStage::Reading(_) | ExportStage::Writing(_) | ExportStage::Stopping)
    }

    fn choose_form(&mut self, form: ExportForm) {
        let name = self.file.text();
        if let Some(stem) = name.strip_suffix(&format!(".{}", self.form.extension())) {
            self.file = Field::new(&format!("{stem}.{}", form.extension()), LONGEST);
        }
        self.form = form;
    }

    /// A name for the file.
    fn offered_name(&self) -> String {
        let what = match &self.report {
            Some(report) if self.of == ExportOf::Report => report.done(),
            _ => "keys",
        };
        format!("~/{what}{}.{}", self.day, self.form.extension())
    }

    /// Keys or report; the name that was offered follows, one that was typed stays.
    fn choose(&mut self, of: ExportOf) {
        let was_offered = self.file.text() == self.offered_name();
        self.of = of;
        if was_offered {
            self.file = Field::new(&self.offered_name(), LONGEST);
        }
    }

    /// Begins to read the keys, or delivers the report.
    fn begin(&mut self, to: SaveTarget) -> Option<Effect> {
        if let (ExportOf::Report, Some(report)) = (self.of, &self.report) {
            let mut text = Vec::new();
            if let Err(error) = report.write(self.form, &mut text) {
                self.stage = ExportStage::Failed(error.to_string());
                return None;
            }
            self.stage = ExportStage::Writing(report.len() as u64);
            return Some(Effect::Deliver(to, SaveContent::list(text)));
        }
        let list = match self.columns.clone().filter(|_| !self.takes_all) {
            Some(columns) => KeyList::new(self.form.into(), columns, None),
            None => KeyList::whole(self.form.into(), None),
        };
        let walk = ListWalk::new(self.query.clone(), u64::MAX, ListForm::from(self.form).exported());
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
        let (to, text) = (reading.to.clone(), std::mem::take(&mut reading.text));
        self.stage = ExportStage::Writing(reading.list.rows);
        Some(Effect::Deliver(to, SaveContent::list(text)))
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
    /// Exports the list; right after an act on many keys, its report.
    pub(crate) fn open_export(&mut self) {
        let is_offered = self.pace.last().zip(self.report_offered_until).is_some_and(|(at, until)| at < until);
        let is_new = self.report.is_some() && is_offered;
        self.open_export_of(if is_new { ExportOf::Report } else { ExportOf::Keys });
    }

    /// Saves what became of each key, and comes back to the dialog that told it.
    pub(crate) fn open_report(&mut self) {
        self.open_export_of(ExportOf::Report);
    }

    fn open_export_of(&mut self, of: ExportOf) {
        let now = self.list.as_of.map(|now| now.utc.with_timezone(&Local));
        let day = now.map_or_else(String::new, |now| now.format("-%Y-%m-%d").to_string());
        let columns = self.columns.are_chosen().then(|| self.columns.indices().to_vec());
        let mut dialog = ExportDialog {
            of,
            form: ExportForm::Csv,
            takes_all: columns.is_none(),
            file: Field::new("", LONGEST),
            command: Field::new("", LONGEST),
            focus: ExportFocus::File,
            stage: ExportStage::Ready,
            total: self.list.total,
            columns,
            query: self.list.query.clone(),
            report: self.report.clone(),
            day,
            attempt: Attempt::next(),
            opener: self.dialog.take().map(Box::new),
        };
        dialog.file = Field::new(&dialog.offered_name(), LONGEST);
        self.dialog = Some(Dialog::Export(Box::new(dialog)));
    }

    /// Closes it; what opened it is there again.
    fn close_export(&mut self) {
        let Some(Dialog::Export(dialog)) = self.dialog.take() else { return };
        self.dialog = dialog.opener.map(|opener| *opener);
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
            (Action::Cancel, _) => self.close_export(),
            (Action::Submit, _) => match dialog.focus {
                ExportFocus::What | ExportFocus::Form | ExportFocus::Columns => dialog.go(Action::Next),
                ExportFocus::File | ExportFocus::Write => {
                    return dialog.begin(SaveTarget::File(dialog.file.text().trim().to_owned()));
                }
                ExportFocus::Command | ExportFocus::Run => {
                    return dialog.begin(SaveTarget::Command(dialog.command.text().to_owned()));
                }
                ExportFocus::Cancel => self.close_export(),
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
        let Some(Dialog::Export(dialog)) = &mut self.dialog else {
            // A new key's secret came in between.
            return match delivered {
                Ok(saved) => self.say(saved.sentences(OUTPUT_CELLS)),
                Err(failed) => self.complain(failed.sentences("", OUTPUT_CELLS)),
            };
        };
        match delivered {
            Ok(saved) => {
                let rows = match &dialog.stage {
                    ExportStage::Writing(rows) => *rows,
                    _ => 0,
                };
                let what = match dialog.of {
                    ExportOf::Keys => counted(rows),
                    ExportOf::Report => format!("the report on {}", counted(rows)),
                };
                self.close_export();
                self.say(exported(&what, &saved.sentences(OUTPUT_CELLS)));
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
        use ExportFocus::{Cancel, Columns, Command, File, Form, Run, What, Write};
        let is_there = |stop: &ExportFocus| match stop {
            What => self.report.is_some(),
            Columns => self.has_columns(),
            _ => true,
        };
        let all = [What, Form, Columns, File, Write, Command, Run, Cancel];
        let stops: Vec<ExportFocus> = all.into_iter().filter(is_there).collect();
        self.focus = moved(&stops, self.focus, action);
    }

    fn press(&mut self, key: KeyEvent) {
        if let Some(field) = self.field() {
            field.press(key);
            return;
        }
        let all = ExportForm::ALL;
        let at = all.iter().position(|form| *form == self.form).unwrap_or(0);
        match (self.focus, key.code) {
            _ if self.is_running() => {}
            (ExportFocus::What, KeyCode::Left | KeyCode::Right | KeyCode::Char(' ')) => {
                self.choose(if self.of == ExportOf::Keys { ExportOf::Report } else { ExportOf::Keys });
            }
            (ExportFocus::Columns, KeyCode::Left | KeyCode::Right | KeyCode::Char(' ')) => {
                self.takes_all = !self.takes_all;
            }
            (ExportFocus::Form, KeyCode::Left) => self.choose_form(all[(at + all.len() - 1) % all.len()]),
            (ExportFocus::Form, KeyCode::Right | KeyCode::Char(' ')) => self.choose_form(all[(at + 1) % all.len()]),
            (ExportFocus::Form, KeyCode::Char(c)) => {
                let is_named = |form: &ExportForm| form.name().to_lowercase().starts_with(c.to_ascii_lowercase());
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
