#![no_main]

#[path = "../../support/fuzzed.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "each target runs one of its functions")]
mod fuzzed;
#[path = "../../support/one_page.rs"]
#[expect(clippy::unwrap_used, reason = "a target may fail loudly")]
mod one_page;
#[path = "../../support/written.rs"]
mod written;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::input(bytes));
