//! Notices about the settings.

use std::io::Write as _;

use crate::config::Config;

/// Says on standard error what the settings made of what was written, such as of a pasted address.
pub fn tell_notices(config: &Config) {
    for notice in config.notices() {
        let _ = writeln!(std::io::stderr(), "latchkey: {notice}");
    }
}
