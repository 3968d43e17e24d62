//! What is known about a copy to a clipboard, in words that never claim more.

use std::time::Duration;

use crate::platform::surroundings::ClipboardRoute;

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Secret,
    Id,
    /// An access key ID and its secret.
    Pair,
    /// A key as tab-separated text, without its secret.
    Row,
    HmacToken,
    /// What an HMAC token was made of.
    Content,
    /// An exchange, as text for curl.
    Request,
    AccessToken,
    /// What opens a secret that is handed over.
    Code,
    /// Nothing: what was copied before is overwritten.
    Clipboard,
}

impl What {
    /// Its name on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secret => "Secret access key",
            Self::Id => "Access key ID",
            Self::Pair => "Access key ID and secret",
            Self::Row => "Access key as tab-separated text",
            Self::HmacToken => "HMAC token",
            Self::Content => "Content",
            Self::Request => "curl command (contains a credential)",
            Self::AccessToken => "Access token",
            Self::Code => "Code",
            Self::Clipboard => "Clipboard",
        }
    }

    /// Whether no clipboard manager should remember it.
    pub const fn is_credential(self) -> bool {
        !matches!(self, Self::Id | Self::Row | Self::Content | Self::Clipboard)
    }

    /// What helps where it cannot be copied.
    const fn instead(self) -> &'static str {
        match self {
            Self::Secret | Self::Pair => " Use Save, or show it and select it with the mouse.",
            Self::HmacToken | Self::Code => " Select it with the mouse.",
            _ => "",
        }
    }
}

/// What came of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyReport {
    /// It was sent this way. Nothing confirms that it arrived.
    Sent(ClipboardRoute),
    /// The desktop took it, and has it while this program runs, but not longer than this.
    Held(Option<Duration>),
    /// A space was sent this way, over what was there.
    Overwritten(ClipboardRoute),
    /// A desktop's clipboard was emptied; or it held something else by then, and was left alone.
    Cleared(bool),
    Failed {
        reason: String,
    },
}

impl CopyReport {
    /// One or two sentences for the user.
    pub fn sentence(&self, what: What) -> String {
        let thing = what.name();
        match self {
            // Nothing is lost with it.
            Self::Sent(way) if !what.is_credential() => {
                let way = match way {
                    ClipboardRoute::Tmux | ClipboardRoute::ThroughTmux => "the clipboard (tmux",
                    ClipboardRoute::TmuxPrimary => "xterm's PRIMARY selection (tmux",
                    ClipboardRoute::Screen => "the clipboard (GNU screen",
                    ClipboardRoute::Mosh => "the clipboard (mosh",
                    _ => "the clipboard (OSC 52",
                };
                format!("{thing} sent to {way}, not confirmed).")
            }
            Self::Sent(way) => {
                let way = match way {
                    ClipboardRoute::Tmux => "through tmux to your terminal's clipboard",
                    ClipboardRoute::TmuxPrimary => "through tmux to xterm's PRIMARY selection (middle button)",
                    ClipboardRoute::Screen => "through GNU screen to your terminal's clipboard",
                    ClipboardRoute::Mosh => "through mosh to your terminal's clipboard",
                    _ => "to your terminal's clipboard (OSC 52)",
                };
                format!(
                    "{thing} sent {way}. Terminals don't confirm this, so paste it somewhere safe before you \
                    close."
                )
            }
            Self::Held(Some(time)) => {
                let seconds = time.as_secs();
                format!("{thing} copied. It is removed from the clipboard in {seconds} s or when latchkey quits.")
            }
            Self::Held(None) => format!("{thing} copied. It stays on the clipboard until latchkey quits."),
            Self::Overwritten(ClipboardRoute::TmuxPrimary) => {
                "xterm's PRIMARY selection overwritten. Recordings may still have the old content.".into()
            }
            Self::Overwritten(_) => {
                "Clipboard overwritten. Clipboard history or recordings may still have the old content.".into()
            }
            Self::Cleared(true) => "Clipboard cleared. A clipboard manager may still have it.".into(),
            Self::Cleared(false) => "The clipboard has nothing from latchkey; left unchanged.".into(),
            Self::Failed { reason } if what == What::Clipboard => format!("Clipboard not overwritten: {reason}"),
            Self::Failed { reason } => format!("{thing} not copied: {reason}{}", what.instead()),
        }
    }

    /// The same in a few words, for a small screen.
    pub fn brief(&self, what: What) -> String {
        match self {
            Self::Sent(_) if !what.is_credential() => "Sent to the clipboard, not confirmed.".into(),
            Self::Sent(_) => "Sent, not confirmed. Paste it before you close.".into(),
            Self::Held(Some(time)) => format!("Copied. Removed from the clipboard in {} s.", time.as_secs()),
            Self::Failed { reason } => format!("Not copied: {reason}{}", what.instead()),
            _ => self.sentence(what),
        }
    }

    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}
