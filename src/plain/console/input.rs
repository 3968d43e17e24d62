//! Lines of standard input.

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::QueueSelector;
use zeroize::Zeroizing;

/// Longer than any line that means something: as long as a body that our server reads, in bytes.
const LONGEST: usize = 64 * 1024;

/// Reads one line, without its end; none if there is no more. Byte by byte, as a shell does: what follows is another's
/// to read, and no buffer is left that has held a secret.
pub(crate) fn line() -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let (mut line, mut byte) = (Zeroizing::new(Vec::with_capacity(256)), Zeroizing::new([0]));
    let mut is_too_long = false;
    loop {
        match rustix::io::read(rustix::stdio::stdin(), byte.as_mut_slice()) {
            Err(Errno::INTR) => {}
            // EIO: the terminal has hung up.
            Ok(0) | Err(Errno::IO) if line.is_empty() => return Ok(None),
            Ok(0) | Err(Errno::IO) => break,
            Err(error) => return Err(error.into()),
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() == LONGEST => is_too_long = true,
            Ok(_) => line.push(byte[0]),
        }
    }
    if is_too_long {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "that line was longer than 64 KiB"));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(line))
}

/// Drops what the terminal holds for us, until nothing comes for so long.
pub(crate) fn drop_typed_ahead(silence: Duration) -> io::Result<()> {
    let stdin = rustix::stdio::stdin();
    let silence = Timespec::try_from(silence).map_err(io::Error::other)?;
    loop {
        rustix::termios::tcflush(stdin, QueueSelector::IFlush)?;
        match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&silence)) {
            Ok(0) => return Ok(()),
            // A complete line is discarded; the next read reports a hang-up.
            Ok(_) if rustix::io::ioctl_fionread(stdin)? == 0 => return Ok(()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
