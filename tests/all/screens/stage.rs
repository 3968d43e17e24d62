//! A stage on which every state can be set up without a server: the page in memory, and the answers it is given.

use std::fmt::Write as _;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use latchkey::client::{ApiError, Creation, Cursor, ListRequest, Page, Reply, Request, Server, Target};
use latchkey::domain::{
    AccessKey, CursorToken, KeyFormat, KeyId, Lifetimes, Profile, SecretKey, Status, Untrusted, View,
};
use latchkey::platform::surroundings::Surroundings;
use latchkey::platform::terminal_kind::TerminalKind;
use latchkey::tui::runtime::Options;
use latchkey::tui::state::ClockReading;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::support::memory_page::MemoryPage;
use crate::support::{hands, mask, picture};

/// The page at one size, its clock standing still.
pub struct Stage {
    page: MemoryPage,
    pub now: ClockReading,
    /// What was asked of the server last.
    pub asked: Option<Request>,
    requests: mpsc::Receiver<Request>,
    replies: mpsc::Sender<Reply>,
    tokio: tokio::runtime::Runtime,
}

/// Noon UTC: the same day everywhere.
pub fn noon() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub fn key(id: &str, label: &str, status: Status, age_days: i64, used_minutes: Option<i64>) -> AccessKey {
    AccessKey {
        label: Untrusted::new(label),
        status,
        created_by: Untrusted::new("jo"),
        expires_at: (status == Status::Expired).then(|| noon() - TimeDelta::days(2)),
        last_used_at: used_minutes.map(|minutes| noon() - TimeDelta::minutes(minutes)),
        last_used_from: used_minutes.map(|_| Untrusted::new("192.0.2.17")),
        ..AccessKey::new(KeyId::parse(id).unwrap(), noon() - TimeDelta::days(age_days))
    }
}

/// Keys as an administrator has them, and some without a session should.
pub fn some_keys() -> Vec<AccessKey> {
    let mut keys = vec![
        key("PK7QW3N5ZJ0V4T8M2XHC", "nightly backup", Status::Active, 22, Some(63)),
        key("PK0ZAHJZ123456789KMN", "Grafana – Zürich, both data centres", Status::Active, 40, Some(5)),
        key("PKM2XHC7QW3N5ZJ0V4T8", "", Status::Inactive, 200, None),
        key("PK5ZJ0V4T8M2XHC7QW3N", "東京 バックアップ", Status::Expired, 401, Some(60 * 24 * 90)),
        key("PKV4T8M2XHC7QW3N5ZJ0", "evil\u{1b}]52;c;UFdO\u{7}\u{202e}gpj", Status::Active, 900, Some(60 * 24 * 800)),
    ];
    for (key, owner) in keys.iter_mut().zip(["ops@example.com", "Priya", "", "監視チーム", "o\u{1b}[2Jps\u{200b}"])
    {
        key.owner = Some(Untrusted::new(owner));
        key.note = Some(Untrusted::new(""));
    }
    keys[0].note = Some(Untrusted::new("vault kv/backup/prod; rotate with Marek, ticket OPS-4711"));
    keys
}

/// Keys of a server like Passportal, with IDs of 32 hex digits.
pub fn foreign_keys() -> Vec<AccessKey> {
    (1..=3)
        .map(|n: u128| key(&format!("{:032x}", n * 0x1234_5678_9abc_def0_1357), "billing", Status::Active, 3, None))
        .collect()
}

/// A server that needs no sign-in.
pub fn server(name: &str, place: &str) -> Server {
    let (name, server) = (name.to_owned(), place.to_owned());
    let profile =
        Profile { name, server, folder: None, username: None, signs_in: false, production: false, read_only: false };
    Server { profile, target: Target::Socket("/run/api.sock".into()), who: None }
}

impl Stage {
    /// The page as it starts.
    pub fn new(size: (u16, u16)) -> Self {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let views = vec![View::own("leavers", "by:sven -owner:ops*")];
        let options = Options { views, ..Options::default() };
        let (page, requests, replies) =
            tokio.block_on(async { MemoryPage::by_hand(size, TerminalKind::RICH, noon(), options) });
        page.terminal.state().is_slow = true; // tests draw what they look at
        let now = page.now();
        let mut stage = Self { page, now, asked: None, requests, replies, tokio };
        stage.settle();
        stage
    }

    /// The page with these keys on screen, of so many.
    pub fn with(size: (u16, u16), keys: Vec<AccessKey>, total: u64) -> Self {
        let mut stage = Self::new(size);
        stage.reply(Reply::Connected(Ok(server("local", "embedded server"))));
        stage.answer(Ok(keys), total);
        stage
    }

    /// Answers the list that was asked for last.
    pub fn answer(&mut self, keys: Result<Vec<AccessKey>, ApiError>, total: u64) {
        let Some(Request::List(request)) = self.asked.take() else { panic!("no list was asked for") };
        let result = keys.map(|keys| page(&request, keys, total));
        self.reply(Reply::Listed(request, result));
    }

    /// Answers a create with a secret made of known bits.
    pub fn created(&mut self) -> SecretKey {
        let secret = SecretKey::from_random(&Zeroizing::new([7; 32]), KeyFormat::Prefixed);
        self.reply(Reply::Created(Ok(Creation::New(some_keys().remove(0), secret.clone()))));
        secret
    }

    pub fn reply(&mut self, reply: Reply) {
        self.replies.try_send(reply).unwrap();
        self.settle();
    }

    /// Types a script.
    pub fn press(&mut self, script: &str) {
        for event in hands::events(script) {
            self.tokio.block_on(async { self.page.input(event) });
            self.settle();
        }
        self.now = self.page.now();
    }

    pub fn pass(&mut self, time: Duration) {
        self.tokio.block_on(self.page.pass(time));
        self.now = self.page.now();
        self.settle();
    }

    /// Says what is found when it is looked around.
    pub fn surround(&mut self, around: Surroundings) {
        self.machine.state().around = around;
    }

    pub fn picture(&self) -> String {
        mask::mask_times(&picture::picture(self.state(), self.now))
    }

    fn settle(&mut self) {
        self.tokio.block_on(self.page.settle());
        while let Ok(request) = self.requests.try_recv() {
            // Asked without a press, once: it waits for nothing.
            if !matches!(request, Request::Due(_)) {
                self.asked = Some(request);
            }
        }
    }
}

impl Deref for Stage {
    type Target = MemoryPage;

    fn deref(&self) -> &MemoryPage {
        &self.page
    }
}

impl DerefMut for Stage {
    fn deref_mut(&mut self) -> &mut MemoryPage {
        &mut self.page
    }
}

/// A page with these keys, of so many.
pub fn page(request: &ListRequest, keys: Vec<AccessKey>, total: u64) -> Page {
    let more = (keys.len() as u64) < total;
    let after = (more && request.place != Cursor::End).then(|| CursorToken("more".to_owned()));
    Page {
        start: None,
        keys,
        before: None,
        after,
        total: Some(total),
        ahead: chrono::TimeDelta::zero(),
        lifetimes: Lifetimes::default(),
    }
}

/// The same state at several sizes, in one picture.
pub fn at_sizes(sizes: &[(u16, u16)], set_up: impl Fn((u16, u16)) -> Stage) -> String {
    let mut all = String::new();
    for &(width, height) in sizes {
        write!(all, "===== {width}x{height} =====\n{}", set_up((width, height)).picture()).unwrap();
    }
    all
}

/// The usual size and the smallest.
pub const SIZES: [(u16, u16); 2] = [(80, 24), (40, 10)];
