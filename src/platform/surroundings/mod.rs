//! What is between the program and its user: multiplexers, recorders, other people's eyes, and the way to a
//! clipboard. It is looked at anew before a secret is shown or copied, since all of it changes while we run.

mod account;
mod ancestors;
mod desktop;
mod environment;
mod route;
mod screen;
mod tmux;
mod warning;

pub use account::Account;
pub(crate) use ancestors::{can_resume, is_in_foreground};
pub use route::ClipboardRoute;
use screen::Displays;
pub use warning::Warning;

use crate::domain::ClipboardChoice;
use environment::Environment;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// How a copy goes now, or why it cannot, for the middle of a sentence.
    pub way: Result<ClipboardRoute, String>,
    /// What else is known of that way, in a sentence.
    pub caveat: Option<&'static str>,
    /// What the user should know before a secret is shown or copied.
    pub warnings: Vec<Warning>,
    /// The terminal, by its device, to which tmux would hand a copy.
    pub client: Option<String>,
    /// Why the program isn't told when its window loses the focus, if that is known.
    pub focus: Option<&'static str>,
    /// Whether mosh is between the terminal and this computer.
    pub mosh: bool,
}

impl Default for Surroundings {
    /// A terminal of which nothing special is known.
    fn default() -> Self {
        Self {
            way: Ok(ClipboardRoute::Terminal),
            caveat: None,
            warnings: Vec::new(),
            client: None,
            focus: None,
            mosh: false,
        }
    }
}

impl Surroundings {
    /// Where a copy goes, before it is made: one or two sentences that claim no more than is known.
    pub fn sentence(&self) -> String {
        let words = match &self.way {
            Ok(way) => way.promise().to_owned(),
            Err(why) => {
                format!("No clipboard available: {why}. Use Save, or show the secret and select it with the mouse.")
            }
        };
        self.caveat.map_or(words.clone(), |caveat| format!("{words} {caveat}"))
    }

    /// The same in a few words, for a small screen.
    pub fn brief(&self) -> String {
        match &self.way {
            Ok(way) => way.brief().to_owned(),
            Err(why) => format!("No clipboard: {why}. Use Save."),
        }
    }
}

/// Looks around. Never waits longer than tmux is given to answer; to be called anew each time.
pub async fn look(wish: ClipboardChoice) -> Surroundings {
    let mut environment = Environment::read();
    let mut tmux = match &environment.pane {
        Some(pane) => Some(tmux::ask(pane).await),
        None => None,
    };
    if let Some(asked) = &tmux {
        match whose_tmux(&environment, asked.as_ref().ok()) {
            Whose::Ours => {}
            Whose::Stale => (environment.pane, tmux) = (None, None),
            Whose::Unknown => tmux = Some(Err("the tmux that TMUX names can't be seen from here".to_owned())),
        }
    }
    environment.screen &= environment.screen_server.is_none_or(|server| ancestors::is_above(server) != Some(false));
    // Reading /proc is quick, but it is files anyway.
    let judged = tokio::task::spawn_blocking(move || judge(&environment, wish, tmux.as_ref())).await;
    judged.unwrap_or_else(|_| Surroundings {
        way: Err("the terminal's surroundings can't be examined".to_owned()),
        ..Surroundings::default()
    })
}

/// What TMUX names.
enum Whose {
    /// The tmux that we are in, which may not answer.
    Ours,
    /// Another one, whose terminals are other people's: an editor, su or a detached program has taken TMUX along.
    Stale,
    /// One that we may be in and can't see, as in a container.
    Unknown,
}

fn whose_tmux(environment: &Environment, tmux: Option<&tmux::Tmux>) -> Whose {
    let ours = rustix::termios::ttyname(std::io::stdin(), Vec::new()).ok();
    if tmux.is_some_and(|tmux| ours.is_some_and(|ours| ours.to_bytes() == tmux.pane_tty.as_bytes())) {
        return Whose::Ours;
    }
    let server = environment.tmux_server;
    match server.and_then(ancestors::is_above) {
        Some(true) => Whose::Ours,
        Some(false) if server.is_some_and(|server| ancestors::is_named(server, "tmux")) => Whose::Stale,
        Some(false) => Whose::Unknown,
        None if tmux.is_none() => Whose::Ours,
        None => Whose::Stale,
    }
}

fn judge(environment: &Environment, wish: ClipboardChoice, tmux: Option<&Result<tmux::Tmux, String>>) -> Surroundings {
    let answered = tmux.and_then(|tmux| tmux.as_ref().ok());
    let client = answered.and_then(tmux::Tmux::active);
    let mut above = ancestors::ours();
    for client in answered.iter().flat_map(|tmux| &tmux.clients) {
        above.extend(ancestors::names(client.pid));
    }
    let is_mosh = match client {
        // Inside tmux it is the client's line that counts, not the one on which the server was started.
        Some(client) => ancestors::names(client.pid).iter().any(|name| name == MOSH),
        None => above.iter().any(|name| name == MOSH),
    };
    let displays = if environment.screen { Displays::of(environment.screen_server) } else { Displays::NoScreen };
    let way = route::choose(environment, wish, tmux, is_mosh);
    let way = way.and_then(|way| route::of_one_display(way, displays));
    let caveat = way.as_ref().ok().and_then(|way| way.caveat(environment, client));
    let warnings = warning::all(environment, &above, tmux, displays);
    let focus = no_focus(environment, answered);
    Surroundings { way, caveat, warnings, client: client.map(|client| client.tty.clone()), focus, mosh: is_mosh }
}

/// What doesn't report that the window loses the focus.
fn no_focus(environment: &Environment, tmux: Option<&tmux::Tmux>) -> Option<&'static str> {
    match tmux {
        Some(tmux) if !tmux.reports_focus => Some("tmux, as focus-events is off"),
        Some(_) => None,
        None if environment.screen || environment.is_any(&["screen"]) => Some("GNU screen"),
        None if environment.is_any(&["dvtm"]) => Some("dvtm"),
        None => (!environment.swallows_codes()).then_some("this terminal"),
    }
}

/// The process that mosh runs on our side of the line.
const MOSH: &str = "mosh-server";
