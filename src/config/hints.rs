//! Commands of ours as they are to be typed, to work where this run does.

use super::{Config, Overrides};
use crate::domain::BaseUrl;

/// What every command begins with.
const PROGRAM: &str = "latchkey ";

impl Overrides {
    /// A command with these words, and with the options that lead to the same server.
    #[must_use]
    pub fn command(&self, words: &str) -> String {
        let path = |path: &std::path::PathBuf| path.display().to_string();
        let options = [
            ("--config", self.config.as_ref().map(path)),
            ("--profile", self.profile.clone()),
            // A pasted address would be said to be one again; one with a password in it is not repeated.
            ("--url", self.url.as_ref().and_then(|url| Some(BaseUrl::parse(url).ok()?.0.as_str().to_owned()))),
            ("--data", self.data.as_ref().map(path)),
            ("--connect-to", self.connect_to.as_ref().map(|forward| format!("{}={}", forward.host(), forward.to))),
        ];
        let options = options.into_iter().filter_map(|(name, value)| Some(format!("{name} {} ", quoted(&value?))));
        format!("{PROGRAM}{}{words}", options.collect::<String>())
    }

    /// A sentence of ours, with its commands so.
    #[must_use]
    pub fn spell(&self, sentence: &str) -> String {
        sentence.replace(PROGRAM, &self.command(""))
    }
}

impl Config {
    /// A command with these words that works with a profile, whatever the default is.
    #[must_use]
    pub fn command(&self, profile: &str, words: &str) -> String {
        let url = self.url_of_ad_hoc(profile).map(str::to_owned);
        let name = url.is_none().then(|| profile.to_owned());
        Overrides { profile: name, url, ..self.overrides.clone() }.command(words)
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
    fn the_options_stand_in_the_command_for_a_shell() {
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
