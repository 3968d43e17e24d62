//! A real PostgreSQL server, started by a test process for itself on a Unix socket in a temporary folder.

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// A running server. It ends, and its folder goes, when the process that started it ends in whatever way.
pub struct PostgresServer {
    /// Where its socket is.
    folder: PathBuf,
    /// Takes commands and answers them. The server ends when it is closed.
    shell: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    /// Ends by itself.
    _child: Child,
}

/// Creates a cluster, starts it, and ends it when standard input ends, with the programs that have written a `.pid` file.
/// What it holds need not survive a power cut.
const SCRIPT: &str = r#"
set -e
PATH="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1):$PATH"
umask 022
folder=$(mktemp -d)
chmod 755 "$folder"
cd "$folder"
end() {
    for pid in *.pid; do [ ! -e "$pid" ] || kill "$(cat "$pid")" || true; done
    for data in data */data; do [ ! -e "$data" ] || pg_ctl -D "$data" stop -m immediate -s || true; done
    cd /
    rm -rf "$folder"
}
trap end EXIT
trap '' INT TERM
initdb -D data -U latchkey -A trust -E UTF8 --locale=C -N >initdb.log 2>&1 || { cat initdb.log >&2; exit 1; }
{
    echo "listen_addresses = ''"
    echo "unix_socket_directories = '$folder'"
    echo "max_connections = 500"
    echo "shared_buffers = 64MB"
    echo "fsync = off"
    echo "full_page_writes = off"
} >>data/postgresql.conf
pg_ctl -D data -l server.log -w -t 60 -s start || { cat server.log >&2; exit 1; }
echo "$folder"
while read -r command; do
    $command >command.log 2>&1 </dev/null || { cat command.log >&2; exit 1; }
    echo done
done
"#;

impl PostgresServer {
    /// Starts a server. It takes connections when this returns.
    pub fn start() -> Self {
        // PostgreSQL refuses to run as root.
        let as_root =
            std::fs::metadata("/proc/self").is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0);
        let mut command = Command::new(if as_root { "setpriv" } else { "bash" });
        if as_root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--", "bash"]);
        }
        let mut child = command
            .args(["-c", SCRIPT])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let commands = child.stdin.take().expect("a pipe");
        let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut folder = String::new();
        answers.read_line(&mut folder).expect("a line");
        assert!(!folder.is_empty(), "PostgreSQL does not start: install it with tests/run --no-run");
        Self { folder: PathBuf::from(folder.trim_end()), shell: Mutex::new((commands, answers)), _child: child }
    }

    /// Where its socket is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs a command as the server's user, in its folder, to its end.
    #[track_caller]
    pub fn run(&self, command: &str) {
        let mut shell = self.shell.lock().expect("no panic");
        writeln!(shell.0, "{command}").expect("a shell");
        let mut answer = String::new();
        shell.1.read_line(&mut answer).expect("an answer");
        assert_eq!(answer, "done\n", "{command}");
    }

    /// Ends the server at once, as a crash does.
    pub fn crash(&self) {
        self.run("pg_ctl -D data stop -m immediate -s -w");
    }

    /// Starts it again.
    pub fn start_again(&self) {
        self.run("pg_ctl -D data -l server.log -w -t 60 -s start");
    }

    /// The address of one of its databases; `postgres` exists.
    pub fn address(&self, database: &str) -> String {
        format!("postgres://latchkey@/{database}?host={}", self.folder.display())
    }

    /// Adds settings, and restarts the server with them.
    pub fn configure(&self, settings: &str) {
        let path = self.folder.join("data/postgresql.conf");
        let mut file = std::fs::File::options().append(true).open(path).expect("its settings");
        file.write_all(settings.as_bytes()).expect("room");
        self.run("pg_ctl -D data -l server.log -w -t 60 -s restart");
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("server.log")).expect("a log")
    }

    /// Writes a file into its folder, for its user alone.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let (path, owner) = (self.folder.join(name), std::fs::metadata(&self.folder).expect("its folder"));
        let file = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&path);
        file.expect("its folder").write_all(content.as_ref()).expect("room");
        chown(&path, Some(owner.uid()), Some(owner.gid())).expect("root, or the same user");
    }
}
