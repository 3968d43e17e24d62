//! The way to a clipboard: chosen by what is known, and never by what is hoped.

#[cfg(test)]
mod tests;

use super::environment::Environment;
use super::screen::Displays;
use super::tmux::{Tmux, TmuxClient};
use crate::domain::{ClipboardChoice, Untrusted};

/// A way to a clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClipboardRoute {
    /// tmux hands it to the terminal of its client.
    Tmux,
    /// The same where that terminal is an xterm: tmux names no selection, and xterm takes that for PRIMARY.
    TmuxPrimary,
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
    /// Where a copy will go, in a sentence. That it arrives can't be known.
    pub(crate) const fn promise(self) -> &'static str {
        match self {
            Self::Tmux => "Copy uses your terminal's clipboard through tmux, if the terminal supports it.",
            Self::TmuxPrimary => {
                "Copy goes through tmux to xterm's PRIMARY selection (paste with the middle button), if xterm allows it."
            }
            Self::ThroughTmux => "Copy uses your terminal's clipboard, if tmux and the terminal allow it.",
            Self::Screen => "Copy uses your terminal's clipboard through GNU screen, if the terminal supports it.",
            Self::Terminal => "Copy uses your terminal's clipboard (OSC 52), if the terminal supports it.",
            Self::Mosh => "Copy uses your terminal's clipboard through mosh, if the terminal supports it.",
            Self::X11 => "Copy uses the clipboard of the X display, if it responds.",
            Self::Wayland => "Copy uses the clipboard of this Wayland desktop, if it responds.",
        }
    }

    /// The same in a few words.
    pub(crate) const fn brief(self) -> &'static str {
        match self {
            Self::Tmux | Self::ThroughTmux => "Copy uses tmux, if your terminal supports it.",
            Self::TmuxPrimary => "Copy: PRIMARY selection, if xterm allows it.",
            Self::Screen => "Copy uses GNU screen, if your terminal supports it.",
            Self::Terminal => "Copy uses the terminal's clipboard, if supported.",
            Self::Mosh => "Copy uses mosh, if your terminal supports it.",
            Self::X11 => "Copy uses the X display, if it responds.",
            Self::Wayland => "Copy uses this desktop's clipboard, if it responds.",
        }
    }

    /// The most that can go this way, in bytes; none if there is no limit. GNU screen prints what is longer than about
    /// 760 bytes with its wrapper; a terminal gets it in one write of 4 KiB (mosh cuts at 16).
    pub const fn most(self) -> Option<usize> {
        match self {
            Self::Screen => Some(480),
            Self::ThroughTmux | Self::Terminal | Self::Mosh => Some(3000),
            Self::Tmux | Self::TmuxPrimary | Self::X11 | Self::Wayland => None,
        }
    }

    /// What else should be known of it.
    pub(crate) fn caveat(self, environment: &Environment, client: Option<&TmuxClient>) -> Option<&'static str> {
        let nested = client.is_some_and(|client| client.term.starts_with("tmux") || client.term.starts_with("screen"));
        match self {
            // Before tmux 3.4 it forgets the name of the selection.
            Self::ThroughTmux if client.is_some_and(|client| client.is_xterm) => {
                Some("With tmux before 3.4 xterm takes it for its PRIMARY selection.")
            }
            Self::Tmux | Self::TmuxPrimary if nested => Some(
                "That terminal is itself a tmux or screen. With set-clipboard on, that tmux keeps a copy in a buffer; \
                 with external or off, it blocks the copy, as screen does.",
            ),
            Self::Terminal if environment.is_any(&["tmux", "screen"]) => Some(
                "TERM is tmux's or screen's, but TMUX and STY are not set (sudo? su?), so the copy may get \
                    lost there.",
            ),
            Self::Terminal | Self::Screen => Some("PuTTY, GNOME Terminal and xterm with default settings don't."),
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
        ClipboardChoice::Off => Err("it is turned off (clipboard = off)".into()),
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
            Err("there is no Wayland session (WAYLAND_DISPLAY is not set, or nothing listens there)".into())
        }
        ClipboardChoice::X11 if environment.wayland => {
            Err("WAYLAND_DISPLAY is set and takes precedence over X11; unset it".into())
        }
        ClipboardChoice::X11 if !environment.x11 => {
            Err("there is no X display (DISPLAY is not set, or nothing listens there)".into())
        }
        ClipboardChoice::X11 => Ok(ClipboardRoute::X11),
        ClipboardChoice::Auto if desktop => Ok(ClipboardRoute::X11),
        ClipboardChoice::Auto | ClipboardChoice::Osc52 => by_terminal(environment, tmux, is_mosh),
    }
}

fn by_tmux(tmux: Option<&Result<Tmux, String>>, is_mosh: bool) -> Result<ClipboardRoute, String> {
    let tmux = tmux.ok_or_else(|| "this is not a tmux pane (TMUX is not set)".to_owned())?.as_ref()?;
    let client = tmux.active().ok_or("no terminal is attached to this tmux session")?;
    if is_mosh {
        return through_mosh(tmux);
    }
    if tmux.version < (3, 2) {
        return Err("this tmux is too old; version 3.2 or later is needed".into());
    }
    if !client.takes_clipboard {
        return Err(format!("your terminal, as tmux sees it ({}), doesn't support a clipboard", name(&client.term)));
    }
    Ok(if client.is_xterm { ClipboardRoute::TmuxPrimary } else { ClipboardRoute::Tmux })
}

/// mosh lets only a clipboard named `c` through, which tmux keeps since 3.4 and never writes itself.
fn through_mosh(tmux: &Tmux) -> Result<ClipboardRoute, String> {
    if tmux.version < (3, 4) || !tmux.is_open {
        return Err("mosh blocks what tmux sends (only tmux 3.4 or later with set-clipboard on gets through)".into());
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
        Some(Ok(_)) => Err("tmux passes OSC 52 only with set-clipboard on".into()),
        // This way was named by the user, whatever tmux would say.
        None | Some(Err(_)) if environment.screen => Err("GNU screen blocks OSC 52 (set clipboard = screen)".into()),
        _ if !environment.swallows_codes() => Err(no_codes(environment)),
        _ if is_mosh => Ok(ClipboardRoute::Mosh),
        _ => Ok(ClipboardRoute::Terminal),
    }
}

/// A terminal that may print the code instead.
fn no_codes(environment: &Environment) -> String {
    match environment.term.as_str() {
        "" => "a terminal without a name (TERM is empty) doesn't support a clipboard".to_owned(),
        term => format!("a {} terminal doesn't support a clipboard", name(term)),
    }
}

/// The name of a terminal can be anything.
fn name(term: &str) -> String {
    Untrusted::new(term).to_display(20)
}

/// GNU screen hands a copy to every terminal that shows the window; it must be one, as far as that is known.
pub(crate) fn of_one_display(way: ClipboardRoute, displays: Displays) -> Result<ClipboardRoute, String> {
    match (way, displays) {
        (ClipboardRoute::Screen, Displays::Known(count)) if count > 1 => Err(to_all("GNU screen", count)),
        _ => Ok(way),
    }
}

fn to_all(multiplexer: &str, count: usize) -> String {
    format!("this session is open in {count} terminals, and {multiplexer} would send the copy to all of them")
}

/// With `set-clipboard on` tmux hands an OSC 52 to everyone who is attached.
fn alone(tmux: &Tmux) -> Result<ClipboardRoute, String> {
    match tmux.watchers() {
        0 | 1 => Ok(ClipboardRoute::ThroughTmux),
        count => Err(to_all("tmux", count)),
    }
}
