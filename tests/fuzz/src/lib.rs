//! What the targets run: the same that `tests/fuzzed.rs` runs on their corpus.

#[path = "../../support/fuzzed.rs"]
pub mod fuzzed;
#[path = "../../support/memory_page.rs"]
mod memory_page;
#[path = "../../support/one_page.rs"]
mod one_page;
#[path = "../../support/written.rs"]
mod written;
