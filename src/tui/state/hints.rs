//! What a press does now, in a word or two: for the footer, and for the help of a dialog.

use super::{
    AdminFocus, AdminFormKind, AdminStep, BulkFocus, BulkFormFocus, BulkStage, DeleteFocus, DetailsPane, Dialog,
    ExportFocus, Focus, HandOverFocus, HmacFocus, IdentifyButton, MouseUse, PasswordFocus, RotationButton, SaveFocus,
    SignInFocus, State, Step,
};
use crate::domain::Status;
use crate::operations::actions::ActionId;
use crate::tui::keymap::{Action, Binding, Mode};

impl State {
    /// A binding's word for the footer; none for a press that does nothing now.
    pub(crate) fn footer_hint(&self, binding: &Binding) -> &'static str {
        match &self.help {
            Some(help) if binding.action == Action::Submit && help.selected.is_none() => "close",
            Some(_) => binding.hint,
            None => self.hint(binding),
        }
    }

    /// A binding's word, as it is for the selected key or in the open dialog.
    pub(crate) fn hint(&self, binding: &Binding) -> &'static str {
        match binding.action {
            Action::Do(ActionId::Switch) => match self.list.selected_key() {
                // As wide as "deactivate": the hints behind it stay where they are while the selection moves.
                Some(key) if key.status == Status::Expired => "", // it is edited first
                Some(key) if key.status != Status::Active => "activate  ",
                _ => binding.hint,
            },
            Action::Do(ActionId::Mouse) if self.mouse == MouseUse::On => "mouse off",
            Action::Do(ActionId::Show) if self.panes().details != DetailsPane::None => "hide",
            Action::Choose(_) if self.open_mode() == Mode::Question => match &self.dialog {
                Some(Dialog::Switch(question, switch)) if !question.choices(*switch).is_empty() => binding.hint,
                Some(Dialog::Identify(dialog)) if dialog.keys().len() > 1 => "choose key",
                _ => "",
            },
            Action::PageDown | Action::Mark | Action::Choose(_) if self.open_mode() == Mode::ManyConfirm => {
                match &self.dialog {
                    Some(Dialog::Bulk(dialog)) if dialog.offers(binding.action, self.size) => binding.hint,
                    _ => "",
                }
            }
            Action::UndoRotation if !self.offers(RotationButton::Undo) => "",
            Action::FinishRotation if !self.offers(RotationButton::Finish) => "",
            Action::OtherKey if !self.offers(RotationButton::Other) => "",
            Action::Next if matches!(self.dialog, Some(Dialog::Revoke(_))) => "choose",
            Action::Next if self.open_mode() == Mode::Confirm && !matches!(self.dialog, Some(Dialog::Delete(_))) => "",
            Action::Next if matches!(&self.dialog, Some(Dialog::Bulk(dialog)) if dialog.has_ended()) => "next button",
            Action::Do(ActionId::Export) if matches!(&self.dialog, Some(Dialog::Bulk(dialog)) if dialog.has_ended()) => {
                "save report"
            }
            Action::Submit | Action::Cancel => {
                let is_submit = binding.action == Action::Submit;
                self.dialog_hint(is_submit).unwrap_or(binding.hint)
            }
            _ => binding.hint,
        }
    }

    fn offers(&self, button: RotationButton) -> bool {
        matches!(&self.dialog, Some(Dialog::Rotation(dialog)) if dialog.buttons().contains(&button))
    }

    /// What Enter does in the open dialog, and what Esc does, where that is not what they do in most.
    fn dialog_hint(&self, is_submit: bool) -> Option<&'static str> {
        let pick = |submit, cancel| Some(if is_submit { submit } else { cancel });
        if let Some(dialog) = self.signing_in() {
            let submit = match dialog.focus {
                SignInFocus::Username => "next",
                SignInFocus::Cancel => "cancel",
                SignInFocus::Password | SignInFocus::Submit => "sign in",
            };
            return pick(submit, "cancel");
        }
        if self.guarding().is_some() {
            return None;
        }
        match self.dialog.as_ref()? {
            Dialog::Create(dialog) => {
                pick(if dialog.form.focus == Focus::Cancel { "cancel" } else { "create" }, "cancel")
            }
            Dialog::Identify(dialog) => {
                let submit = match dialog.pressed()? {
                    IdentifyButton::Identify => "identify",
                    IdentifyButton::Cancel => "cancel",
                    IdentifyButton::Close => "close",
                    _ => "select",
                };
                pick(submit, if dialog.takes_text() { "cancel" } else { "close" })
            }
            Dialog::Password(dialog) => {
                let submit = match dialog.focus {
                    PasswordFocus::Old | PasswordFocus::New => "next",
                    PasswordFocus::Again | PasswordFocus::Submit => "change",
                    PasswordFocus::Cancel => "cancel",
                };
                pick(submit, "cancel")
            }
            Dialog::Admins(screen) => {
                let Some(AdminStep::Form(form)) = &screen.step else { return None };
                let submit = match (form.focus, form.kind) {
                    (AdminFocus::Cancel, _) => "cancel",
                    (AdminFocus::Username | AdminFocus::New, _) | (AdminFocus::Role, AdminFormKind::Add) => "next",
                    (_, AdminFormKind::Add) => "add",
                    (AdminFocus::Role, _) if form.is_own => "next",
                    (_, AdminFormKind::Role) => "save",
                    (_, AdminFormKind::Password) => "change",
                };
                pick(submit, "cancel")
            }
            Dialog::Profiles(dialog) => pick("switch", if dialog.is_searched() { "clear" } else { "back" }),
            Dialog::History(_) => pick("apply", if self.open_mode() == Mode::Filter { "cancel" } else { "back" }),
            Dialog::Delete(dialog) => {
                let submit = match dialog.focus {
                    DeleteFocus::Cancel => "cancel",
                    DeleteFocus::Instead => "deactivate instead",
                    DeleteFocus::Submit => "delete",
                    DeleteFocus::Typed if dialog.is_confirmed() => "delete",
                    DeleteFocus::Typed => "confirm",
                };
                pick(submit, "cancel")
            }
            Dialog::Bulk(dialog) => match &dialog.stage {
                BulkStage::Form(form) => {
                    pick(if form.focus == BulkFormFocus::Cancel { "cancel" } else { "continue" }, "cancel")
                }
                BulkStage::Confirm(confirm) => {
                    let submit = match confirm.focus {
                        BulkFocus::For => "next",
                        BulkFocus::LeaveOut => "toggle",
                        BulkFocus::Cancel => "cancel",
                        BulkFocus::Instead => "deactivate instead",
                        BulkFocus::Submit => confirm.survey.act.word(),
                        BulkFocus::Typed if confirm.is_confirmed() => confirm.survey.act.word(),
                        BulkFocus::Typed => "confirm",
                    };
                    pick(submit, "cancel")
                }
                BulkStage::Run(progress) if progress.has_ended => {
                    pick(if progress.saves_report { "save report" } else { "close" }, "close")
                }
                BulkStage::Run(_) => pick("", "stop after current changes"),
                BulkStage::Survey(..) => pick("", "cancel"),
                BulkStage::NotRead(_) => pick("close", "close"),
            },
            Dialog::Revoke(dialog) => pick(if dialog.is_confirmed() { "revoke" } else { "confirm" }, "cancel"),
            Dialog::Export(dialog) => {
                let submit = match dialog.focus {
                    _ if dialog.is_running() => return pick("", "stop"),
                    ExportFocus::What | ExportFocus::Form | ExportFocus::Columns => "next",
                    ExportFocus::File | ExportFocus::Write => "write file",
                    ExportFocus::Command | ExportFocus::Run => "run command",
                    ExportFocus::Cancel => "cancel",
                };
                pick(submit, "cancel")
            }
            Dialog::Rotate(dialog) => pick(if dialog.is_at_cancel() { "cancel" } else { "rotate" }, "cancel"),
            Dialog::Edit(dialog) => pick(if dialog.form.focus == Focus::Cancel { "cancel" } else { "save" }, "cancel"),
            Dialog::Token(token) => match &token.step {
                Some(step) => Some(step_hint(step, is_submit)),
                None => pick(if token.is_typing() { "next" } else { "select" }, "close"),
            },
            Dialog::Reveal(reveal) if !reveal.asking => Some(step_hint(reveal.step.as_ref()?, is_submit)),
            _ => None,
        }
    }
}

const fn step_hint(step: &Step, is_submit: bool) -> &'static str {
    let submit = match step {
        Step::Save(step) if step.is_running() => return if is_submit { "" } else { "stop" },
        Step::Save(step) => match step.focus {
            SaveFocus::Form => "next",
            SaveFocus::File | SaveFocus::Write => "write file",
            SaveFocus::Command | SaveFocus::Run => "run command",
            SaveFocus::Back => "back",
        },
        Step::Hmac(step) => match step.focus {
            HmacFocus::Content | HmacFocus::Make => "generate",
            HmacFocus::Back => "back",
            _ => "copy",
        },
        Step::HandOver(step) => match step.focus {
            HandOverFocus::Back => "back",
            HandOverFocus::CopyCode => "copy",
            _ => "create code",
        },
        Step::Test(_) => "select",
    };
    if is_submit { submit } else { "back" }
}
