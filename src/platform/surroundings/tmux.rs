//! What tmux says about its pane, its clients and itself.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// A tmux server that does not answer in this time is stuck.
const PATIENCE: Duration = Duration::from_secs(1);

/// The pane that we are in.
const PANE: &str =
    "#{version} #{pane_pipe} #{alternate_on} #{window_active_clients} #{?focus-events,1,0} #{pane_tty} #{client_tty}";
/// A terminal that is attached.
const CLIENT: &str = "client #{client_pid} #{client_tty} #{client_termname} #{client_termfeatures} #{client_termtype}";

/// What it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "tmux answers each by yes or no")]
pub(crate) struct Tmux {
    /// Major and minor version.
    pub(crate) version: (u32, u32),
    /// Whether what the pane shows is piped into a command.
    pub(crate) is_piped: bool,
    /// Whether the pane shows its second screen, which has no scrollback.
    pub(crate) has_second_screen: bool,
    /// Whether it tells programs that their pane or its terminal loses the focus (`focus-events`).
    pub(crate) reports_focus: bool,
    /// The device of the pane.
    pub(crate) pane_tty: String,
    /// Whether `set-clipboard` is on: programs may set the clipboard, and a buffer keeps it.
    pub(crate) is_open: bool,
    /// The device of the terminal that was typed on last. tmux knows that by the microsecond, and tells it by the
    /// second only.
    pub(crate) last: String,
    /// The terminals that are attached to the session.
    pub(crate) clients: Vec<TmuxClient>,
    /// How many terminals show the window now, in this session or another.
    pub(crate) viewers: usize,
}

/// A terminal that is attached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TmuxClient {
    /// The tmux process on it.
    pub(crate) pid: u32,
    /// Its device.
    pub(crate) tty: String,
    /// Its name, as in TERM.
    pub(crate) term: String,
    /// Whether it takes a clipboard, as far as tmux knows.
    pub(crate) takes_clipboard: bool,
    /// Whether it is an xterm, by its own word.
    pub(crate) is_xterm: bool,
}

impl Tmux {
    /// The terminal that was typed on last: the user's, most likely.
    pub(crate) fn active(&self) -> Option<&TmuxClient> {
        self.clients.iter().find(|client| client.tty == self.last)
    }

    /// How many terminals show what we show.
    pub(crate) fn watchers(&self) -> usize {
        self.clients.len().max(self.viewers)
    }
}

/// Asks it, in one call.
pub(crate) async fn ask(pane: &str) -> Result<Tmux, String> {
    let mut command = Command::new("tmux");
    command
        .args(["display-message", "-p", "-t", pane, PANE, ";", "list-clients", "-t", pane, "-F", CLIENT])
        .args([";", "show-options", "-sv", "set-clipboard"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    match tokio::time::timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) => {
            parse(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| "tmux refused to answer".to_owned())
        }
        Ok(Err(error)) => Err(format!("can't run tmux ({error})")),
        Err(_) => Err("tmux does not answer".to_owned()),
    }
}

fn parse(text: &str) -> Option<Tmux> {
    let mut lines = text.lines();
    let mut words = lines.next()?.split(' ');
    let version = version(words.next()?);
    let mut tmux = Tmux {
        version,
        is_piped: words.next() == Some("1"),
        has_second_screen: words.next() == Some("1"),
        viewers: words.next().and_then(|count| count.parse().ok()).unwrap_or(0),
        reports_focus: words.next() == Some("1"),
        pane_tty: words.next()?.to_owned(),
        last: words.next()?.to_owned(),
        ..Tmux::default()
    };
    for line in lines {
        match line.strip_prefix("client ") {
            Some(words) => tmux.clients.extend(client(words)),
            None => tmux.is_open |= line == "on",
        }
    }
    Some(tmux)
}

fn client(words: &str) -> Option<TmuxClient> {
    let mut words = words.split(' ');
    Some(TmuxClient {
        pid: words.next()?.parse().ok()?,
        tty: words.next()?.to_owned(),
        term: words.next()?.to_owned(),
        takes_clipboard: words.next().is_some_and(|list| list.split(',').any(|feature| feature == "clipboard")),
        is_xterm: words.next().is_some_and(|kind| kind.starts_with("XTerm(")),
    })
}

/// `3.3a` and `next-3.4` and `openbsd-7.5` alike; what cannot be read is as old as can be.
fn version(text: &str) -> (u32, u32) {
    let text = text.strip_prefix("next-").unwrap_or(text);
    let mut parts = text.split('.').map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse().unwrap_or(0)
    });
    if text.starts_with("openbsd-") {
        return (3, 4); // it follows the newest
    }
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() {
        let clients = "client 7 /dev/pts/1 xterm bpaste,clipboard,title XTerm(379)\nclient 8 /dev/pts/2 linux  \n";
        let tmux = parse(&format!("3.3a 1 0 2 1 /dev/pts/9 /dev/pts/2\n{clients}external\n")).unwrap();
        assert_eq!(tmux.version, (3, 3));
        assert!(tmux.is_piped && !tmux.has_second_screen && tmux.reports_focus && !tmux.is_open);
        assert_eq!((tmux.clients.len(), tmux.watchers(), tmux.pane_tty.as_str()), (2, 2, "/dev/pts/9"));
        let active = tmux.active().unwrap();
        assert_eq!((active.pid, active.tty.as_str(), active.takes_clipboard), (8, "/dev/pts/2", false));
        assert!(tmux.clients[0].takes_clipboard && tmux.clients[0].is_xterm && !active.is_xterm);
        let detached = parse("3.4 0 1 0 0 /dev/pts/9 \non\n").unwrap();
        assert!(detached.is_open && !detached.reports_focus && detached.active().is_none());
        assert_eq!(parse(""), None);
    }

    #[test]
    fn versions() {
        for (text, is) in
            [("3.3a", (3, 3)), ("next-3.8", (3, 8)), ("2.9", (2, 9)), ("", (0, 0)), ("openbsd-7.5", (3, 4))]
        {
            assert_eq!(version(text), is, "{text}");
        }
    }
}
