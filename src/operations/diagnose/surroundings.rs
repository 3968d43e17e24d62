//! The terminal, what is between it and us, and how this process hides: for a bug report.

use std::env;
use std::time::Duration;

use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};
use tokio::process::Command;

use super::Fact;
use crate::domain::ClipboardChoice;
use crate::platform::surroundings::{Account, ClipboardRoute, Surroundings};
use crate::platform::{surroundings, terminal_kind};

/// A multiplexer that does not answer is not waited for.
const PATIENCE: Duration = Duration::from_secs(1);

const NO_TERMINAL: &str = "no terminal";

/// The facts, in the order in which they are shown.
pub(crate) async fn facts(wish: ClipboardChoice) -> Vec<Fact> {
    let found = surroundings::look(wish).await;
    let warnings: Vec<_> = found.warnings.iter().map(surroundings::Warning::sentence).collect();
    vec![
        ("Terminal", variable("TERM").unwrap_or_else(|| "TERM is not set".to_owned())),
        ("Size", size()),
        ("Locale", locale()),
        ("Multiplexer", multiplexer().await),
        ("Connection", connection(found.mosh)),
        ("Account", account()),
        ("Clipboard", clipboard(&found)),
        ("Observers", if warnings.is_empty() { "none detected".to_owned() } else { warnings.join(" ") }),
        ("Hardening", hardening()),
    ]
}

/// A page is looked at on a terminal, and here is none: a desktop and tmux can do without.
fn clipboard(found: &Surroundings) -> String {
    let is_written = matches!(
        found.way,
        Ok(ClipboardRoute::Terminal | ClipboardRoute::Screen | ClipboardRoute::Mosh | ClipboardRoute::ThroughTmux)
    );
    if is_written && size() == NO_TERMINAL { "none (not a terminal)".to_owned() } else { found.sentence() }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn size() -> String {
    let said =
        [rustix::termios::tcgetwinsize(rustix::stdio::stdout()), rustix::termios::tcgetwinsize(rustix::stdio::stdin())];
    let Some(size) = said.into_iter().find_map(Result::ok) else { return NO_TERMINAL.to_owned() };
    if size.ws_col > 0 && size.ws_row > 0 {
        return format!("{}x{}, from the terminal", size.ws_col, size.ws_row);
    }
    match (variable("COLUMNS"), variable("LINES")) {
        (Some(columns), Some(lines)) => format!("{columns}x{lines}, from COLUMNS and LINES"),
        _ => "unknown; set it with stty rows and cols".to_owned(),
    }
}

fn locale() -> String {
    let set = terminal_kind::locale(|name| variable(name).unwrap_or_default());
    set.map_or_else(|| "not set".to_owned(), |(name, value)| format!("{value}, from {name}"))
}

async fn multiplexer() -> String {
    if env::var_os("TMUX").is_some() {
        let clients = said("tmux", &["list-clients", "-F", "x"]).await.map_or(0, |text| text.lines().count());
        let version = said("tmux", &["-V"]).await.unwrap_or_else(|| "tmux (not responding)".to_owned());
        return format!("{}, clients attached: {clients}", version.trim());
    }
    if env::var_os("STY").is_some() {
        return said("screen", &["-v"]).await.map_or("GNU screen".to_owned(), |version| version.trim().to_owned());
    }
    "none".to_owned()
}

async fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let run = Command::new(program).args(arguments).kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE, run).await.ok()?.ok()?;
    String::from_utf8(output.stdout).ok().filter(|text| !text.trim().is_empty())
}

fn connection(is_mosh: bool) -> String {
    if is_mosh {
        return "mosh".to_owned();
    }
    let over = ["SSH_CONNECTION", "SSH_TTY"].into_iter().find(|name| variable(name).is_some());
    over.map_or_else(|| "local".to_owned(), |name| format!("SSH, from {name}"))
}

fn account() -> String {
    let account = Account::read();
    let login = account.login.map_or("no user is logged in".to_owned(), |login| format!("logged in as user {login}"));
    let warning = account.warning().map_or(String::new(), |warning| format!(". {warning}"));
    format!("user {}, {login}{warning}", account.user)
}

fn hardening() -> String {
    let hidden = dumpable_behavior() == Ok(DumpableBehavior::NotDumpable);
    let memory =
        if hidden { "memory protected from other programs" } else { "memory NOT protected from other programs" };
    let core =
        getrlimit(Resource::Core).current.map_or("unlimited".to_owned(), |bytes| format!("at most {bytes} byte"));
    format!("{memory}, core dumps {core}")
}
