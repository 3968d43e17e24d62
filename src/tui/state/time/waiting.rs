//! How long an answer of the server is awaited: said where it takes long enough to be noticed.

use std::time::{Duration, Instant};

use crate::tui::state::{ClockReading, Dialog, State};

/// From then on it is said that something is under way.
const NOTICED: Duration = Duration::from_millis(150);

/// Something that the server is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    since: Instant,
    /// What is under way, in a word.
    what: &'static str,
}

impl Waiting {
    /// What is under way, from when it is noticed; with its seconds, once it has taken one.
    pub fn in_words(&self, now: ClockReading) -> Option<String> {
        let time = now.at.saturating_duration_since(self.since);
        match time.as_secs() {
            _ if time < NOTICED => None,
            0 => Some(format!("{}…", self.what)),
            seconds => Some(format!("{}… {seconds} s", self.what)),
        }
    }

    /// When that changes.
    pub(crate) fn next_wake(&self, now: ClockReading) -> Instant {
        let time = now.at.saturating_duration_since(self.since);
        self.since + if time < NOTICED { NOTICED } else { Duration::from_secs(time.as_secs() + 1) }
    }
}

impl State {
    /// Takes note of what is awaited now.
    pub(crate) fn note_waiting(&mut self, now: ClockReading) {
        let what = self.awaited();
        let before = self.waiting.filter(|before| Some(before.what) == what);
        self.waiting = before.or_else(|| what.map(|what| Waiting { since: now.at, what }));
    }

    fn awaited(&mut self) -> Option<&'static str> {
        if let Some(sign_in) = &self.sign_in {
            return sign_in.call.is_sent().then_some("Signing in"); // everything else waits for that
        }
        // It tells its progress itself.
        let asks = |dialog: &&mut Dialog| !matches!(dialog, Dialog::Bulk(_));
        let has_asked = self.dialog.as_mut().filter(asks).and_then(Dialog::call).is_some_and(|call| call.is_sent());
        match self.undo.as_ref() {
            _ if has_asked => Some("Waiting for the server"),
            Some(undo) if undo.is_sent => Some("Undoing"),
            _ if self.connecting.is_some() => Some("Connecting"),
            _ => self.list.awaited_for(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::state::time::waiting::*;

    #[test]
    fn it_is_said_once_it_is_noticed_and_then_each_second() {
        let begin = ClockReading::now();
        let waiting = Waiting { since: begin.at, what: "Sorting" };
        let at = |milliseconds| ClockReading { at: begin.at + Duration::from_millis(milliseconds), ..begin };
        for (milliseconds, words, next) in [
            (0, None, 150),
            (149, None, 150),
            (150, Some("Sorting…"), 1000),
            (999, Some("Sorting…"), 1000),
            (1000, Some("Sorting… 1 s"), 2000),
            (61_500, Some("Sorting… 61 s"), 62_000),
        ] {
            let now = at(milliseconds);
            assert_eq!(waiting.in_words(now).as_deref(), words, "{milliseconds}");
            assert_eq!(waiting.next_wake(now), at(next).at, "{milliseconds}");
        }
    }
}
