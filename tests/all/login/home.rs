//! A user's home, and the program in it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::program::{binary, environment};

pub struct Home(TempDir);

/// How the program ended.
#[derive(Debug)]
pub struct Ended {
    pub good: bool,
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Home {
    /// A home whose default profile is a server at this base URL.
    pub fn with_team(base_url: &str, more: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let folder = home.at(".config/latchkey");
        fs::create_dir_all(&folder).unwrap();
        let settings = format!("default_profile = \"team\"\n[profiles.team]\nbase_url = \"{base_url}\"\n{more}\n");
        fs::write(folder.join("config.toml"), settings).unwrap();
        home
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Where the session of the default profile is kept.
    pub fn session(&self) -> PathBuf {
        self.at(".local/state/latchkey/sessions/team.json")
    }

    /// A file that only its owner can read.
    pub fn private(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Runs the program with `input` on its standard input, and these variables besides `HOME`.
    pub async fn run(&self, args: &[&str], input: &str, variables: &[(&str, &str)]) -> Ended {
        self.start(binary(), args, input, variables).await
    }

    /// Runs another program, which runs it in a way of its own.
    pub async fn run_by(&self, program: &str, args: &[&str], input: &str) -> Ended {
        self.start(program, args, input, &[]).await
    }

    async fn start(&self, program: &str, args: &[&str], input: &str, variables: &[(&str, &str)]) -> Ended {
        // A session of its own: a developer's terminal must not be asked.
        let mut command = Command::new("setsid");
        command.args(["--wait", program]).args(args).env_clear();
        command.envs(environment(self.0.path())).envs(variables.iter().copied());
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that does not read is no failure of the test.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let status = output.status;
        Ended { good: status.success(), code: status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Signs in as jo, with the password on standard input.
    pub async fn login(&self, password: &str, more: &[&str]) -> Ended {
        let args = [&["login", "--username", "jo", "--password-file", "-"], more].concat();
        self.run(&args, password, &[]).await
    }
}
