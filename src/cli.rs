//! What the program does without its page.

pub mod admin;
pub mod login;
pub mod prompt;
pub mod reach;
pub mod secret_input;
pub mod serve;

use std::io::Write as _;
use std::path::Path;

use color_eyre::Result;

use crate::config::Config;
use crate::server;

/// Says on standard error what the settings made of what was written, such as of a pasted address.
pub fn tell_notices(config: &Config) {
    for notice in config.notices() {
        let _ = writeln!(std::io::stderr(), "latchkey: {notice}");
    }
}

/// Fills a data folder with made-up keys, and says how far it is.
pub fn fill(folder: &Path, keys: u64) -> Result<()> {
    let mut told = 0;
    server::fill::fill(folder, keys, &mut |done| {
        if done == keys || done >= told + 50_000 {
            told = done;
            let _ = writeln!(std::io::stdout(), "{done} of {keys} keys");
        }
    })?;
    let _ = writeln!(std::io::stdout(), "Look at them with: latchkey --data {}", folder.display());
    Ok(())
}
