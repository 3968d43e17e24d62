//! An access key ID and its secret, in the forms that programs read them from.

use std::str::FromStr;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::domain::{KeyId, SecretKey};

/// A form that a file with a new secret has. A reader of that form gets the very bytes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CredentialsForm {
    /// The secret alone, and a newline.
    #[default]
    Secret,
    /// Assignments of a shell. Other readers (systemd's `EnvironmentFile=`, `docker run --env-file`, libraries for `.env`)
    /// disagree about quotes; keys of ours have none, nor have those in base64.
    Env,
    /// An object.
    Json,
    /// A row below a header.
    Csv,
    /// The profile `default` of an AWS credentials file.
    Aws,
}

impl CredentialsForm {
    pub const ALL: [Self; 5] = [Self::Secret, Self::Env, Self::Json, Self::Csv, Self::Aws];
    /// Their names, as options have them.
    pub const NAMES: [&'static str; 5] = ["secret", "env", "json", "csv", "aws"];

    /// Its name, as options have it.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Its name on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Env => ".env",
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::Aws => "AWS",
        }
    }

    /// What the name of such a file ends with.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Aws => "credentials",
            _ => self.name(),
        }
    }
}

impl FromStr for CredentialsForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|form| form.name() == text.trim().to_ascii_lowercase());
        named.ok_or_else(|| format!("use one of {}", Self::NAMES.join(", ")))
    }
}

/// A pair, and the form that it is to have. Its `Debug` has no secret.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub id: KeyId,
    pub secret: SecretKey,
    pub form: CredentialsForm,
}

#[derive(Serialize)]
struct Pair<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
}

impl Credentials {
    /// The content of a file, with a newline at its end; or why that form can't have it.
    pub fn text(&self) -> Result<Zeroizing<String>, &'static str> {
        let (id, secret) = (self.id.raw_for_api(), self.secret.expose());
        // Never grows: a secret would stay where it was before.
        let mut text = Zeroizing::new(String::with_capacity(128 + 6 * (id.len() + secret.len())));
        match self.form {
            CredentialsForm::Secret => text.push_str(secret),
            CredentialsForm::Env => {
                push(&mut text, &["ACCESS_KEY_ID="]);
                push_for_shell(&mut text, id);
                push(&mut text, &["\nSECRET_ACCESS_KEY="]);
                push_for_shell(&mut text, secret);
            }
            CredentialsForm::Json => {
                let mut bytes = Zeroizing::new(Vec::with_capacity(text.capacity()));
                let pair = Pair { access_key_id: id, secret_access_key: secret };
                serde_json::to_writer(&mut *bytes, &pair).map_err(|_| "it can't be written as JSON")?;
                text.push_str(str::from_utf8(&bytes).unwrap_or_default());
            }
            CredentialsForm::Csv => {
                push(&mut text, &["access_key_id,secret_access_key\n"]);
                push_cell(&mut text, id);
                text.push(',');
                push_cell(&mut text, secret);
            }
            CredentialsForm::Aws => {
                let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_graphic() && !"#;\"'".contains(c));
                if !is_plain(id) || !is_plain(secret) {
                    return Err("an AWS credentials file can't have these characters: choose another form");
                }
                push(&mut text, &["[default]\naws_access_key_id = ", id, "\naws_secret_access_key = ", secret]);
            }
        }
        text.push('\n');
        Ok(text)
    }
}

fn push(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
}

/// A value of a shell: as it is if no reader takes a character of it for anything else, or in single quotes.
fn push_for_shell(text: &mut String, value: &str) {
    if !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@%+=".contains(c)) {
        return text.push_str(value);
    }
    text.push('\'');
    for c in value.chars() {
        if c == '\'' { text.push_str("'\\''") } else { text.push(c) }
    }
    text.push('\'');
}

/// A cell of RFC 4180.
fn push_cell(text: &mut String, value: &str) {
    if !value.contains([',', '"', '\r', '\n']) && value.trim() == value {
        return text.push_str(value);
    }
    text.push('"');
    for c in value.chars() {
        if c == '"' { text.push_str("\"\"") } else { text.push(c) }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use crate::domain::secrets::credentials::*;

    /// Pairs of ours, and of servers whose IDs and secrets have nearly any characters.
    const PAIRS: [(&str, &str); 5] = [
        ("PK7QW3N5ZJ0V4T8M2XHC", "made-up"),
        ("a b", "$HOME `id` \\n 'quoted' \"twice\" # ; end"),
        ("=1+1", "é,東京,\"\""),
        ("==", "q0+/9w=="),
        ("-x", "~/a=b&c|d>e*?!{}[]()"),
    ];

    fn written(form: CredentialsForm, (id, secret): (&str, &str)) -> Result<Zeroizing<String>, &'static str> {
        let credentials = Credentials { id: KeyId::parse(id).unwrap(), secret: SecretKey::foreign(secret), form };
        assert!(!format!("{credentials:?}").contains(secret));
        credentials.text()
    }

    #[test]
    fn a_shell_reads_the_very_bytes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.env");
        for pair in PAIRS {
            std::fs::write(&path, written(CredentialsForm::Env, pair).unwrap().as_bytes()).unwrap();
            let mut shell = Command::new("sh");
            shell.args(["-c", ". \"$0\" && printf '%s|%s' \"$ACCESS_KEY_ID\" \"$SECRET_ACCESS_KEY\""]).arg(&path);
            let read = shell.output().unwrap();
            assert_eq!(String::from_utf8(read.stdout).unwrap(), format!("{}|{}", pair.0, pair.1));
        }
    }

    #[test]
    fn our_keys_and_base64_need_no_quotes() {
        let pair = ("PK7QW3N5ZJ0V4T8M2XHC", "q0+/9w==");
        let env = written(CredentialsForm::Env, pair).unwrap();
        assert_eq!(*env, "ACCESS_KEY_ID=PK7QW3N5ZJ0V4T8M2XHC\nSECRET_ACCESS_KEY=q0+/9w==\n");
    }

    #[test]
    fn json_and_csv_readers_get_the_very_bytes_back() {
        for (id, secret) in PAIRS {
            let json = written(CredentialsForm::Json, (id, secret)).unwrap();
            let read: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(read, serde_json::json!({ "access_key_id": id, "secret_access_key": secret }));
            let csv = written(CredentialsForm::Csv, (id, secret)).unwrap();
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            assert_eq!(reader.headers().unwrap(), vec!["access_key_id", "secret_access_key"]);
            assert_eq!(reader.records().next().unwrap().unwrap(), vec![id, secret]);
        }
    }

    #[test]
    fn the_secret_alone_has_a_newline_and_aws_takes_plain_ones() {
        let [plain, odd, ..] = PAIRS;
        assert_eq!(*written(CredentialsForm::Secret, plain).unwrap(), "made-up\n");
        let aws = "[default]\naws_access_key_id = PK7QW3N5ZJ0V4T8M2XHC\naws_secret_access_key = made-up\n";
        assert_eq!(*written(CredentialsForm::Aws, plain).unwrap(), aws);
        assert!(written(CredentialsForm::Aws, odd).is_err());
        let names = CredentialsForm::NAMES.map(|name| name.parse::<CredentialsForm>().unwrap().name());
        assert_eq!(names, CredentialsForm::NAMES);
    }
}
