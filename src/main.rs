//! latchkey: API access keys in the terminal.
fn main() {}
