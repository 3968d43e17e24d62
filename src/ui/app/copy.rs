//! What is known about a copy to a clipboard, in words that never claim more.

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The Secret access key.
    Secret,
    /// The Access key ID.
    Id,
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
        let thing = match what {
            What::Secret => "Secret access key",
            What::Id => "Access key ID",
        };
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
                let instead = if what == What::Secret { " Show it, and select it by mouse." } else { "" };
                format!("{thing} not copied: {reason}{instead}")
            }
        }
    }
}
