//! The way to a clipboard: chosen by what is known, and never by what is hoped.

#[cfg(test)]
mod tests;

use super::environment::Environment;
use super::tmux::{Tmux, TmuxClient};
use crate::domain::{ClipboardChoice, Untrusted};

/// A way to a clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClipboardRoute {
    /// tmux hands it to the terminal of its client.
    Tmux,
    /// The terminal is told directly, and tmux lets that through (`set-clipboard on`).
    ThroughTmux,
    /// GNU screen passes it to the terminal.
    Screen,
    /// The terminal is told directly, by OSC 52.
    Terminal,
    /// The same, and mosh carries it.
    Mosh,
    /// The clipboard of the X display.
    X11,
    /// The clipboard of the Wayland session.
    Wayland,
}

impl ClipboardRoute {
    /// Where a copy will go, in a sentence. Nobody can know that it arrives.
    pub(crate) const fn promise(self) -> &'static str {
        match self {
            Self::Tmux => "Copy goes through tmux to your terminal's clipboard, if the terminal takes it.",
            Self::ThroughTmux => "Copy goes to your terminal's clipboard, if tmux and the terminal let it through.",
            Self::Screen => "Copy goes through GNU screen to your terminal's clipboard, if the terminal takes it.",
            Self::Terminal => "Copy goes to your terminal's clipboard (OSC 52), if the terminal takes it.",
            Self::Mosh => "Copy goes through mosh to your terminal's clipboard, if the terminal takes it.",
            Self::X11 => "Copy goes to the clipboard of the X display, if it answers.",
            Self::Wayland => "Copy goes to the clipboard of this Wayland desktop, if it answers.",
        }
    }

    /// The same in a few words.
    pub(crate) const fn brief(self) -> &'static str {
        match self {
            Self::Tmux | Self::ThroughTmux => "Copy goes through tmux, if your terminal takes it.",
            Self::Screen => "Copy goes through GNU screen, if your terminal takes it.",
            Self::Terminal => "Copy goes to your terminal, if it takes it.",
            Self::Mosh => "Copy goes through mosh, if your terminal takes it.",
            Self::X11 => "Copy goes to the X display, if it answers.",
            Self::Wayland => "Copy goes to this desktop, if it answers.",
        }
    }

    /// The most that can go this way, in bytes; none if there is no limit. GNU screen prints what is longer than about
    /// 760 bytes with its wrapper; a terminal gets it in one write of 4 KiB (mosh cuts at 16).
    #[must_use]
    pub const fn most(self) -> Option<usize> {
        match self {
            Self::Screen => Some(480),
            Self::ThroughTmux | Self::Terminal | Self::Mosh => Some(3000),
            Self::Tmux | Self::X11 | Self::Wayland => None,
        }
    }

    /// What else should be known of it.
    pub(crate) fn caveat(self, environment: &Environment, client: Option<&TmuxClient>) -> Option<&'static str> {
        let nested = client.is_some_and(|client| client.term.starts_with("tmux") || client.term.starts_with("screen"));
        match self {
            Self::Tmux if nested => Some(
                "That terminal is itself a tmux or screen: a tmux with set-clipboard on keeps a copy in a buffer, others stop it.",
            ),
            Self::Terminal if environment.is_any(&["tmux", "screen"]) => {
                Some("TERM is that of tmux or screen, but TMUX and STY are not set (sudo? su?): it may end there.")
            }
            Self::Terminal | Self::Screen => Some("Some ignore it: PuTTY, GNOME Terminal, xterm as it comes."),
            Self::X11 | Self::Wayland => Some("A clipboard manager may keep a history."),
            _ => None,
        }
    }
}

/// The way that is meant, or why there is none.
pub(crate) fn choose(
    environment: &Environment,
    wish: ClipboardChoice,
    tmux: Option<&Result<Tmux, String>>,
    is_mosh: bool,
) -> Result<ClipboardRoute, String> {
    let desktop = !environment.ssh && (environment.wayland || environment.x11);
    match wish {
        ClipboardChoice::Off => Err("it is switched off (clipboard = off)".into()),
        ClipboardChoice::Tmux => by_tmux(tmux, is_mosh),
        ClipboardChoice::Auto if environment.pane.is_some() => by_tmux(tmux, is_mosh),
        ClipboardChoice::Screen if !environment.screen && !environment.swallows_codes() => Err(no_codes(environment)),
        ClipboardChoice::Screen => Ok(ClipboardRoute::Screen),
        ClipboardChoice::Auto if environment.screen => Ok(ClipboardRoute::Screen),
        ClipboardChoice::Wayland | ClipboardChoice::Auto
            if environment.wayland && (desktop || wish != ClipboardChoice::Auto) =>
        {
            Ok(ClipboardRoute::Wayland)
        }
        ClipboardChoice::Wayland => {
            Err("there is no Wayland session (WAYLAND_DISPLAY is not set, or nothing is there)".into())
        }
        ClipboardChoice::X11 if environment.wayland => {
            Err("WAYLAND_DISPLAY is set, which goes before X11: unset it".into())
        }
        ClipboardChoice::X11 if !environment.x11 => {
            Err("there is no X display (DISPLAY is not set, or nothing is there)".into())
        }
        ClipboardChoice::X11 => Ok(ClipboardRoute::X11),
        ClipboardChoice::Auto if desktop => Ok(ClipboardRoute::X11),
        ClipboardChoice::Auto | ClipboardChoice::Osc52 => by_terminal(environment, tmux, is_mosh),
    }
}

fn by_tmux(tmux: Option<&Result<Tmux, String>>, is_mosh: bool) -> Result<ClipboardRoute, String> {
    let tmux = tmux.ok_or_else(|| "this is no pane of tmux (TMUX is not set)".to_owned())?.as_ref()?;
    let client = tmux.active().ok_or("no terminal is attached to this tmux session")?;
    if is_mosh {
        return through_mosh(tmux);
    }
    if tmux.version < (3, 2) {
        return Err("this tmux is too old, it takes version 3.2".into());
    }
    if !client.takes_clipboard {
        return Err(format!("your terminal, as tmux sees it ({}), takes no clipboard", name(&client.term)));
    }
    Ok(ClipboardRoute::Tmux)
}

/// mosh lets only a clipboard named `c` through, which tmux keeps since 3.4 and never writes itself.
fn through_mosh(tmux: &Tmux) -> Result<ClipboardRoute, String> {
    if tmux.version < (3, 4) || !tmux.is_open {
        return Err("mosh blocks what tmux sends (tmux 3.4 with set-clipboard on gets through)".into());
    }
    alone(tmux)
}

fn by_terminal(
    environment: &Environment,
    tmux: Option<&Result<Tmux, String>>,
    is_mosh: bool,
) -> Result<ClipboardRoute, String> {
    match tmux {
        Some(Ok(_)) if is_mosh => by_tmux(tmux, is_mosh),
        Some(Ok(tmux)) if tmux.is_open => alone(tmux),
        Some(Ok(_)) => Err("tmux lets OSC 52 through only with set-clipboard on".into()),
        Some(Err(why)) => Err(why.clone()),
        None if environment.screen => Err("GNU screen swallows OSC 52 (choose screen)".into()),
        None if !environment.swallows_codes() => Err(no_codes(environment)),
        None if is_mosh => Ok(ClipboardRoute::Mosh),
        None => Ok(ClipboardRoute::Terminal),
    }
}

/// A terminal that may print the code instead.
fn no_codes(environment: &Environment) -> String {
    match environment.term.as_str() {
        "" => "a terminal without a name takes no clipboard".to_owned(),
        term => format!("a {} terminal takes no clipboard", name(term)),
    }
}

/// The name of a terminal can be anything.
fn name(term: &str) -> String {
    Untrusted::new(term).to_display(20)
}

/// With `set-clipboard on` tmux hands an OSC 52 to everyone who is attached.
fn alone(tmux: &Tmux) -> Result<ClipboardRoute, String> {
    match tmux.watchers() {
        0 | 1 => Ok(ClipboardRoute::ThroughTmux),
        count => Err(format!("{count} terminals show this session, and tmux would hand it to all of them")),
    }
}
