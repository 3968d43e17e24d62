//! What a user should know before a secret is shown or copied.

use super::environment::Environment;
use super::screen::Displays;
use super::tmux::Tmux;
use crate::domain::Untrusted;

/// A reason to think twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The session appears to be recorded, by this.
    Recorded(String),
    /// This program lets others see the session.
    SharedBy(String),
    /// So many terminals show the session.
    Shared(usize),
    /// tmux or GNU screen does not say who watches.
    Unknown,
    /// What is shown may stay in the scrollback: there is no second screen.
    Stays,
}

impl Warning {
    pub fn sentence(&self) -> String {
        match self {
            Self::Recorded(by) => format!("This session appears to be recorded ({}).", name(by)),
            Self::SharedBy(by) => format!("This session appears to be shared ({}).", name(by)),
            Self::Shared(count) => format!("This session is open in {count} terminals."),
            Self::Unknown => "Can't tell who else sees this session.".to_owned(),
            Self::Stays => "This terminal has no alternate screen, so what is shown may stay in its \
                scrollback."
                .to_owned(),
        }
    }

    /// It in a few words, for a small screen.
    pub fn brief(&self) -> String {
        match self {
            Self::Recorded(by) => format!("Recorded by {}?", name(by)),
            Self::SharedBy(by) => format!("Shared by {}?", name(by)),
            Self::Shared(count) => format!("Open in {count} terminals."),
            Self::Unknown => "Can't tell who else sees this.".to_owned(),
            Self::Stays => "May stay in scrollback.".to_owned(),
        }
    }

    /// Whether it is about a copy too, and not only about what is shown.
    pub const fn concerns_copies(&self) -> bool {
        !matches!(self, Self::Stays)
    }
}

/// A process may call itself anything.
fn name(by: &str) -> String {
    Untrusted::new(by).to_display(20)
}

/// Programs that record what a terminal shows: by name, or by how their names begin.
const RECORDERS: [&str; 4] = ["script", "asciinema", "ttyrec", "tlog-rec"];

/// Programs that show a terminal to others.
const SHARERS: [&str; 5] = ["gotty", "sshx", "tmate", "ttyd", "upterm"];

/// What there is to say, the gravest first.
pub(crate) fn all(
    environment: &Environment,
    above: &[String],
    tmux: Option<&Result<Tmux, String>>,
    displays: Displays,
) -> Vec<Warning> {
    let answered = tmux.and_then(|tmux| tmux.as_ref().ok());
    let mut warnings = Vec::new();
    if let Some(by) = recorder(environment, above, answered) {
        warnings.push(Warning::Recorded(by.to_owned()));
    }
    match tmux {
        Some(Ok(tmux)) if tmux.watchers() > 1 => warnings.push(Warning::Shared(tmux.watchers())),
        Some(Err(_)) => warnings.push(Warning::Unknown),
        _ => {}
    }
    match displays {
        Displays::Known(count) if count > 1 => warnings.push(Warning::Shared(count)),
        Displays::Unknown => warnings.push(Warning::Unknown),
        Displays::Known(_) | Displays::NoScreen => {}
    }
    if let Some(by) = above.iter().find(|name| SHARERS.contains(&name.as_str())) {
        warnings.push(Warning::SharedBy(by.clone()));
    }
    // GNU screen has none as it comes (`altscreen off`), and these terminals know no such thing.
    let has_second_screen = answered.map_or_else(
        || {
            !environment.screen
                && !environment.is_any(&["linux", "ansi", "cons25"])
                && !environment.term.starts_with("vt")
        },
        |tmux| tmux.has_second_screen,
    );
    if !has_second_screen {
        warnings.push(Warning::Stays);
    }
    warnings
}

fn recorder<'a>(environment: &Environment, above: &'a [String], tmux: Option<&Tmux>) -> Option<&'a str> {
    let is_recorder = |name: &&String| RECORDERS.iter().any(|r| *name == r || *r == "tlog-rec" && name.starts_with(r));
    let piped = tmux.filter(|tmux| tmux.is_piped).map(|_| "tmux pipe-pane");
    piped.or_else(|| above.iter().find(is_recorder).map(String::as_str)).or(environment.recorder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(above: &[&str], tmux: Option<&Result<Tmux, String>>) -> Vec<Warning> {
        let environment = Environment { term: "xterm".to_owned(), ..Environment::default() };
        let above: Vec<String> = above.iter().map(|name| (*name).to_owned()).collect();
        all(&environment, &above, tmux, Displays::NoScreen)
    }

    #[test]
    fn recorders_are_known_by_name_and_others_are_left_alone() {
        for name in ["script", "asciinema", "tlog-rec-sessio", "tlog-rec", "ttyrec"] {
            assert_eq!(found(&["bash", name, "sshd"], None), [Warning::Recorded(name.to_owned())]);
        }
        assert_eq!(found(&["bash", "scriptd", "my-script", "tlog-play", "sshd"], None), []);
        assert_eq!(found(&["bash", "ttyd", "systemd"], None), [Warning::SharedBy("ttyd".to_owned())]);
    }

    #[test]
    fn more_displays_of_screen_are_eyes() {
        let environment = Environment { screen: true, ..Environment::default() };
        let found = |displays| all(&environment, &[], None, displays);
        assert_eq!(found(Displays::Known(1)), [Warning::Stays]);
        assert_eq!(found(Displays::Known(2)), [Warning::Shared(2), Warning::Stays]);
        assert_eq!(found(Displays::Unknown), [Warning::Unknown, Warning::Stays]);
    }

    #[test]
    fn what_tmux_says_counts() {
        let tmux = Tmux { has_second_screen: true, ..Tmux::default() };
        assert_eq!(found(&[], Some(&Ok(tmux.clone()))), []);
        assert_eq!(found(&[], Some(&Ok(Tmux { viewers: 2, ..tmux.clone() }))), [Warning::Shared(2)]);
        let piped = Tmux { is_piped: true, has_second_screen: false, ..tmux };
        assert_eq!(found(&[], Some(&Ok(piped))), [Warning::Recorded("tmux pipe-pane".into()), Warning::Stays]);
        assert_eq!(found(&[], Some(&Err("no".into()))), [Warning::Unknown]);
    }

    #[test]
    fn variables_of_recorders() {
        let environment = Environment { term: "vt100".into(), recorder: Some("Teleport"), ..Environment::default() };
        assert_eq!(
            all(&environment, &[], None, Displays::NoScreen),
            [Warning::Recorded("Teleport".into()), Warning::Stays]
        );
    }
}
