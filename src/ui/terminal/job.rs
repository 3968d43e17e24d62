//! Being one job of a shell among others: stopped, and brought back.

use std::io;

use rustix::process::{Pid, Signal, getpgid, getpgrp, getppid, getsid, kill_current_process_group};

/// More ancestors than a job has.
const DEEP: usize = 32;

/// Whether somebody could bring us back after a stop: a shell of our session, outside our process group.
///
/// The kernel asks the same before a SIGTSTP stops a program (POSIX: an orphaned process group). Started by tmux, sshd
/// or a terminal itself, there is nobody, and a stop would be for ever.
pub(super) fn can_come_back() -> bool {
    let (group, session) = (getpgrp(), getsid(None));
    let mut ancestor = getppid();
    for _ in 0..DEEP {
        let Some(pid) = ancestor else { return false };
        match getpgid(Some(pid)) {
            Ok(its) if its == group => ancestor = parent(pid),
            Ok(_) => return session.is_ok() && getsid(Some(pid)) == session,
            Err(_) => return false,
        }
    }
    false
}

/// Stops the whole job, as the terminal's own Ctrl-Z would: a script that waits for us stops too.
pub(super) fn stop() -> io::Result<()> {
    Ok(kill_current_process_group(Signal::STOP)?)
}

/// The fourth field of proc(5)'s `stat`; the second may hold blanks and parentheses.
fn parent(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Pid::from_raw(fields.split_whitespace().nth(1)?.parse().ok()?)
}
