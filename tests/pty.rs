//! The real binary in a real pseudo-terminal, a real tmux, and beside real `curl` and `openssl`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test may fail loudly")]

#[path = "support/child_env.rs"]
mod child_env;
#[path = "support/mosh.rs"]
mod mosh;
#[path = "support/raw.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod raw;
#[path = "support/terminal.rs"]
mod terminal;
#[path = "support/typing.rs"]
mod typing;

#[path = "pty/clipboard.rs"]
mod clipboard;
#[path = "pty/desktop.rs"]
mod desktop;
#[path = "pty/ends.rs"]
mod ends;
#[path = "pty/hidden.rs"]
mod hidden;
#[path = "pty/inside.rs"]
mod inside;
#[path = "pty/jobs.rs"]
mod jobs;
#[path = "pty/life.rs"]
mod life;
#[path = "pty/panes.rs"]
mod panes;
#[path = "pty/save.rs"]
mod save;
#[path = "pty/screen.rs"]
mod screen;
#[path = "pty/ssh.rs"]
mod ssh;
#[path = "pty/story.rs"]
mod story;
#[path = "pty/terminals.rs"]
mod terminals;
#[path = "pty/tmux.rs"]
mod tmux;
#[path = "pty/unanswered.rs"]
mod unanswered;
#[path = "pty/watched.rs"]
mod watched;
#[path = "pty/wayland.rs"]
mod wayland;
