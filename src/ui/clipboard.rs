//! The ways to a clipboard, and what is known about each.
//!
//! Nothing here can tell that a copy arrived, except the desktop's own clipboard, so nothing here says so.

mod desktop;
mod osc52;
mod tmux;

use std::env;

use zeroize::Zeroizing;

use super::app::{CopyReport, Way};

/// Puts a text on the clipboard that the user most likely means.
pub struct Clipboard {
    way: Option<Way>,
    desktop: desktop::Desktop,
}

/// What is still to be done for a copy.
pub enum Copying {
    /// Write these bytes to the terminal; then this is what came of it.
    Write(Zeroizing<Vec<u8>>, CopyReport),
    /// Somebody else is at it.
    Elsewhere(tokio::task::JoinHandle<CopyReport>),
    /// Nothing: there is no way.
    Nothing(CopyReport),
}

impl Clipboard {
    /// Chooses the way by what surrounds the program. Over SSH it is never this machine's display: that is the
    /// jump host's, or a forwarded one.
    #[must_use]
    pub fn find() -> Self {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let term = env::var("TERM").unwrap_or_default();
        let way = if set("TMUX") {
            Some(Way::Tmux)
        } else if set("STY") {
            Some(Way::Screen)
        } else if !set("SSH_CONNECTION") && !set("SSH_TTY") && (set("WAYLAND_DISPLAY") || set("DISPLAY")) {
            Some(Way::Desktop)
        } else if osc52::is_safe(&term) {
            Some(Way::Terminal)
        } else {
            None
        };
        Self { way, desktop: desktop::Desktop::default() }
    }

    /// Begins to copy. `secret` keeps a clipboard manager from remembering it, where one listens.
    #[must_use]
    pub fn copy(&self, text: &str, secret: bool) -> Copying {
        let text = Zeroizing::new(text.to_owned());
        match self.way {
            Some(way @ Way::Screen) => Copying::Write(osc52::wrapped_for_screen(&text), CopyReport::Sent(way)),
            Some(way @ Way::Terminal) => Copying::Write(osc52::write(&text), CopyReport::Sent(way)),
            Some(Way::Tmux) => Copying::Elsewhere(tokio::spawn(tmux::copy(text))),
            Some(Way::Desktop) => Copying::Elsewhere(self.desktop.copy(text, secret)),
            None => Copying::Nothing(CopyReport::Failed {
                reason: "this terminal would show the codes that set a clipboard.".into(),
            }),
        }
    }
}
