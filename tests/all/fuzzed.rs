//! The fuzzer's corpus, replayed: what it once found, and one input of each kind.
//!
//! New inputs come from `tests/fuzz/run`.

use std::path::Path;

use crate::support::fuzzed;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let done = std::panic::catch_unwind(|| run(&bytes));
        assert!(done.is_ok(), "{} fails", path.display());
        inputs += 1;
    }
    assert!(inputs >= 10, "{target} has only {inputs} inputs");
}

#[test]
fn input_does_nothing_unasked_and_writes_nothing_strange() {
    replay("input", fuzzed::input);
}

#[test]
fn keys_are_the_same_however_their_bytes_arrive() {
    replay("decoder", fuzzed::decoder);
}

#[test]
fn text_of_a_server_comes_through_its_gate_harmless() {
    replay("untrusted", fuzzed::untrusted);
}

#[test]
fn answers_of_a_server_are_understood_or_refused() {
    replay("answers", fuzzed::answers);
}
