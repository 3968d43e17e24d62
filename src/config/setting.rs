//! The names of settings, and what to say about an unknown one.

use super::suggestion;

/// Settings at the top of the file, besides the profiles.
pub const TOP_SETTINGS: [&str; 9] = [
    "default_profile",
    "clipboard",
    "clipboard_seconds",
    "keep_events",
    "ambiguous_width",
    "columns",
    "theme",
    "dates",
    "mouse",
];

/// The most days that uses and refusals of keys can be kept.
pub const KEEP_EVENTS_MOST: i64 = 36_500;

pub const PROFILE_SETTINGS: [&str; 18] = [
    "base_url",
    "socket",
    "data",
    "master_key_file",
    "username",
    "ca_file",
    "ca_only",
    "client_cert",
    "client_key",
    "proxy",
    "connect_to",
    "connect_timeout",
    "timeout",
    "key_format",
    "max_lifetime",
    "default_lifetime",
    "production",
    "read_only",
];

/// What a setting of `latchkey serve` is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    Text,
    /// One text, or a list of them.
    Texts,
    Path,
    Number,
    Flag,
}

/// Settings of the section `serve`, and what they are: each is the option of `latchkey serve` with that name; all
/// commands have `data` and `master_key_file`.
pub const SERVE_SETTINGS: [(&str, SettingKind); 33] = [
    ("data", SettingKind::Path),
    ("database", SettingKind::Text),
    ("database_password_file", SettingKind::Path),
    ("database_ca", SettingKind::Path),
    ("database_cert", SettingKind::Path),
    ("database_key", SettingKind::Path),
    ("lease", SettingKind::Number),
    ("name", SettingKind::Text),
    ("listen", SettingKind::Texts),
    ("socket_mode", SettingKind::Text),
    ("tls_cert", SettingKind::Path),
    ("tls_key", SettingKind::Path),
    ("behind_proxy", SettingKind::Flag),
    ("trusted_proxies", SettingKind::Texts),
    ("key_format", SettingKind::Text),
    ("max_lifetime", SettingKind::Number),
    ("default_lifetime", SettingKind::Number),
    ("log_format", SettingKind::Text),
    ("log_level", SettingKind::Text),
    ("log_verifies", SettingKind::Flag),
    ("metrics_listen", SettingKind::Texts),
    ("webhook_url", SettingKind::Text),
    ("webhook_secret_file", SettingKind::Path),
    ("webhook_ca", SettingKind::Path),
    ("threads", SettingKind::Number),
    ("max_header", SettingKind::Number),
    ("header_timeout", SettingKind::Number),
    ("request_timeout", SettingKind::Number),
    ("max_connections", SettingKind::Number),
    ("max_per_address", SettingKind::Number),
    ("keep_events", SettingKind::Number),
    ("stop_timeout", SettingKind::Number),
    ("master_key_file", SettingKind::Path),
];

/// Words that only the name of a secret contains.
const SECRETS: [&str; 10] =
    ["password", "passwd", "passphrase", "passcode", "secret", "token", "apikey", "accesskey", "credential", "session"];

/// The longest name that an error repeats, in characters. Anything longer may be a misplaced secret.
const LONGEST: usize = 32;

/// What to say about an unknown setting.
pub(crate) fn unknown(name: &str, known: &[&str]) -> String {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let sayable = name.chars().count() <= LONGEST
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        && !name.starts_with("sk_");
    if SECRETS.iter().any(|word| plain.contains(word)) {
        let name = if sayable { name } else { "a secret" };
        return format!(
            "{name} must not be stored in this file, which others may be able to read: remove the line, and sign in with \
             latchkey login"
        );
    }
    if !sayable {
        return format!("there is no such setting; there are: {}", known.join(", "));
    }
    match suggestion::nearest(&name.to_lowercase().replace('-', "_"), known) {
        Some(near) => format!("there is no setting {name}; did you mean {near}?"),
        None => format!("there is no setting {name}; there are: {}", known.join(", ")),
    }
}

/// Whether a profile may have this name: it is used in file names, on the screen and on command lines.
pub(crate) fn is_profile_name(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.starts_with("sk_")
}
