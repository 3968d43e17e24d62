#![no_main]

#[path = "../../support/fuzzed.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "each target runs one of its functions")]
mod fuzzed;
#[path = "../../support/written.rs"]
mod written;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::answers(bytes));
