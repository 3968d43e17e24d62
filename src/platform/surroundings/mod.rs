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
    /// Whether mosh is between the terminal and this computer.
    pub mosh: bool,
}

impl Default for Surroundings {
    /// A terminal of which nothing special is known.
    fn default() -> Self {
        Self { way: Ok(ClipboardRoute::Terminal), caveat: None, warnings: Vec::new(), client: None, mosh: false }
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
    if tmux.as_ref().is_some_and(|tmux| !is_our_tmux(&environment, tmux.as_ref().ok())) {
        (environment.pane, tmux) = (None, None);
    }
    environment.screen &= environment.screen_server.is_none_or(|server| ancestors::is_above(server) != Some(false));
    // Reading /proc is quick, but it is files anyway.
    let judged = tokio::task::spawn_blocking(move || judge(&environment, wish, tmux.as_ref())).await;
    judged.unwrap_or_else(|_| Surroundings {
        way: Err("the terminal's surroundings can't be examined".to_owned()),
        ..Surroundings::default()
    })
}

/// Whether TMUX names the tmux that we are in. An editor, su or a detached program may have taken it along from another
/// one, whose terminals are other people's.
fn is_our_tmux(environment: &Environment, tmux: Option<&tmux::Tmux>) -> bool {
    let ours = || rustix::termios::ttyname(std::io::stdin(), Vec::new()).ok();
    let is_pane = |tmux: &tmux::Tmux| ours().is_some_and(|ours| ours.to_bytes() == tmux.pane_tty.as_bytes());
    tmux.is_some_and(is_pane) || environment.tmux_server.and_then(ancestors::is_above).unwrap_or(tmux.is_none())
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
    Surroundings { way, caveat, warnings, client: client.map(|client| client.tty.clone()), mosh: is_mosh }
}

/// The process that mosh runs on our side of the line.
const MOSH: &str = "mosh-server";
