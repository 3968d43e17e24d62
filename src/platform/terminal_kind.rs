//! What kind of terminal it is, as far as its surroundings tell. What only the terminal knows it may be asked, but nothing
//! waits for that: answers come late or never.

use crate::domain::{AmbiguousWidth, Background, Charset, Theme};

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalKind {
    /// Its characters.
    pub charset: Charset,
    /// Its colours, as far as the user wants them.
    pub colours: ColourDepth,
    /// What the colours are chosen for.
    pub theme: Theme,
    /// Its background, if the environment or the terminal says it.
    pub background: Option<Background>,
    /// Whether it takes a question about its background and answers it, or is silent.
    pub answers: bool,
    /// Whether it is told what its window's title is.
    pub titles: bool,
}

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourDepth {
    /// None, or none are wanted.
    Mono,
    /// The 16 of ECMA-48 and aixterm, which each user's palette sets.
    Basic,
    /// The 256 of xterm; those from 16 on look the same everywhere.
    Indexed,
    /// 24 bits.
    Rgb,
}

/// Terminals without colour: real ones, and what calls itself after them (terminfo, names ending so).
const MONO: [&str; 3] = ["-m", "-mono", "-nc"];
/// Terminals that tell their background (OSC 11), or at least show nothing of the question. tmux answers it from 3.4 on, and
/// earlier where a style of its own sets the background.
const ANSWERING: [&str; 11] =
    ["xterm", "tmux", "alacritty", "foot", "kitty", "wezterm", "ghostty", "konsole", "vte", "gnome", "mlterm"];

impl TerminalKind {
    /// A terminal of today.
    pub const RICH: Self = Self {
        charset: Charset::Utf8,
        colours: ColourDepth::Basic,
        theme: Theme::Auto,
        background: None,
        answers: false,
        titles: true,
    };

    /// The kind by the variables of the environment.
    pub fn here() -> Self {
        Self::of(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default())
    }

    /// The same terminal, which draws characters of ambiguous width so; as one cell until it says otherwise.
    #[must_use]
    pub fn of_width(mut self, width: AmbiguousWidth) -> Self {
        if self.charset == Charset::Utf8 && width == AmbiguousWidth::Wide {
            self.charset = Charset::Wide;
        }
        self
    }

    /// The same terminal, with the colours of a theme.
    #[must_use]
    pub const fn of_theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Whether it is asked for its background: its colours depend on that, and the environment doesn't tell.
    pub fn asks_background(&self) -> bool {
        let is_open = self.background.is_none() && self.theme == Theme::Auto;
        self.answers && is_open && self.colours != ColourDepth::Mono
    }

    /// The kind by variables; an empty one counts as none (POSIX for the locale, no-color.org for `NO_COLOR`).
    fn of(variable: impl Fn(&str) -> String) -> Self {
        let term = variable("TERM");
        let locale = locale(&variable).map(|(_, name)| name);
        // These draw their own glyphs: the VT100 family has ASCII, the Linux console a font of 256 or 512.
        let poor = term.starts_with("vt") || is_a(&term, "linux");
        let charset = if poor { Charset::Ascii } else { Charset::of_locale(&locale.unwrap_or_default()) };
        let mono = term.starts_with("vt") || ["", "dumb", "unknown"].contains(&term.as_str());
        let mono = mono || MONO.iter().any(|end| term.ends_with(end));
        // A terminal without a title may print one. GNU screen, st and rxvt have no way back to the title that was before.
        let titles = !poor && !["", "dumb", "unknown"].contains(&term.as_str()) && variable("STY").is_empty();
        let titles = titles && !["ansi", "cons25", "st", "stterm", "rxvt"].iter().any(|name| is_a(&term, name));
        let colours = match (term.as_str(), variable("COLORTERM").as_str()) {
            _ if mono || !variable("NO_COLOR").is_empty() => ColourDepth::Mono,
            _ if poor => ColourDepth::Basic,
            (_, "truecolor" | "24bit") => ColourDepth::Rgb,
            (term, _) if term.ends_with("-direct") => ColourDepth::Rgb,
            (term, _) if term.contains("256color") => ColourDepth::Indexed,
            _ => ColourDepth::Basic,
        };
        let console = Some(Background::Dark).filter(|_| is_a(&term, "linux"));
        let background = Background::of_colorfgbg(&variable("COLORFGBG")).or(console);
        // GNU screen may show a question, and calls itself as old tmux does.
        let is_tmux = is_a(&term, "screen") && !variable("TMUX").is_empty();
        let answers = titles && (is_tmux || ANSWERING.iter().any(|name| is_a(&term, name)));
        Self { charset, colours, theme: Theme::Auto, background, answers, titles }
    }
}

/// The variable that sets the locale, and the locale's name: of the three, the first that is not empty (locale(7)).
pub(crate) fn locale(variable: impl Fn(&str) -> String) -> Option<(&'static str, String)> {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(|name| (name, variable(name)));
    set.into_iter().find(|(_, value)| !value.is_empty())
}

/// Whether a terminal is this one or a variant of it: `linux`, `linux-16color`.
fn is_a(term: &str, name: &str) -> bool {
    term.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> TerminalKind {
        TerminalKind::of(|name| {
            variables.iter().find(|(n, _)| *n == name).map_or(String::new(), |(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn the_locale_is_the_first_that_is_set() {
        let charset = |variables: &[(&str, &str)]| of(&[variables, &[("TERM", "xterm")]].concat()).charset;
        assert_eq!(charset(&[("LANG", "C.UTF-8")]), Charset::Utf8);
        assert_eq!(charset(&[("LANG", "C.UTF-8"), ("LC_CTYPE", "C")]), Charset::Ascii);
        assert_eq!(charset(&[("LANG", "C"), ("LC_CTYPE", "de_DE.UTF-8"), ("LC_ALL", "")]), Charset::Utf8);
        assert_eq!(charset(&[("LC_ALL", "C"), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C.UTF-8")]), Charset::Ascii);
        assert_eq!(charset(&[]), Charset::Ascii);
    }

    #[test]
    fn each_terminal_gets_what_it_has() {
        let utf8 = ("LANG", "C.UTF-8");
        let kind = |term| of(&[utf8, ("TERM", term)]);
        for (term, charset, colours, titles) in [
            ("xterm-256color", Charset::Utf8, ColourDepth::Indexed, true),
            ("tmux-direct", Charset::Utf8, ColourDepth::Rgb, true),
            ("screen", Charset::Utf8, ColourDepth::Basic, true),
            ("st-256color", Charset::Utf8, ColourDepth::Indexed, false),
            ("rxvt-unicode-256color", Charset::Utf8, ColourDepth::Indexed, false),
            ("linux", Charset::Ascii, ColourDepth::Basic, false),
            ("linux-16color", Charset::Ascii, ColourDepth::Basic, false),
            ("vt100", Charset::Ascii, ColourDepth::Mono, false),
            ("vt220", Charset::Ascii, ColourDepth::Mono, false),
            ("dumb", Charset::Utf8, ColourDepth::Mono, false),
            ("", Charset::Utf8, ColourDepth::Mono, false),
            ("xterm-mono", Charset::Utf8, ColourDepth::Mono, true),
        ] {
            let kind = kind(term);
            assert_eq!((kind.charset, kind.colours, kind.titles), (charset, colours, titles), "{term}");
            let background = term.starts_with("linux").then_some(Background::Dark);
            assert_eq!((kind.theme, kind.background), (Theme::Auto, background));
        }
        assert!(!of(&[utf8, ("TERM", "screen"), ("STY", "7.pts-0.jump")]).titles);
        let colours = |more: (&'static str, &'static str)| of(&[utf8, ("TERM", "xterm"), more]).colours;
        assert_eq!(colours(("NO_COLOR", "1")), ColourDepth::Mono);
        assert_eq!(colours(("NO_COLOR", "")), ColourDepth::Basic);
        assert_eq!(colours(("COLORTERM", "truecolor")), ColourDepth::Rgb);
        assert_eq!(of(&[utf8, ("TERM", "rxvt"), ("COLORFGBG", "0;15")]).background, Some(Background::Light));
    }

    #[test]
    fn only_who_can_answer_is_asked_for_the_background() {
        let asks = |variables: &[(&str, &str)]| of(&[variables, &[("LANG", "C.UTF-8")]].concat()).asks_background();
        for term in ["xterm", "xterm-256color", "xterm-kitty", "tmux-256color", "alacritty", "foot", "foot-direct"] {
            assert!(asks(&[("TERM", term)]), "{term}");
        }
        for term in
            ["", "dumb", "linux", "vt100", "vt220", "ansi", "cons25", "screen", "screen-256color", "st", "xterm-mono"]
        {
            assert!(!asks(&[("TERM", term)]), "{term}");
        }
        assert!(asks(&[("TERM", "screen-256color"), ("TMUX", "/tmp/tmux-0/default,7,0")]));
        for known in [("STY", "7.pts-0.jump"), ("COLORFGBG", "15;0"), ("NO_COLOR", "1")] {
            assert!(!asks(&[("TERM", "xterm"), known]), "{known:?}");
        }
        assert!(!of(&[("TERM", "xterm")]).of_theme(Theme::Light).asks_background());
    }
}
