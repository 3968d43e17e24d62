//! What is known about a copy to a clipboard, in words that never claim more.

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The Secret access key.
    Secret,
    /// The Access key ID.
    Id,
    /// An HMAC token.
    HmacToken,
    /// What an HMAC token was made of.
    Content,
    /// An exchange, as text for curl.
    Request,
    /// An access token.
    AccessToken,
}

impl What {
    /// Its name on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secret => "Secret access key",
            Self::Id => "Access key ID",
            Self::HmacToken => "HMAC token",
            Self::Content => "Content",
            Self::Request => "curl text (a credential)",
            Self::AccessToken => "Access token",
        }
    }

    /// Whether no clipboard manager should remember it.
    #[must_use]
    pub const fn is_credential(self) -> bool {
        !matches!(self, Self::Id | Self::Content)
    }

    /// What helps where it cannot be copied.
    const fn instead(self) -> &'static str {
        match self {
            Self::Secret => " Show it, and select it by mouse.",
            Self::HmacToken => " Select it by mouse.",
            _ => "",
        }
    }
}

/// A way to a clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// tmux hands it to the terminal of its client.
    Tmux,
    /// GNU screen passes it to the terminal.
    Screen,
    /// The terminal is told directly, by OSC 52.
    Terminal,
    /// The desktop's clipboard, on this machine.
    Desktop,
}

/// What came of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyReport {
    /// It was sent this way. Nobody confirms that it arrived.
    Sent(Way),
    /// The desktop took it, and has it while this program runs.
    Held,
    /// It was not sent.
    Failed {
        /// Why, in words.
        reason: String,
    },
}

impl CopyReport {
    /// One or two sentences for the user.
    #[must_use]
    pub fn sentence(&self, what: What) -> String {
        let thing = what.name();
        match self {
            Self::Sent(way) => {
                let way = match way {
                    Way::Tmux => "through tmux (load-buffer -w) to your terminal's clipboard",
                    Way::Screen => "through GNU screen to your terminal's clipboard",
                    _ => "to your terminal's clipboard (OSC 52)",
                };
                format!("{thing} sent {way}. Terminals do not confirm: paste it where it belongs before you close.")
            }
            Self::Held => format!("{thing} is on this desktop's clipboard, as long as latchkey runs. Paste it now."),
            Self::Failed { reason } => {
                format!("{thing} not copied: {reason}{}", what.instead())
            }
        }
    }
}
