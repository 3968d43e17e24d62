//! What the dialog of a new secret is made of.

use crate::platform::clipboard::report::{CopyReport, What};

/// What happened last.
#[derive(Debug)]
pub enum News {
    /// Something was copied, or not.
    Copied(What, CopyReport),
    /// The secret was delivered: in words.
    Delivered(String),
    /// Something can't be done here: in words.
    Refused(&'static str),
}

/// The buttons, in their order on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevealButton {
    /// *Show key*, or *Hide key* while it is shown.
    Show,
    Copy,
    /// Both halves.
    Pair,
    Save,
    /// To someone else.
    HandOver,
    Hmac,
    Test,
    /// Another key is created next.
    Another,
    Close,
}

impl RevealButton {
    pub const ALL: [Self; 9] = [
        Self::Show,
        Self::Copy,
        Self::Pair,
        Self::Save,
        Self::HandOver,
        Self::Hmac,
        Self::Test,
        Self::Another,
        Self::Close,
    ];
}
