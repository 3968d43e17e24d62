//! The line between a program and its terminal: silent, stalled, or gone.

use std::io::Read;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Terminal;

impl Terminal {
    /// Takes no more output, as a link that stalls. Waits until what was on the way has arrived.
    pub fn stall(&mut self) {
        self.reading.take().unwrap().stop();
    }

    /// Reads on.
    pub fn go_on(&mut self) {
        let mut rest = vec![0; 1 << 16];
        let pty = self.pty.as_mut().unwrap();
        while !poll(&mut [PollFd::new(&*pty, PollFlags::IN)], Some(&Timespec { tv_sec: 0, tv_nsec: 200_000_000 }))
            .is_ok_and(|ready| ready == 0)
        {
            match pty.read(&mut rest) {
                Ok(n @ 1..) => {
                    self.screen.process(&rest[..n]);
                    self.bytes.extend_from_slice(&rest[..n]);
                }
                _ => break,
            }
        }
    }

    /// Whether nothing at all is written for so long, once what is on the way has come.
    pub fn is_silent_for(&mut self, time: Duration) -> bool {
        while let Ok(chunk) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.take(&chunk);
        }
        match self.output.recv_timeout(time) {
            Ok(chunk) => {
                self.take(&chunk);
                false
            }
            Err(_) => true,
        }
    }

    /// Hangs up: every copy of the line is closed. Waits for the program's end.
    pub fn hang_up(mut self) -> ExitStatus {
        self.stall();
        self.pty = None;
        self.waits_for_end()
    }
}
