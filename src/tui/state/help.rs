//! The help: its lines, and the first one on screen. Shared by the app, which scrolls, and the view, which draws.

use super::{Dialog, State};
use crate::domain::Untrusted;
use crate::tui::keymap;
use crate::tui::keymap::Action;
use crate::tui::wrap::wrap;

/// Columns of the presses.
pub const PRESS: usize = 14;

impl State {
    /// Each line: a press and what it does, or words alone.
    pub fn help_lines(&self) -> Vec<(Option<&'static str>, String)> {
        let width = usize::from(self.size.0.min(72)).saturating_sub(4 + PRESS);
        let permissions = self.permissions();
        let mut lines: Vec<_> = keymap::helps()
            .filter(|binding| binding.action.is_offered(permissions))
            .flat_map(|binding| {
                let presses = std::iter::once(binding.press).chain(std::iter::repeat(""));
                presses.map(Some).zip(wrap(binding.help, width))
            })
            .collect();
        lines.push((None, String::new()));
        if let Some(server) = &self.server {
            let place = Untrusted::new(&server.profile.server).to_display(usize::from(self.size.0));
            lines.push((None, format!("Profile: {} · {place}", server.profile.name)));
        }
        lines.push((None, format!("latchkey {}", env!("CARGO_PKG_VERSION"))));
        lines
    }

    /// Scrolls, but not past the end, or closes it.
    pub(crate) fn act_in_help(&mut self, action: Action) {
        let rows = usize::from(self.size.1).saturating_sub(3); // without the border and the footer
        let last = self.help_lines().len().saturating_sub(rows);
        let page = rows.saturating_sub(1).max(1); // the last row says options much there is below
        let Some(Dialog::Help(top)) = &mut self.dialog else { return };
        *top = match action {
            Action::Up => top.saturating_sub(1),
            Action::Down => *top + 1,
            Action::PageUp => top.saturating_sub(page),
            Action::PageDown => *top + page,
            Action::Home => 0,
            Action::End => last,
            _ => return self.dialog = None,
        }
        .min(last);
    }
}
