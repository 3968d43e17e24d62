//! The processes that a process was started by, as far as the system lets one see.

use std::fs;

/// More levels than any session has.
const DEPTH: usize = 64;

/// The process that started us.
pub(super) fn parent() -> i32 {
    rustix::process::getppid().map_or(0, rustix::process::Pid::as_raw_pid)
}

/// The names of a process and of those above it. Ends where the system hides them (`hidepid`, proc(5)).
pub(super) fn names(mut pid: i32) -> Vec<String> {
    let mut names = Vec::new();
    while pid > 1 && names.len() < DEPTH {
        let Ok(stat) = fs::read(format!("/proc/{pid}/stat")) else { break };
        let Some((name, parent)) = parse(&String::from_utf8_lossy(&stat)) else { break };
        names.push(name);
        pid = parent;
    }
    names
}

/// Name and parent in a line of `proc_pid_stat(5)`: the name stands in parentheses, and may hold some itself.
fn parse(stat: &str) -> Option<(String, i32)> {
    let (head, rest) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
    Some((name.to_owned(), parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_what_it_likes() {
        assert_eq!(parse("12 (a) S 3 (b) S 7 1 1"), Some(("a) S 3 (b".to_owned(), 7)));
        assert_eq!(parse("12 (sh) S 1 12"), Some(("sh".to_owned(), 1)));
        assert_eq!(parse("garbage"), None);
    }

    #[test]
    fn ours_are_found_up_to_the_first() {
        let names = names(rustix::process::getpid().as_raw_pid());
        assert!(names.len() > 1 && names[0].starts_with("latchkey-"), "{names:?}");
        assert!(super::names(i32::MAX).is_empty() && super::names(0).is_empty());
    }
}
