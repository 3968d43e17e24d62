//! A team's server behind a bad line, and a home in which the command makes keys.

use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use latchkey::domain::SecretKey;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::standby::Replicated;
use crate::support::home::{Done, Home};
use crate::support::lossy::{Lossy, Place};
use crate::support::served::Served;
use crate::support::wait::PATIENCE;

/// As many bytes as a request to rotate a key has, and its answer. Those of a create are a little shorter.
const REQUEST: u64 = 380;
const ANSWER: u64 = 1130;
/// Longer than the command takes to make a key on a quiet machine, in milliseconds.
const LONGEST: u64 = 250;
/// Longer than the server takes to answer then.
const LONGEST_ANSWER: u64 = 30;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Trouble {
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
    /// The database is killed, and its standby takes over: in a moment, and the line may break now.
    Database,
    /// So it is, and the command is killed now.
    DatabaseAndClient,
}

impl Trouble {
    pub(super) const fn is_of_database(self) -> bool {
        matches!(self, Self::Database | Self::DatabaseAndClient)
    }
}

/// Random numbers from a seed that a failure names.
pub(super) struct Random(pub(super) u64);

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

pub(super) struct Team<'a> {
    pub(super) served: Option<Served>,
    pub(super) at: Arc<TempDir>,
    pub(super) arguments: &'a [&'a str],
    pub(super) line: Lossy,
    pub(super) home: Home,
    /// Its database, if that can fail over.
    pub(super) database: Option<Arc<Replicated>>,
}

impl Team<'_> {
    fn serve(&mut self) {
        drop(self.served.take());
        let served = Served::on(Arc::clone(&self.at), self.arguments);
        self.line.lead_to(served.address().parse().unwrap());
        self.served = Some(served);
    }

    fn start(&self, words: &[&str], file: &str) -> Child {
        let url = format!("http://127.0.0.1:{}", self.line.port);
        self.home.command(&[&["--url", &url, "keys"], words, &["--secret-file", file]].concat()).spawn().unwrap()
    }

    /// Runs a command that makes a key while something goes wrong, and says whether it did.
    pub(super) fn make(&mut self, words: &[&str], file: &str, trouble: Trouble, random: &mut Random) -> bool {
        let client = self.start(words, file);
        let (pid, server) = (Pid::from_child(&client), self.served.as_ref().unwrap().pid());
        let kills_server = matches!(trouble, Trouble::Server | Trouble::Both);
        let (tell, told) = channel();
        let mut patience = PATIENCE;
        if trouble == Trouble::ClientInTime {
            patience = Duration::from_millis(random.below(LONGEST));
        } else {
            let (tell, database) = (tell.clone(), self.database.clone());
            let (moment, breaks) = (Duration::from_millis(random.below(LONGEST_ANSWER)), random.below(2) == 0);
            self.line.break_at(random.place(), move || {
                if matches!(trouble, Trouble::Client | Trouble::Both | Trouble::DatabaseAndClient) {
                    kill_process(pid, Signal::KILL).unwrap();
                }
                if kills_server {
                    kill_process(Pid::from_raw(server.cast_signed()).unwrap(), Signal::KILL).unwrap();
                }
                if !trouble.is_of_database() {
                    tell.send(None).unwrap();
                    return true;
                }
                thread::spawn(move || {
                    thread::park_timeout(moment); // anywhere in the server's transaction
                    database.unwrap().fail_over();
                    tell.send(None).unwrap();
                });
                breaks
            });
        }
        thread::spawn(move || tell.send(Some(Done::of(client))));
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
                    assert_eq!(trouble, Trouble::ClientInTime, "{file}");
                    broke = true;
                    let _ = kill_process(pid, Signal::KILL); // it may have ended just now
                    patience = PATIENCE;
                }
            }
        }
        broke
    }

    /// The secret in a file, if a whole one is there.
    pub(super) fn secret(&self, file: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.home.path(file)).ok()?;
        let secret = SecretKey::parse(text.strip_suffix('\n')?).ok()?;
        Some(secret.expose().to_owned())
    }

    /// Starts the command again. Gives the secret that it left; none if there was nothing to finish.
    pub(super) fn finish(&self, label: &str) -> Option<String> {
        let file = format!("{label}, finished");
        let done = Done::of(self.start(&["create", "--finish"], &file));
        match done.code {
            0 => Some(self.secret(&file).unwrap()),
            4 => None,
            _ => panic!("{label}: {done:?}"),
        }
    }
}
