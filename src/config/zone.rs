//! The time zone that the environment names.

use std::ffi::OsStr;
use std::path::Path;

/// Where chrono looks for zones.
const FOLDERS: [&str; 4] = ["/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo", "/usr/share/lib/zoneinfo"];

/// What to say of a `TZ` that names no zone: times are in UTC then, without a word of the library.
pub(crate) fn notice(tz: Option<&OsStr>) -> Option<String> {
    let name = tz?.to_str()?;
    let name = name.strip_prefix(':').unwrap_or(name);
    let is_known = name.is_empty()
        || FOLDERS.iter().any(|folder| Path::new(folder).join(name).is_file()) // an absolute path replaces the folder
        || name == "localtime"
        || is_posix(name);
    (!is_known).then(|| format!("TZ names no time zone ({name}), so times are shown and read in UTC."))
}

/// Whether it is a zone by its rules, such as `CET-1CEST,M3.5.0,M10.5.0` or `<+03>-3` (POSIX, 8.3).
fn is_posix(name: &str) -> bool {
    let offset = if let Some(rest) = name.strip_prefix('<') {
        rest.split_once('>').map(|(_, offset)| offset)
    } else {
        let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
        (letters >= 3).then(|| &name[letters..])
    };
    offset.is_some_and(|offset| offset.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_means_no_zone_is_told() {
        for known in ["", "UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<+03>-3", "localtime"] {
            assert_eq!(notice(Some(OsStr::new(known))), None, "{known}");
        }
        for unknown in ["Europe/Berln", "Nowhere", "/no/such/zone", "Mars/Phobos9"] {
            assert!(notice(Some(OsStr::new(unknown))).is_some_and(|said| said.contains("UTC")), "{unknown}");
        }
        assert_eq!(notice(None), None);
    }
}
