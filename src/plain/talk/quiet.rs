//! A terminal that shall show again what is typed, whatever becomes of a question for a secret.

use std::fs::{File, OpenOptions};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// How the terminal was. Dropped, it is so again.
pub(super) struct Echo(Option<(File, Termios)>);

impl Echo {
    /// Remembers it, before the question.
    pub(super) fn remember() -> Self {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok();
        Self(terminal.and_then(|file| tcgetattr(&file).ok().map(|before| (file, before))))
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if let Some((file, before)) = &self.0 {
            let _ = tcsetattr(file, OptionalActions::Now, before);
        }
    }
}
