//! What a program writes to its pseudo-terminal, read by a thread of its own.

use std::fs::File;
use std::io::{PipeWriter, Read};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use pty_process::blocking::Pty;
use rustix::event::{PollFd, PollFlags, poll};

/// The thread, and what ends it when dropped.
pub struct Reader {
    stop: PipeWriter,
    thread: JoinHandle<()>,
}

impl Reader {
    /// Reads until it is stopped or the program has ended; gives what comes.
    pub fn start(pty: &Pty) -> (Self, Receiver<Vec<u8>>) {
        let mut file = File::from(pty.as_fd().try_clone_to_owned().unwrap());
        let (sender, output) = channel();
        let (stopped, stop) = std::io::pipe().unwrap();
        let thread = std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                let mut ready = [PollFd::new(&file, PollFlags::IN), PollFd::new(&stopped, PollFlags::IN)];
                poll(&mut ready, None).unwrap();
                if !ready[1].revents().is_empty() {
                    break;
                }
                match file.read(&mut chunk) {
                    Ok(n @ 1..) if sender.send(chunk[..n].to_vec()).is_ok() => {}
                    _ => break, // EIO: the program has ended
                }
            }
        });
        (Self { stop, thread }, output)
    }

    /// Waits until nothing is read any more, and the copy of the line is closed.
    pub fn stop(self) {
        drop(self.stop);
        self.thread.join().unwrap();
    }
}
