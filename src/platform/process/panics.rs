//! What happens when a mistake of ours panics: a private report, and a terminal that is put back.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};

use crate::domain;
use crate::platform::{raw_mode, regular_file};

/// Installs the hook for panics. Reports go to a file (0600) in `state`, if there is such a folder, never to the screen.
///
/// color-eyre's hook for errors is not installed: errors are shown in a sentence, and it would bring a second reader of
/// debug information, some 200 kB, for a binary that has none.
pub fn install(state: Option<PathBuf>) {
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        // A panic in a task ends that task; the screen goes on and hears of it. tokio tells them apart.
        let goes_on = tokio::task::try_id().is_some() || std::thread::current().name() != Some("main");
        if !goes_on {
            raw_mode::leave_at_once();
        }
        let file = state.as_ref().and_then(|state| write(state, &redact(&report(info))).ok());
        if goes_on {
            return;
        }
        let _ = match file {
            Some(file) => writeln!(io::stderr(), "latchkey: internal error; see {}", file.display()),
            None => writeln!(io::stderr(), "latchkey: internal error, and its details can't be written anywhere"),
        };
    }));
}

/// The panic, and the way to it where `RUST_BACKTRACE` asks for that.
///
/// Not color-eyre's report: with `RUST_BACKTRACE=full` it opens the source files that the frames name, and panics, in
/// a panic, where one may not be read (0.6.5, `SourceSection`).
fn report(info: &PanicHookInfo<'_>) -> String {
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => format!("{info}\n{backtrace}"),
        _ => info.to_string(),
    }
}

fn write(state: &Path, report: &str) -> io::Result<PathBuf> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(state)?;
    let path = state.join("panic.log");
    let mut file = regular_file::open_no_follow(OpenOptions::new().append(true).create(true).mode(0o600), &path)?;
    writeln!(file, "{}\n{report}\n", chrono::Utc::now().to_rfc3339())?;
    Ok(path)
}

/// Without what looks like a secret or a token, and without control characters.
fn redact(report: &str) -> String {
    let mut out: String = report.lines().flat_map(|line| [domain::redact(line), "\n".to_owned()]).collect();
    out.retain(|c| c == '\n' || !c.is_control());
    out
}

#[cfg(test)]
mod tests {
    use crate::platform::process::panics::*;

    #[test]
    fn a_report_follows_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        std::os::unix::fs::symlink(&other, folder.path().join("panic.log")).unwrap();
        assert!(write(folder.path(), "report").is_err() && !other.exists());
        std::fs::remove_file(folder.path().join("panic.log")).unwrap();
        write(folder.path(), "report").unwrap();
    }

    #[test]
    fn a_report_keeps_its_lines_but_no_secret_and_no_control_character() {
        let text = redact("at \"sk_abc\"\nsrc/tui.rs:12\u{1b}[31m stays\n");
        assert_eq!(text, "at \"[redacted] \nsrc/tui.rs:12[31m stays\n");
    }
}
