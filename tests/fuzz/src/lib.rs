//! What the targets run: the same that `tests/all/fuzzed.rs` runs on their corpus.

#[path = "../../all/support"]
pub mod support {
    pub mod fuzzed;
    pub mod memory_page;
    pub mod one_page;
    pub mod written;
}
