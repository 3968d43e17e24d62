//! The processes that a process was started by, as far as the system lets one see.

use std::fmt::Display;
use std::fs;
use std::iter::successors;

/// More levels than any session has.
const DEPTH: usize = 64;

/// A process as `proc_pid_stat(5)` describes it.
///
/// Read there and not by getpgid(2) and getsid(2): both say 0 for a group or session that began outside of our PID
/// namespace (`unshare`, `nsenter`, a container's first process), which rustix takes for impossible.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Process {
    name: String,
    parent: u32,
    group: u32,
    session: u32,
    /// The process group in the foreground of its terminal, -1 without one.
    foreground: i64,
}

impl Process {
    /// None where it ended, or where the system hides it (`hidepid`, proc(5)).
    fn read(pid: impl Display) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(&String::from_utf8_lossy(&stat))
    }

    /// The name is in parentheses, and may hold some itself.
    fn parse(stat: &str) -> Option<Self> {
        let (head, rest) = stat.rsplit_once(')')?;
        let (_, name) = head.split_once('(')?;
        let mut fields = rest.split_whitespace().skip(1);
        let mut number = || fields.next()?.parse().ok();
        let [parent, group, session] = [number()?, number()?, number()?];
        let foreground = fields.nth(1)?.parse().ok()?;
        Some(Self { name: name.to_owned(), parent, group, session, foreground })
    }
}

/// A process and those above it, up to where the system hides them.
fn upward_from(pid: u32) -> impl Iterator<Item = Process> {
    successors(Process::read(pid), |process| Process::read(process.parent)).take(DEPTH)
}

/// The names of a process and of those above it.
pub(crate) fn names(pid: u32) -> Vec<String> {
    upward_from(pid).map(|process| process.name).collect()
}

/// The names of the processes that we were started by.
pub(crate) fn ours() -> Vec<String> {
    names(std::os::unix::process::parent_id())
}

/// Whether a process is above us; none where the system hides what is further up.
pub(crate) fn is_above(pid: u32) -> Option<bool> {
    let mut top = std::os::unix::process::parent_id();
    for _ in 0..DEPTH {
        if top == pid {
            return Some(true);
        }
        match Process::read(top) {
            Some(process) if process.parent != 0 => top = process.parent,
            found => return found.map(|_| false),
        }
    }
    None
}

/// Whether a process can be seen, and has a name that begins so.
pub(crate) fn is_named(pid: u32, name: &str) -> bool {
    Process::read(pid).is_some_and(|process| process.name.starts_with(name))
}

/// Whether our process group is the one in the foreground of our terminal, as far as the system tells.
pub(crate) fn is_in_foreground() -> bool {
    Process::read("self").is_none_or(|us| i64::from(us.group) == us.foreground)
}

/// Whether a shell could resume us after a stop: one of our session, outside our process group.
///
/// The kernel asks the same before a SIGTSTP stops a program (POSIX: an orphaned process group). Started by tmux, sshd
/// or a terminal itself, there is no such shell, and nothing would resume it.
pub(crate) fn can_resume() -> bool {
    let mut family = upward_from(std::process::id());
    let Some(us) = family.next() else { return false };
    family.find(|ancestor| ancestor.group != us.group).is_some_and(|shell| shell.session == us.session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_what_it_likes() {
        let process = |name: &str, parent, group, session, foreground| {
            Some(Process { name: name.to_owned(), parent, group, session, foreground })
        };
        assert_eq!(Process::parse("12 (a) S 3 (b) S 7 4 2 1 9 8"), process("a) S 3 (b", 7, 4, 2, 9));
        assert_eq!(Process::parse("12 (sh) S 1 12 12 34816 12"), process("sh", 1, 12, 12, 12));
        assert_eq!(Process::parse("1 (bash) S 0 0 0 0 -1"), process("bash", 0, 0, 0, -1));
        assert_eq!(Process::parse("12 (sh) S 1 12"), None);
        assert_eq!(Process::parse("garbage"), None);
    }

    #[test]
    fn ours_are_found_up_to_the_first() {
        let names = names(std::process::id());
        assert!(names.len() > 1 && names[0].starts_with("latchkey-"), "{names:?}");
        assert!(super::names(u32::MAX).is_empty() && super::names(0).is_empty());
        assert_eq!(is_above(std::os::unix::process::parent_id()), Some(true));
        assert_ne!(is_above(std::process::id()), Some(true));
    }
}
