//! Options of the command line that override the settings, and commands with the same options.

use std::path::PathBuf;

use crate::client::Forward;
use crate::domain::{BaseUrl, ClipboardChoice};

/// Every command begins with it.
const PROGRAM: &str = "latchkey ";

/// Options that override the settings file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Another settings file.
    pub config: Option<PathBuf>,
    /// The profile to work with.
    pub profile: Option<String>,
    /// A server's URL, in place of a profile.
    pub url: Option<String>,
    /// The data folder of the embedded server.
    pub data: Option<PathBuf>,
    /// The file with the master key of that folder, if it is not in it.
    pub master_key: Option<PathBuf>,
    /// Clipboard to copy to.
    pub clipboard: Option<ClipboardChoice>,
    /// Where connections to a server go.
    pub connect_to: Option<Forward>,
    /// Certificate authorities to trust besides the system's: PEM.
    pub ca_file: Option<PathBuf>,
    /// Whether nothing may be changed, whatever the profile says.
    pub read_only: bool,
}

impl Overrides {
    /// A command with these words and the options that select the same server.
    pub fn command(&self, words: &str) -> String {
        let path = |path: &PathBuf| path.display().to_string();
        let options = [
            ("--config", self.config.as_ref().map(path)),
            ("--profile", self.profile.clone()),
            // A pasted address would be said to be one again; one with a password in it is not repeated.
            ("--url", self.url.as_ref().and_then(|url| Some(BaseUrl::parse(url).ok()?.0.as_str().to_owned()))),
            ("--data", self.data.as_ref().map(path)),
            ("--master-key-file", self.master_key.as_ref().map(path)),
            ("--connect-to", self.connect_to.as_ref().map(|forward| format!("{}={}", forward.host(), forward.to))),
            ("--ca-file", self.ca_file.as_ref().map(path)),
        ];
        let options = options.into_iter().filter_map(|(name, value)| Some(format!("{name} {} ", quoted(&value?))));
        format!("{PROGRAM}{}{words}", options.collect::<String>())
    }

    /// A sentence of ours, its commands completed by [`Self::command`].
    pub fn spell(&self, sentence: &str) -> String {
        sentence.replace(PROGRAM, &self.command(""))
    }
}

/// A word for a POSIX shell, in quotes where it needs them.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_repeats_the_options_quoted_for_a_shell() {
        let with = |set: fn(&mut Overrides)| {
            let mut overrides = Overrides::default();
            set(&mut overrides);
            overrides.spell("See: latchkey doctor")
        };
        assert_eq!(with(|_| {}), "See: latchkey doctor");
        assert_eq!(
            with(|overrides| overrides.data = Some("it's here".into())),
            r"See: latchkey --data 'it'\''s here' doctor"
        );
        assert_eq!(with(|overrides| overrides.profile = Some("team".into())), "See: latchkey --profile team doctor");
        assert_eq!(
            with(|overrides| overrides.url = Some("http://127.0.0.1:1/dashboard".into())),
            "See: latchkey --url http://127.0.0.1:1 doctor"
        );
        assert_eq!(with(|overrides| overrides.url = Some("https://jo:hunter2@a".into())), "See: latchkey doctor");
        assert_eq!(
            with(|overrides| overrides.connect_to = "a.example:443=[::1]:8443".parse().ok()),
            "See: latchkey --connect-to 'a.example:443=[::1]:8443' doctor"
        );
    }
}
