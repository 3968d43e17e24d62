//! What a command said, as far as it is kept.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout};
use zeroize::Zeroizing;

use crate::domain::Untrusted;

/// So much of what a command says is shown, in bytes: more than a screen's dialog shows.
const MOST: usize = 2000;
/// A secret may begin in what is shown and end behind it.
const HEARD: usize = 2 * MOST;
/// A command that has ended may have left others behind that hold its output: they are not waited for.
const PATIENCE: Duration = Duration::from_millis(200);

/// What a command said.
#[derive(Debug, Default)]
pub struct CommandOutput {
    /// Its words: those of its standard error, which tell what went wrong, then those of its standard output. None if the
    /// secret was among them.
    pub words: Untrusted,
    /// Whether it repeated the secret.
    pub had_secret: bool,
}

/// Both outputs of a command, where they are ours to read.
pub(crate) struct Outputs {
    out: Output<ChildStdout>,
    err: Output<ChildStderr>,
}

/// One of them.
struct Output<R> {
    /// None at its end.
    from: Option<R>,
    chunk: Zeroizing<[u8; 1024]>,
    heard: Heard,
}

/// The beginning of what was said.
struct Heard(Zeroizing<Vec<u8>>);

impl Heard {
    /// Never grows: a secret would stay where it was before.
    fn new() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(HEARD)))
    }

    fn take(&mut self, chunk: &[u8]) {
        let room = HEARD - self.0.len();
        self.0.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }

    /// Whether it holds a secret: in one piece or over several lines, and whatever it is quoted for.
    fn has(&self, secret: &str) -> bool {
        let is_own = |c: &u8| !c.is_ascii_whitespace() && !c.is_ascii_control() && !b"\"'\\".contains(c);
        let plain = |text: &[u8]| Zeroizing::new(uncoloured(text).iter().copied().filter(is_own).collect::<Vec<_>>());
        let (heard, secret) = (plain(&self.0), plain(secret.as_bytes()));
        !secret.is_empty() && heard.windows(secret.len()).any(|part| part == &secret[..])
    }
}

/// A text without its control sequences (ECMA-48, section 5.4): `ESC [`, parameters, and a final byte.
fn uncoloured(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut rest = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == 0x1b && bytes.next_if_eq(&b'[').is_some() {
            while bytes.next_if(|byte| (0x20..=0x3f).contains(byte)).is_some() {}
            bytes.next_if(|byte| (0x40..=0x7e).contains(byte));
        } else {
            rest.push(byte);
        }
    }
    rest
}

impl<R: AsyncRead + Unpin> Output<R> {
    fn new(from: Option<R>) -> Self {
        Self { from, chunk: Zeroizing::new([0; 1024]), heard: Heard::new() }
    }

    /// Reads it to its end. Cancel safe.
    async fn read(&mut self) {
        while let Some(from) = &mut self.from {
            match from.read(self.chunk.as_mut()).await.unwrap_or(0) {
                0 => self.from = None,
                read => self.heard.take(&self.chunk[..read]),
            }
        }
    }
}

impl Outputs {
    pub(crate) fn of(child: &mut Child) -> Self {
        Self { out: Output::new(child.stdout.take()), err: Output::new(child.stderr.take()) }
    }

    /// Reads both to their ends, as they come. Cancel safe.
    pub(crate) async fn read(&mut self) {
        tokio::join!(self.out.read(), self.err.read());
    }

    /// What was said until now, without what repeats `secret`. Two pipes don't tell which of them was written to first.
    pub(crate) async fn end(mut self, secret: Option<&str>) -> CommandOutput {
        let _ = tokio::time::timeout(PATIENCE, self.read()).await;
        let mut all = Heard(Zeroizing::new(Vec::with_capacity(2 * HEARD + 1)));
        all.0.extend_from_slice(&self.err.heard.0);
        if !all.0.is_empty() && !all.0.ends_with(b"\n") {
            all.0.push(b'\n');
        }
        all.0.extend_from_slice(&self.out.heard.0);
        let heard = [&self.out.heard, &self.err.heard, &all];
        if secret.is_some_and(|secret| heard.into_iter().any(|heard| heard.has(secret))) {
            return CommandOutput { words: Untrusted::default(), had_secret: true };
        }
        let words = Zeroizing::new(String::from_utf8_lossy(&all.0[..all.0.len().min(MOST)]).into_owned());
        CommandOutput { words: Untrusted::new(words.trim()), had_secret: false }
    }
}
