//! Copies to the clipboard that the surroundings lead to.
//!
//! Nothing here can tell that a copy arrived, except the desktop's own clipboard, so nothing here says so.

mod desktop;
mod osc52;
pub mod report;
mod tmux;

use std::time::Duration;

use zeroize::Zeroizing;

use super::surroundings::{ClipboardRoute, look};
use crate::domain;
use report::{CopyReport, What};

/// Puts a text on the clipboard that the user most likely means.
#[derive(Clone)]
pub struct Clipboard {
    wish: domain::ClipboardChoice,
    desktop: desktop::Desktop,
    buffer: tmux::Buffer,
}

/// What came of a copy.
pub struct Copied {
    pub what: What,
    /// What the terminal is to be told.
    pub write: Option<Zeroizing<Vec<u8>>>,
    /// What came of it, when that has been told.
    pub report: CopyReport,
    /// What tmux keeps of it, and shall not.
    pub forget: Option<Zeroizing<String>>,
}

impl Copied {
    /// A copy of which only the report is left.
    const fn told(what: What, report: CopyReport) -> Self {
        Self { what, write: None, report, forget: None }
    }

    /// A copy that did not come about.
    pub fn failed(what: What, reason: impl Into<String>) -> Self {
        Self::told(what, CopyReport::Failed { reason: reason.into() })
    }
}

impl Clipboard {
    /// The clipboard that is wished for; a desktop's holds a credential for so long.
    pub fn new(wish: domain::ClipboardChoice, hold: Duration) -> Self {
        Self { wish, desktop: desktop::Desktop::new(hold), buffer: tmux::Buffer::default() }
    }

    /// Copies. The way is chosen by what surrounds the program in this moment.
    pub async fn copy(self, what: What, text: Zeroizing<String>) -> Copied {
        let around = look(self.wish).await;
        let way = match around.way {
            Ok(way) => way,
            Err(why) => return Copied::failed(what, format!("{why}.")),
        };
        if let Some(most) = way.most().filter(|most| *most < text.len()) {
            let length = text.len();
            return Copied::failed(what, format!("it has {length} bytes, and {most} are the most that get through."));
        }
        let sent = |write| Copied { what, write: Some(write), report: CopyReport::Sent(way), forget: None };
        match way {
            ClipboardRoute::Screen => sent(osc52::wrapped_for_screen(&text)),
            ClipboardRoute::Terminal | ClipboardRoute::Mosh => sent(osc52::write(&text)),
            ClipboardRoute::ThroughTmux => {
                Copied { forget: what.is_credential().then(|| text.clone()), ..sent(osc52::write(&text)) }
            }
            ClipboardRoute::Tmux | ClipboardRoute::TmuxPrimary => {
                Copied::told(what, self.buffer.copy(&text, around.client.as_deref(), way).await)
            }
            ClipboardRoute::X11 | ClipboardRoute::Wayland => {
                Copied::told(what, self.desktop.copy(text, what.is_credential()).await)
            }
        }
    }

    /// Puts a space in the place of what was copied: a terminal's clipboard cannot be emptied. A desktop's is, if it
    /// still holds what came from here.
    pub async fn overwrite(self) -> Copied {
        if let Some(cleared) = self.desktop.clear().await {
            return Copied::told(What::Clipboard, CopyReport::Cleared(cleared));
        }
        let mut copied = self.copy(What::Clipboard, Zeroizing::new(" ".to_owned())).await;
        if let CopyReport::Sent(way) = copied.report {
            copied.report = CopyReport::Overwritten(way);
        }
        copied
    }

    /// Deletes what tmux keeps of a copy that was written through it.
    pub async fn forget(text: Zeroizing<String>) {
        tmux::forget(&text).await;
    }

    /// Leaves nothing behind that can be taken back: at the end of the program, whatever was under way.
    pub async fn end(self) {
        tokio::join!(self.desktop.end(), self.buffer.end());
    }
}
