//! What one must know of the server that one works on.

/// A profile, as the screen and the commands see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in the settings.
    pub name: String,
    /// The server in words for the screen: `host[:port]`, a socket's path, or "embedded server".
    pub server: String,
    /// The folder of the embedded server, in words for the screen: below the home directory it begins with `~`.
    pub folder: Option<String>,
    /// Who signs in, if the settings say so; at the embedded server, who runs the program.
    pub username: Option<String>,
    /// Whether one must sign in.
    pub signs_in: bool,
    /// Whether real keys are at stake: then more is asked before a delete.
    pub production: bool,
    /// Whether nothing may be changed.
    pub read_only: bool,
}

impl Profile {
    /// Where its server is: the host, or the folder of the embedded one.
    pub fn place(&self) -> &str {
        self.folder.as_deref().unwrap_or(&self.server)
    }

    /// What sets it apart, in words for a list.
    pub fn marks(&self, is_current: bool) -> Vec<&'static str> {
        let marks = [(is_current, "current"), (self.production, "PRODUCTION"), (self.read_only, "read-only")];
        marks.into_iter().filter_map(|(holds, word)| holds.then_some(word)).collect()
    }
}
