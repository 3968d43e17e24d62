//! The real binary in a real pseudo-terminal, a real tmux, and beside real `curl` and `openssl`.

mod background;
mod clipboard;
mod desktop;
mod dialogs;
mod ends;
mod export;
mod hidden;
mod inside;
mod jobs;
mod life;
mod panes;
mod rotation;
mod save;
mod screen;
mod ssh;
mod story;
mod terminals;
mod tmux;
mod unanswered;
mod watched;
mod wayland;
mod xterm;
