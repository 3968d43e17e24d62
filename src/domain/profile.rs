//! What one must know of the server that one works on.

/// A profile, as the screen and the commands see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in the settings.
    pub name: String,
    /// The server in words for the screen: `host[:port]`, a socket's path, or "embedded server".
    pub server: String,
    /// Who signs in, if the settings say so.
    pub username: Option<String>,
    /// Whether one must sign in.
    pub signs_in: bool,
    /// Whether real keys are at stake: then more is asked before a delete.
    pub production: bool,
    /// Whether nothing may be changed.
    pub read_only: bool,
}
