//! Creates that are cut off at any moment, on either engine: the line breaks at any byte of a request or its answer, and
//! the command or the server is killed. At the next start the command has the very secret, and there is one key.
//!
//! `LATCHKEY_CREATES=1000 tests/run database::cut_off --nocapture` does it so often, and says what came of it.

use std::collections::HashMap;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use latchkey::client::session_file::{SessionFile, SessionStorage};
use latchkey::client::{AdminSession, Target};
use latchkey::domain::{BaseUrl, SecretKey, Untrusted};
use latchkey::server::Role;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use tempfile::TempDir;

use super::{postgres, with_tables};
use crate::support::files;
use crate::support::home::{Done, Home};
use crate::support::lossy::{Lossy, Place};
use crate::support::memory::{Wanted, forgets, may_look};
use crate::support::served::{Served, data};
use crate::support::server::{add_administrator, send, text};
use crate::support::unfinished;
use crate::support::wait::PATIENCE;

/// How many keys are created where nothing else is asked for.
const CREATES: usize = 20;
/// More bytes than a request to create a key has, and its answer.
const REQUEST: u64 = 600;
const ANSWER: u64 = 1000;
/// Longer than the command takes to create a key on a quiet machine.
const LONGEST: u64 = 250;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Trouble {
    /// The line breaks, and the command tries again by itself.
    Line,
    /// The command is killed when so many bytes have gone by.
    Client,
    /// The command is killed after some time: also when it has the secret already.
    ClientInTime,
    /// The server is killed, and started again.
    Server,
    /// Both are killed.
    Both,
}

const TROUBLES: [Trouble; 5] = [Trouble::Line, Trouble::Client, Trouble::ClientInTime, Trouble::Server, Trouble::Both];

/// Random numbers from a seed that a failure names.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn place(&mut self) -> Place {
        match self.below(2) {
            0 => Place::Request(usize::try_from(self.below(REQUEST)).unwrap()),
            _ => Place::Answer(usize::try_from(self.below(ANSWER)).unwrap()),
        }
    }
}

/// A team's server behind a bad line, and a home where the command runs.
struct Team<'a> {
    served: Option<Served>,
    at: Arc<TempDir>,
    arguments: &'a [&'a str],
    line: Lossy,
    home: Home,
}

impl Team<'_> {
    fn serve(&mut self) {
        drop(self.served.take());
        let served = Served::on(Arc::clone(&self.at), self.arguments);
        self.line.lead_to(served.address().parse().unwrap());
        self.served = Some(served);
    }

    /// Starts the command, which creates a key or finishes one.
    fn start(&self, words: &[&str], file: &str) -> Child {
        let url = format!("http://127.0.0.1:{}", self.line.port);
        self.home.command(&[&["--url", &url, "keys", "create", "--secret-file", file], words].concat()).spawn().unwrap()
    }

    /// Creates a key with this label while something goes wrong, and says whether it did.
    fn create(&mut self, label: &str, trouble: Trouble, random: &mut Random) -> bool {
        let client = self.start(&["--label", label], label);
        let (pid, server) = (Pid::from_child(&client), self.served.as_ref().unwrap().pid());
        let kills_server = matches!(trouble, Trouble::Server | Trouble::Both);
        let (tell, told) = channel();
        let mut patience = PATIENCE;
        if trouble == Trouble::ClientInTime {
            patience = Duration::from_millis(random.below(LONGEST));
        } else {
            let tell = tell.clone();
            self.line.break_at(random.place(), move || {
                if matches!(trouble, Trouble::Client | Trouble::Both) {
                    kill_process(pid, Signal::KILL).unwrap();
                }
                if kills_server {
                    kill_process(Pid::from_raw(server.cast_signed()).unwrap(), Signal::KILL).unwrap();
                }
                tell.send(None).unwrap();
            });
        }
        std::thread::spawn(move || tell.send(Some(Done::of(client))));
        let (mut done, mut broke) = (None, false);
        while done.is_none() || (trouble != Trouble::ClientInTime && !broke && self.line.mend()) {
            match told.recv_timeout(patience) {
                Ok(Some(ended)) => done = Some(ended),
                Ok(None) => {
                    broke = true;
                    if kills_server {
                        self.serve();
                    }
                }
                Err(_) => {
                    assert_eq!(trouble, Trouble::ClientInTime, "{label}");
                    broke = true;
                    let _ = kill_process(pid, Signal::KILL); // it may have ended just now
                    patience = PATIENCE;
                }
            }
        }
        broke
    }

    /// The secret in a file, if a whole one is there.
    fn secret(&self, file: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.home.path(file)).ok()?;
        let secret = SecretKey::parse(text.strip_suffix('\n')?).ok()?;
        Some(secret.expose().to_owned())
    }

    /// Starts the command again. Gives the secret that it left; none if there was nothing to finish.
    fn finish(&self, label: &str) -> Option<String> {
        let file = format!("{label}, finished");
        let done = Done::of(self.start(&["--finish"], &file));
        match done.code {
            0 => Some(self.secret(&file).unwrap()),
            4 => None,
            _ => panic!("{label}: {done:?}"),
        }
    }
}

fn creates() -> usize {
    std::env::var("LATCHKEY_CREATES").map_or(CREATES, |creates| creates.parse().unwrap())
}

/// Creates keys on a server that is started with these arguments, and holds what it stores against `stored`.
async fn cut_off_many_times(at: Arc<TempDir>, arguments: &[&str], engine: &str, stored: &Path) {
    let served = Served::on(Arc::clone(&at), arguments);
    let (line, home) = (Lossy::to(served.address().parse().unwrap()), Home::new());
    remember(&home, line.port, served.session("jo").await);
    let mut team = Team { served: Some(served), at, arguments, line, home };
    let mut random = Random(u64::from(std::process::id()));
    eprintln!("seed {}", random.0);
    // The secrets by the labels of their keys.
    let mut secrets: HashMap<String, String> = HashMap::new();
    let (mut cut, mut had_again, mut twice) = (0, 0, 0);
    for n in 0..=creates() {
        let label = format!("key {n}");
        // The last one leaves the server that has made the key, or finishes it.
        let trouble = if n == creates() { Trouble::Client } else { TROUBLES[n % TROUBLES.len()] };
        cut += usize::from(tokio::task::block_in_place(|| team.create(&label, trouble, &mut random)));
        let first = team.secret(&label);
        let finished = team.finish(&label);
        had_again += usize::from(first.is_none() && finished.is_some());
        if let (Some(first), Some(finished)) = (&first, &finished) {
            assert_eq!(first, finished, "{label}: {trouble:?}");
            twice += 1;
        }
        let secret = first.or(finished);
        if let Some(secret) = secret.as_ref().filter(|_| n == creates() && may_look()) {
            forgets(team.served.as_ref().unwrap().pid(), &[Wanted::text("the secret", secret)]);
        }
        secrets.extend(secret.map(|secret| (label, secret)));
        assert_eq!(unfinished::notes(team.home.0.path()).len(), 0);
    }
    let served = team.served.take().unwrap();
    let session = served.session("jo").await;
    let mut found = 0;
    let mut cursor = String::new();
    loop {
        let page = served.get(&session, &format!("/keys?limit=1000{cursor}")).await.body;
        for key in page["keys"].as_array().unwrap() {
            let label = text(&key["label"]);
            let secret =
                secrets.remove(&label).unwrap_or_else(|| panic!("{label} is there twice, or nobody has its secret"));
            let exchanged = send(served.exchange_request(&text(&key["id"]), &secret)).await;
            assert_eq!(exchanged.status, 200, "{label}: not its secret");
            found += 1;
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(secrets.len(), 0, "no key has these secrets");
    hold_no_secret(stored);
    let log = served.stop().1;
    assert!(!log.is_empty() && log.iter().all(|line| !line.to_string().contains("sk_")), "{log:#?}");
    eprintln!(
        "{engine}: {} creates, {cut} cut off: {found} keys, each with its secret; {had_again} secrets were had at the next \
         start, {twice} a second time; no secret is lost, no key is there twice, no key that nobody knows of",
        creates(),
    );
    assert!(cut > 0 && had_again > 0 && found > 0);
}

/// The files below a folder know of the keys, and hold no secret.
fn hold_no_secret(folder: &Path) {
    let mut know = false;
    for file in files::below(folder) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        know |= bytes.windows(5).any(|bytes| bytes == b"key 0");
        for at in bytes.windows(3).enumerate().filter_map(|(at, bytes)| (bytes == b"sk_").then_some(at)) {
            let text = bytes.get(at..at + SecretKey::CHARS).and_then(|bytes| std::str::from_utf8(bytes).ok());
            assert!(text.is_none_or(|text| SecretKey::parse(text).is_err()), "a secret is in {}", file.display());
        }
    }
    assert!(know);
}

/// Remembers a session for the server behind a port, as `login --remember` does.
fn remember(home: &Home, port: u16, token: String) {
    let (base, _) = BaseUrl::parse(&format!("http://127.0.0.1:{port}")).unwrap();
    let name = base.host_for_screen().to_owned();
    let session = AdminSession {
        token: SecretString::from(token),
        expires_at: Utc::now() + TimeDelta::hours(8),
        username: Untrusted::new("jo"),
        role: Untrusted::new("superuser"),
    };
    let state = home.path(".local/state/latchkey");
    SessionFile::of(&state, &name, &Target::Url(base)).store(&session, "jo", SessionStorage::File).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_lost_and_no_key_is_there_twice_on_postgres() {
    let address = postgres().address(&with_tables(postgres()));
    let home = Arc::new(TempDir::new().unwrap());
    cut_off_many_times(home, &["--database", &address], "PostgreSQL", postgres().folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_lost_and_no_key_is_there_twice_on_sqlite() {
    let home = Arc::new(TempDir::new().unwrap());
    add_administrator(&data(&home), "jo", Role::Superuser);
    let folder = home.path().to_owned();
    cut_off_many_times(home, &[], "SQLite", &folder).await;
}
