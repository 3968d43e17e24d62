//! A cat on the keyboard, a line that is cut into pieces, and a user who wants the shell at a bad moment.

use std::collections::VecDeque;

use latchkey::platform::decoder::Decoder;

use super::Bench;

/// Bytes that mean something, more often than chance has them.
const PIECES: [&[u8]; 24] = [
    b"\x1b",
    b"\x1b[A",
    b"\x1b[B",
    b"\x1b[C",
    b"\r",
    b"\t",
    b"\x1b[Z",
    b"\x7f",
    b"c",
    b"d",
    b"a",
    b"e",
    b"/",
    b"q",
    b"s",
    b"t",
    b"\x03",
    b"\x1a",
    b"\x1b[200~",
    b"\x1b[201~",
    b"\x1b]52;c;",
    b"\x07",
    b"\x1b[O",
    b"\xe2\x80\xae",
];

struct Cat(u32);

impl Cat {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % limit
    }

    fn paw(&mut self) -> Vec<u8> {
        match self.below(3) {
            0 => (0..=self.below(6)).map(|_| u8::try_from(self.below(256)).unwrap()).collect(),
            _ => PIECES[self.below(PIECES.len())].to_vec(),
        }
    }
}

/// No panic, no control byte in a cell (the screen would panic), and every key is still there. Some thousand events
/// with fixed seeds: what fails once fails again.
#[tokio::test]
async fn a_cat_on_the_keyboard_deletes_nothing() {
    let mut bench = Bench::new().await;
    let mut ids = Vec::new();
    for label in ["first", "second", "third"] {
        ids.push(bench.create(label).await.0);
    }
    let mut events_seen = 0;
    for seed in 1..=8 {
        let (mut cat, mut decoder, mut events) = (Cat(seed), Decoder::default(), VecDeque::new());
        for step in 0..400 {
            decoder.feed(&cat.paw(), &mut events);
            if cat.below(4) == 0 {
                decoder.give_up(&mut events);
            }
            events_seen += events.len();
            bench.terminal.state().is_slow = step % 8 != 0; // a frame takes longer than a press
            for event in events.drain(..) {
                bench.input(event);
                // Whatever it meant, it goes on.
                bench.resume().await;
                if bench.outcome().is_some() {
                    bench = Box::pin(bench.restarted()).await;
                }
            }
            if step % 8 == 0 {
                bench.settle().await;
                bench.resume().await;
            }
        }
        bench.settle().await;
    }
    assert!(events_seen > 1500, "{events_seen} events");
    let mut after = Bench::on_same_data(&bench).await;
    for id in ids {
        after.type_keys(&format!("/{id}<Enter>")).await;
        after.sees("1 key matches");
        after.type_keys("<Esc>").await;
    }
}

/// The answer to a create is waited for before the program is still, and its secret comes hidden.
#[tokio::test]
async fn the_shell_waits_for_a_create() {
    let mut bench = Bench::new().await;
    bench.press("cmine<Enter>");
    assert!(bench.state().creating);
    bench.press("<Ctrl-Z>");
    assert!(bench.state().suspending && !bench.state().may_suspend());
    bench.sees("Waiting for the new key before quitting");
    bench.settle().await;
    assert!(!bench.terminal.state().is_entered);
    bench.resume().await;
    bench.sees("Access key created");
    let secret = bench.secret();
    bench.hides(secret.expose());
    bench.type_keys("s").await;
    bench.sees(secret.expose());
    bench.press("<Ctrl-Z>");
    bench.loses(secret.expose());
    assert!(!bench.terminal.state().is_entered);
    bench.resume().await;
    bench.sees("Access key created");
    bench.loses(secret.expose());
}
