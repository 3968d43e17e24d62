//! Questions on the terminal, whatever standard input and output are: a line, or a secret that is not echoed.

mod no_echo;

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io;
use std::io::{IsTerminal as _, Read as _, Write as _};

use crossterm::event::{Event, KeyCode, KeyModifiers};
use secrecy::SecretString;
use zeroize::Zeroizing;

pub use no_echo::end as end_silence;
use no_echo::{Silence, WaitOutcome};

use super::decoder::{Decoder, NOT_UTF8};

/// The longest answer, in bytes: as long as a body that our server reads.
const MOST_BYTES: usize = 64 * 1024;
const NOT_TEXT: &str = "the input is not UTF-8: set the terminal to UTF-8";

/// Whether a person can be asked: standard input and standard error are a terminal.
pub fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether a person can be asked also where standard input is a file: standard error shows them what it is about.
pub fn is_possible_beside_input() -> bool {
    io::stderr().is_terminal() && terminal().is_ok()
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

/// Asks for a secret: nothing of it shows, not even its length. Backspace, Ctrl-W, Ctrl-U, Ctrl-C, Ctrl-D and Ctrl-Z do what
/// they do elsewhere. The terminal is as before when this returns, and what was typed too early or too late is dropped.
/// After a stop it is asked for again from its beginning.
pub fn hidden(prompt: &str) -> io::Result<SecretString> {
    let mut terminal = terminal()?;
    let mut silence = Silence::begin(&terminal)?;
    let typed = read(&mut terminal, &mut silence, prompt);
    let _ = writeln!(terminal);
    drop(silence);
    Ok(SecretString::from(typed?.as_str()))
}

fn terminal() -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(|error| io::Error::new(error.kind(), "there is no terminal to ask on; use a file or standard input"))
}

fn read(terminal: &mut File, silence: &mut Silence, prompt: &str) -> io::Result<Zeroizing<String>> {
    write!(terminal, "{prompt}")?;
    let mut typing = Typing::default();
    loop {
        let step = match silence.wait(typing.decoder.patience())? {
            WaitOutcome::Typed(byte) => typing.take(byte[0])?,
            WaitOutcome::Quiet => typing.give_up()?,
            WaitOutcome::Stop => Step::Stop,
            WaitOutcome::Continued => Step::Continued,
        };
        let was_away = match step {
            Step::More => false,
            Step::Done => return Ok(typing.text),
            Step::Stop => silence.make_way()?,
            Step::Continued => true,
        };
        if was_away && silence.again()? {
            typing = Typing::default();
            write!(terminal, "{prompt}")?;
        }
    }
}

/// What follows from a press.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    More,
    Done,
    /// Ctrl-Z was pressed, or came as a signal.
    Stop,
    Continued,
}

/// A secret while it is typed.
#[derive(Default)]
struct Typing {
    text: Zeroizing<String>,
    decoder: Decoder,
    events: VecDeque<Event>,
}

impl Typing {
    /// Takes a byte.
    fn take(&mut self, byte: u8) -> io::Result<Step> {
        self.decoder.feed(&[byte], &mut self.events);
        self.take_events()
    }

    /// Nothing more came.
    fn give_up(&mut self) -> io::Result<Step> {
        self.decoder.give_up(&mut self.events);
        self.take_events()
    }

    fn take_events(&mut self) -> io::Result<Step> {
        while let Some(event) = self.events.pop_front() {
            let step = match event {
                Event::Key(key) => self.press(key.code, key.modifiers)?,
                Event::Paste(text) => self.paste(&Zeroizing::new(text))?,
                _ => Step::More,
            };
            if step != Step::More {
                return Ok(step);
            }
        }
        Ok(Step::More)
    }

    fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) -> io::Result<Step> {
        let (has_ctrl, has_alt) = (modifiers.contains(KeyModifiers::CONTROL), modifiers.contains(KeyModifiers::ALT));
        match code {
            NOT_UTF8 => return Err(io::Error::new(io::ErrorKind::InvalidData, NOT_TEXT)),
            KeyCode::Char('c') if has_ctrl => {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "cancelled with Ctrl-C"));
            }
            KeyCode::Char('d') if has_ctrl && self.text.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            KeyCode::Char('d') if has_ctrl => return Ok(Step::Done),
            KeyCode::Char('z') if has_ctrl => return Ok(Step::Stop),
            KeyCode::Char('u') if has_ctrl => self.text.clear(),
            KeyCode::Char('w') if has_ctrl => self.delete_word(),
            KeyCode::Backspace if has_alt || has_ctrl => self.delete_word(),
            KeyCode::Backspace => drop(self.text.pop()),
            KeyCode::Enter if !has_alt => return Ok(Step::Done),
            KeyCode::Char(c) if !has_ctrl && !has_alt => self.push(c.encode_utf8(&mut [0; 4]))?,
            _ => {}
        }
        Ok(Step::More)
    }

    /// A terminal marks a paste where a program before left that on.
    fn paste(&mut self, text: &str) -> io::Result<Step> {
        let text = text.trim_end_matches(['\r', '\n']);
        if text.contains(char::is_control) {
            let why = "the paste has more than one line: paste the secret alone";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        self.push(text)?;
        Ok(Step::More)
    }

    fn push(&mut self, text: &str) -> io::Result<()> {
        if self.text.len() + text.len() > MOST_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "longer than 64 KiB"));
        }
        self.text.push_str(text);
        Ok(())
    }

    fn delete_word(&mut self) {
        let text = self.text.trim_end();
        let start = text.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        self.text.truncate(start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &[u8]) -> Result<String, io::ErrorKind> {
        let mut typing = Typing::default();
        for byte in bytes {
            if typing.take(*byte).map_err(|error| error.kind())? == Step::Done {
                return Ok(typing.text.to_string());
            }
        }
        match typing.give_up().map_err(|error| error.kind())? {
            Step::Done => Ok(typing.text.to_string()),
            _ => Err(io::ErrorKind::WouldBlock),
        }
    }

    #[test]
    fn a_line_is_edited_as_one_is_used_to() {
        assert_eq!(typed(b"pa ss\r").unwrap(), "pa ss");
        assert_eq!(typed("né\u{7f}e\n".as_bytes()).unwrap(), "ne");
        assert_eq!(typed(b"\x7f\x08wrong\x15right\r").unwrap(), "right");
        assert_eq!(typed(b"a\x1b[Ab\x1b[1;5Cc\x1bOPd\x1bxe\tf\r").unwrap(), "abcdef");
        assert_eq!(typed(b"all\x04").unwrap(), "all");
        assert_eq!(typed(b"two words\x17more\r").unwrap(), "two more");
        assert_eq!(typed(b"\r").unwrap(), "");
    }

    /// Answers that come late, reports of a mouse, and keys as kitty's protocol and modifyOtherKeys write them.
    #[test]
    fn what_a_terminal_sends_is_no_part_of_it() {
        for noise in [
            &b"\x1b]11;rgb:0000/0000/0000\x1b\\"[..],
            b"\x1b]11;rgb:0000/0000/0000\x07",
            b"\x1bP1+r544e=78\x1b\\",
            b"\x1b_Gi=1;OK\x1b\\",
            b"\x1b[M d0",
            b"\x1b[?62;22c",
            b"\x1b(B",
            b"\x1b[I\x1b[O",
        ] {
            let bytes = [b"ri", noise, b"ght\r"].concat();
            assert_eq!(typed(&bytes).unwrap(), "right", "{noise:?}");
        }
        assert_eq!(typed(b"xx\x1b[117;5u\x1b[65;2uxx\x1b[127u\x1b[13u").unwrap(), "Ax");
        assert_eq!(typed(b"half\x1b[99;5u"), Err(io::ErrorKind::Interrupted));
        assert_eq!(typed(b"half\x1b[27;5;99~"), Err(io::ErrorKind::Interrupted));
        assert_eq!(typed(b"\x1b[200~pasted\r\x1b[201~\r").unwrap(), "pasted");
        assert_eq!(typed(b"\x1b[200~two\rlines\x1b[201~"), Err(io::ErrorKind::InvalidData));
        assert_eq!(typed(b"M\xfcller\r"), Err(io::ErrorKind::InvalidData));
    }

    #[test]
    fn giving_up_is_not_an_answer() {
        assert_eq!(typed(b"half\x03"), Err(io::ErrorKind::Interrupted));
        assert_eq!(typed(b"half\x1b\x03"), Err(io::ErrorKind::Interrupted), "nor is a lone Esc in the way");
        assert_eq!(typed(b"half\x15\x04"), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(typed(&vec![b'x'; MOST_BYTES + 1]), Err(io::ErrorKind::InvalidData));
    }
}
