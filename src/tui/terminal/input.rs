//! Reading the terminal.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use crossterm::event::Event;
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;
use zeroize::{Zeroize, Zeroizing};

use crate::domain::Background;
use crate::platform::decoder::{AFTER_PASTE, Decoder};

/// Within this a terminal that is not stalled sends the next part of a paste.
const STALL: Duration = Duration::from_secs(1);

/// Reads bytes when there are any, and knows when an open sequence has waited long enough.
pub(crate) struct Reader {
    decoder: Decoder,
    /// What was read last; wiped when it is decoded. A paste or a held key fills it more than once.
    bytes: Zeroizing<Vec<u8>>,
    /// When the last byte of an open sequence came.
    since: Option<Instant>,
    /// When the last paste ended.
    pasted: Option<Instant>,
    /// The cursor's column, as reported.
    column: Option<u32>,
    /// The terminal's background, as reported.
    background: Option<Background>,
}

impl Reader {
    pub(crate) fn new() -> Self {
        let bytes = Zeroizing::new(vec![0; 4096]);
        Self { decoder: Decoder::default(), bytes, since: None, pasted: None, column: None, background: None }
    }

    /// Until when more bytes are waited for, if something is open. What follows a paste waits no longer for being
    /// followed by more, but for another paste.
    fn deadline(&self) -> Option<Instant> {
        let patience = self.decoder.patience()?;
        match self.pasted {
            Some(pasted) if self.decoder.is_after_paste() && !self.decoder.is_pasting() => Some(pasted + AFTER_PASTE),
            _ => self.since.map(|since| since + patience),
        }
    }

    /// Whether this is Ctrl-C, alone, after a paste whose end did not come: the user waits in vain.
    fn is_called_back(&self, bytes: &[u8], now: Instant) -> bool {
        self.decoder.is_pasting() && bytes == b"\x03" && self.since.is_some_and(|since| now - since >= STALL)
    }

    /// Says whether an answer is to come.
    pub(crate) const fn expect(&mut self, expects: bool) {
        self.decoder.expect(expects);
    }

    /// Takes the cursor's column, counted from 1, if it was reported.
    pub(crate) const fn take_column(&mut self) -> Option<u32> {
        self.column.take()
    }

    /// Takes the terminal's background, if it was reported.
    pub(crate) const fn take_background(&mut self) -> Option<Background> {
        self.background.take()
    }

    /// Waits for events and appends them, or for an answer.
    pub(crate) async fn read(&mut self, fd: &AsyncFd<OwnedFd>, events: &mut VecDeque<Event>) -> io::Result<()> {
        loop {
            let open = self.deadline();
            let mut ready = match open {
                None => fd.readable().await?,
                Some(until) => {
                    if let Ok(ready) = tokio::time::timeout_at(until.into(), fd.readable()).await {
                        ready?
                    } else {
                        self.decoder.give_up(events);
                        return Ok(());
                    }
                }
            };
            match rustix::io::read(fd.get_ref(), &mut self.bytes[..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    let (now, bytes) = (Instant::now(), &self.bytes[..count]);
                    let is_late = self.decoder.is_after_paste() && open.is_some_and(|until| until <= now);
                    if is_late || self.is_called_back(bytes, now) {
                        self.decoder.give_up(events);
                    }
                    let pastes = self.decoder.pastes();
                    self.since = Some(now);
                    self.decoder.feed(bytes, events);
                    self.bytes[..count].zeroize();
                    if self.decoder.pastes() != pastes {
                        self.pasted = Some(now);
                    }
                    let column = self.decoder.take_column();
                    self.column = column.or(self.column);
                    let background = self.decoder.take_background();
                    self.background = background.or(self.background);
                    if !events.is_empty() || column.is_some() || background.is_some() {
                        return Ok(());
                    }
                }
                Err(Errno::AGAIN) => {
                    // Nothing there, though it was said to be readable: a hang-up looks so on some terminals.
                    if ready.ready().is_read_closed() || ready.ready().is_error() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    ready.clear_ready();
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[tokio::test]
    async fn a_paste_soon_after_another_is_given_its_time_too() {
        let (mut terminal, ours) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let fd = crate::tui::terminal::tty::watch(OwnedFd::from(ours)).unwrap();
        let (mut reader, mut events) = (Reader::new(), VecDeque::new());
        terminal.write_all(b"\x1b[200~x\x1b[201~\x1b[200~y").unwrap();
        reader.read(&fd, &mut events).await.unwrap();
        assert_eq!(events.pop_front(), Some(Event::Paste("x".into())));
        // It is cut, as on a slow link: what comes later must not press keys.
        assert!(reader.deadline().unwrap() > Instant::now() + Duration::from_secs(10));
        terminal.write_all(b"q\r\x1b[201~").unwrap();
        reader.read(&fd, &mut events).await.unwrap();
        assert_eq!(events, [Event::Paste("yq\r".into())]);
    }
}
