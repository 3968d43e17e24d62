//! A home for the program, and its runs there.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::program::{binary, environment};

/// An empty home folder, in which the program runs.
pub struct Home(pub TempDir);

/// What a run came to.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Home {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program with a small environment, in its home, without input.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(args).env_clear().envs(environment(self.0.path())).env("TZ", "UTC");
        command.env("LANG", "C.UTF-8").current_dir(self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Done {
        Done::of(self.command(args).spawn().unwrap())
    }

    /// With this on standard input.
    pub fn feed(&self, args: &[&str], input: &str) -> Done {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // A program that wants no input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Done::of(child)
    }

    /// A file for its owner only.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What a file for its owner only has.
    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        is_private(&path);
        fs::read_to_string(path).unwrap()
    }

    pub fn settings(&self, text: &str) {
        fs::create_dir_all(self.path(".config/latchkey")).unwrap();
        fs::write(self.path(".config/latchkey/config.toml"), text).unwrap();
    }

    /// The keys that there are.
    pub fn keys(&self) -> Vec<Value> {
        if !self.path(".local/share/latchkey").exists() {
            return Vec::new();
        }
        self.run(&["keys", "list", "--output", "json"]).json().as_array().unwrap().clone()
    }

    /// A new key's ID and secret.
    pub fn create(&self, label: &str) -> (String, String) {
        let made = self.run(&["keys", "create", &format!("--label={label}"), "--output", "json"]).json();
        (text(&made["key"]["id"]), text(&made["secret_access_key"]))
    }

    /// The files of secrets that were kept since their destination failed.
    pub fn kept(&self) -> Vec<PathBuf> {
        let Ok(names) = fs::read_dir(self.path(".local/state/latchkey")) else { return Vec::new() };
        let paths = names.map(|entry| entry.unwrap().path());
        let secrets = paths.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("secret-of-"));
        secrets.inspect(|path| is_private(path)).collect()
    }
}

#[track_caller]
fn is_private(path: &Path) {
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
}

impl Done {
    pub fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The result of a run that did what was asked, and said nothing else.
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        self.out
    }

    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.good()).unwrap()
    }

    /// The error of a run that ended with `code` and without a result: one line.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        self.complaint(code)
    }

    /// The error in JSON of a run that had a result anyway.
    #[track_caller]
    pub fn complaint_as_json(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "{self:?}");
        let error: Value = serde_json::from_str(&self.err).unwrap();
        let names: Vec<&String> = error["error"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["code", "exit", "message", "next"]);
        assert_eq!(error["error"]["exit"], code);
        assert!(!text(&error["error"]["message"]).is_empty());
        error["error"].clone()
    }

    /// The error of a run that had a result anyway.
    #[track_caller]
    pub fn complaint(&self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.starts_with("latchkey: ") && self.err.ends_with('\n'), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        self.err.clone()
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
