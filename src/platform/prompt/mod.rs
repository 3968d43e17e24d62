//! Questions on the terminal, whatever standard input and output are: a line, or a secret that is not echoed.

mod no_echo;

use std::fs::{File, OpenOptions};
use std::io;
use std::io::{IsTerminal as _, Read as _, Write as _};

use secrecy::SecretString;
use zeroize::Zeroizing;

pub use no_echo::end as end_silence;
use no_echo::{Silence, WaitOutcome};

/// The longest answer, in bytes: as long as a body that our server reads.
const MOST_BYTES: usize = 64 * 1024;
/// What Ctrl-Z is, where the terminal makes no signal of it.
const CTRL_Z: u8 = 0x1a;

/// Whether a person can be asked: standard input and standard error are a terminal.
pub fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Writes a line to the terminal itself, whatever standard output and error are.
pub fn show(text: &str) -> io::Result<()> {
    let mut terminal = OpenOptions::new().write(true).open("/dev/tty")?;
    terminal.write_all(text.as_bytes())?;
    terminal.write_all(b"\n")
}

/// Asks for a line that is seen while it is typed.
pub fn line(prompt: &str) -> io::Result<String> {
    let mut terminal = terminal()?;
    write!(terminal, "{prompt}")?;
    // The kernel gives at most one line to one read (termios(3), canonical mode), and so nothing is left unread.
    let mut bytes = [0; 4096];
    match terminal.read(&mut bytes)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        n => Ok(String::from_utf8_lossy(&bytes[..n]).trim_end_matches(['\r', '\n']).to_owned()),
    }
}

/// Asks for a secret: nothing of it shows, not even its length. Backspace, Ctrl-U, Ctrl-C, Ctrl-D and Ctrl-Z do what they
/// do elsewhere. The terminal is as before when this returns, and what was typed too early or too late is dropped. After
/// a stop it is asked for again from its beginning.
pub fn hidden(prompt: &str) -> io::Result<SecretString> {
    let mut terminal = terminal()?;
    let mut silence = Silence::begin(&terminal)?;
    let typed = read(&mut terminal, &mut silence, prompt);
    let _ = writeln!(terminal);
    drop(silence);
    let typed = typed?;
    let text = std::str::from_utf8(&typed)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the input is not UTF-8: set the terminal to UTF-8"))?;
    Ok(SecretString::from(text))
}

fn terminal() -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(|error| io::Error::new(error.kind(), "there is no terminal to ask on; use a file or standard input"))
}

fn read(terminal: &mut File, silence: &mut Silence, prompt: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    write!(terminal, "{prompt}")?;
    let mut typing = Typing::default();
    loop {
        let was_away = match silence.wait()? {
            WaitOutcome::Typed(byte) if byte[0] == CTRL_Z => silence.make_way()?,
            WaitOutcome::Typed(byte) if typing.take(byte[0])? => return Ok(typing.text),
            WaitOutcome::Typed(_) => false,
            WaitOutcome::Stop => silence.make_way()?,
            WaitOutcome::Continued => true,
        };
        if was_away && silence.again()? {
            typing = Typing::default();
            write!(terminal, "{prompt}")?;
        }
    }
}

/// A secret while it is typed.
#[derive(Default)]
struct Typing {
    text: Zeroizing<Vec<u8>>,
    escape: Escape,
}

/// Where in an escape sequence (an arrow key, say) the input is; its bytes are no part of a secret.
#[derive(Default, PartialEq)]
enum Escape {
    #[default]
    None,
    Begun,
    Inside,
}

impl Typing {
    /// Takes a byte; true when the secret is complete.
    fn take(&mut self, byte: u8) -> io::Result<bool> {
        match std::mem::take(&mut self.escape) {
            Escape::Begun if matches!(byte, b'[' | b'O') => self.escape = Escape::Inside,
            Escape::Inside if !(b'@'..=b'~').contains(&byte) => self.escape = Escape::Inside,
            Escape::Begun | Escape::Inside if byte >= b' ' => {}
            _ => return self.take_plain(byte),
        }
        Ok(false)
    }

    fn take_plain(&mut self, byte: u8) -> io::Result<bool> {
        match byte {
            0x03 => return Err(io::Error::new(io::ErrorKind::Interrupted, "cancelled with Ctrl-C")),
            0x04 if self.text.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            b'\r' | b'\n' | 0x04 => return Ok(true),
            0x15 => self.text.clear(),
            0x08 | 0x7f => while self.text.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            0x1b => self.escape = Escape::Begun,
            0..b' ' => {}
            _ if self.text.len() == MOST_BYTES => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "longer than 64 KiB"));
            }
            _ => self.text.push(byte),
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &[u8]) -> Result<String, io::ErrorKind> {
        let mut typing = Typing::default();
        for byte in bytes {
            if typing.take(*byte).map_err(|error| error.kind())? {
                return Ok(String::from_utf8(typing.text.to_vec()).unwrap());
            }
        }
        Err(io::ErrorKind::WouldBlock)
    }

    #[test]
    fn a_line_is_edited_as_one_is_used_to() {
        assert_eq!(typed(b"pa ss\r").unwrap(), "pa ss");
        assert_eq!(typed("né\u{7f}e\n".as_bytes()).unwrap(), "ne");
        assert_eq!(typed(b"\x7f\x08wrong\x15right\r").unwrap(), "right");
        assert_eq!(typed(b"a\x1b[Ab\x1b[1;5Cc\x1bOPd\x1bxe\tf\r").unwrap(), "abcdef");
        assert_eq!(typed(b"all\x04").unwrap(), "all");
        assert_eq!(typed(b"\r").unwrap(), "");
    }

    #[test]
    fn giving_up_is_not_an_answer() {
        assert_eq!(typed(b"half\x03"), Err(io::ErrorKind::Interrupted));
        assert_eq!(typed(b"half\x1b\x03"), Err(io::ErrorKind::Interrupted), "nor is a lone Esc in the way");
        assert_eq!(typed(b"half\x15\x04"), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(typed(&vec![b'x'; MOST_BYTES + 1]), Err(io::ErrorKind::InvalidData));
    }
}
