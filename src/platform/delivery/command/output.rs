//! What a command said, as far as it is kept.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::domain::Untrusted;

/// So much of what a command says is kept, in bytes: more than a screen's dialog shows.
const MOST: usize = 2000;
/// A command that has ended may have left others behind that hold its output: they are not waited for.
const PATIENCE: Duration = Duration::from_millis(200);

/// What a command said.
#[derive(Debug, Default)]
pub struct CommandOutput {
    /// Its words; none if the secret was among them.
    pub words: Untrusted,
    /// Whether it repeated the secret.
    pub had_secret: bool,
}

/// Ears on both outputs of a command.
pub(crate) struct Listening {
    readers: JoinSet<()>,
    heard: mpsc::Receiver<Zeroizing<Vec<u8>>>,
}

/// Listens, where the outputs are ours to hear.
pub(crate) fn listen(child: &mut Child) -> Listening {
    // What has no room waits in the reader, and what is not kept is dropped there.
    let (tell, heard) = mpsc::channel(64);
    let mut readers = JoinSet::new();
    if let Some(output) = child.stdout.take() {
        readers.spawn(read(output, tell.clone()));
    }
    if let Some(output) = child.stderr.take() {
        readers.spawn(read(output, tell));
    }
    Listening { readers, heard }
}

async fn read(mut output: impl AsyncRead + Unpin, tell: mpsc::Sender<Zeroizing<Vec<u8>>>) {
    let (mut chunk, mut kept) = (Zeroizing::new([0; 1024]), 0);
    while let Ok(read @ 1..) = output.read(chunk.as_mut()).await {
        if kept < MOST {
            kept += read;
            let _ = tell.try_send(Zeroizing::new(chunk[..read].to_vec()));
        }
    }
}

impl Listening {
    /// What was said until now. `line` was given to the command, and is not repeated.
    pub(crate) async fn end(mut self, line: &[u8]) -> CommandOutput {
        let _ = tokio::time::timeout(PATIENCE, async { while self.readers.join_next().await.is_some() {} }).await;
        let mut all = Zeroizing::new(Vec::with_capacity(2 * MOST + 2048));
        while let Ok(chunk) = self.heard.try_recv() {
            all.extend_from_slice(&chunk);
        }
        let secret = line.trim_ascii_end();
        if all.windows(secret.len().max(1)).any(|part| part == secret) {
            return CommandOutput { words: Untrusted::default(), had_secret: true };
        }
        let words = Zeroizing::new(String::from_utf8_lossy(&all[..all.len().min(MOST)]).into_owned());
        CommandOutput { words: Untrusted::new(words.trim()), had_secret: false }
    }
}
