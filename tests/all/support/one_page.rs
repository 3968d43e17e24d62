//! The page, and a server of three keys that answers at once, in memory: for input by the million.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use crossterm::event::{Event, KeyCode, KeyModifiers};
use latchkey::client::{
    AdminChange, AdminChangeKind, AdminEntry, AdminList, ApiError, Creation, Cursor, EndedRotation,
    Event as TrailEvent, Exchanged, FieldChange, Handover, KeyChanged, ListRequest, Page, Reply, Request, Server,
    SessionEntry, Target, TrailPage,
};
use latchkey::domain::{
    AccessKey, AddressUsage, Charset, CursorToken, KeyFormat, KeyId, KeyUsage, Lifetimes, Profile, SecretKey, Status,
    Untrusted, UsageCount, UsageSpan, Verdict,
};
use latchkey::platform::delivery::CommandOutput;
use latchkey::platform::terminal_kind::{ColourDepth, TerminalKind};
use latchkey::tui::runtime::Options;
use latchkey::tui::state::{AdminStep, BulkStage, Dialog};
use latchkey::tui::state::{Delivery, QUIET, Saved, Stage};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::support::memory_page::MemoryPage;
use crate::support::written::strange;

/// Sizes of the terminal, in columns and rows.
pub const SIZES: [(u16, u16); 8] = [(80, 24), (40, 10), (100, 30), (1, 1), (41, 11), (60, 16), (10, 40), (79, 23)];

/// The page, and a server that answers at once.
pub struct OnePage {
    page: MemoryPage,
    charset: Charset,
    pub asked: ListRequest,
    secret: u8,
    pub turn: usize,
    /// Events come at once, as a paste that is not marked; else at leisure.
    pub is_hasty: bool,
    /// When the last press came.
    pressed: Option<Instant>,
    requests: mpsc::Receiver<Request>,
    replies: mpsc::Sender<Reply>,
    tokio: tokio::runtime::Runtime,
}

impl OnePage {
    pub fn new(first: u8) -> Self {
        let size = SIZES[usize::from(first) % SIZES.len()];
        let charset = if first & 128 == 0 { Charset::Utf8 } else { Charset::Ascii };
        let depth = if first & 8 == 0 { ColourDepth::Mono } else { ColourDepth::Rgb };
        let kind = TerminalKind { charset, colours: depth, ..TerminalKind::RICH };
        let options = Options { profiles: vec![profile(first), profile(first ^ 16)], ..Options::default() };
        let utc: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (page, mut requests, replies) = tokio.block_on(async { MemoryPage::by_hand(size, kind, utc, options) });
        let Ok(Request::List(asked)) = requests.try_recv() else { panic!("the first thing is a list") };
        let mut page = Self {
            page,
            charset,
            asked: asked.clone(),
            secret: 0,
            turn: 0,
            is_hasty: false,
            pressed: None,
            requests,
            replies,
            tokio,
        };
        page.check_written();
        page.page.terminal.state().is_slow = true;
        let server = Server { profile: profile(first), target: Target::Socket("/run/api.sock".into()), who: None };
        page.reply(Reply::Connected(Ok(server)));
        page.reply(Reply::Listed(asked.clone(), Ok(keys(&asked))));
        page
    }

    /// Whether the page has ended.
    pub fn has_left(&self) -> bool {
        self.page.outcome().is_some()
    }

    pub fn take(&mut self, event: Event) {
        // Looked at before, for what it means depends on what was open.
        let deletes = matches!(&self.page.state().dialog, Some(Dialog::Delete(dialog)) if dialog.is_confirmed());
        let removes = matches!(
            &self.page.state().dialog,
            Some(Dialog::Admins(screen))
                if matches!(&screen.step, Some(AdminStep::Remove(removal)) if removal.is_confirmed())
        );
        let revokes = matches!(&self.page.state().dialog, Some(Dialog::Revoke(dialog)) if dialog.is_confirmed());
        let changes = match &self.page.state().dialog {
            Some(Dialog::Bulk(dialog)) => {
                matches!(&dialog.stage, BulkStage::Confirm(confirm) if confirm.is_confirmed())
            }
            _ => false,
        };
        let creates = matches!(&self.page.state().dialog, Some(Dialog::Create(_)));
        let is_enter = event.as_key_event().is_some_and(|key| key.code == KeyCode::Enter);
        let before = self.at_stake();
        let is_burst = self.is_burst(&event);
        if let Event::Resize(width, height) = event {
            self.tokio.block_on(self.page.resize((width, height)));
        } else if self.is_hasty {
            self.tokio.block_on(async { self.page.inputs([event].into()) });
        } else {
            self.tokio.block_on(async { self.page.input(event) });
        }
        let asked: Vec<Request> = std::iter::from_fn(|| self.requests.try_recv().ok()).collect();
        for request in &asked {
            match request {
                Request::ChangeKeys(..) => assert!(changes && is_enter, "changed many keys without a confirmation"),
                Request::Delete(_) => assert!(deletes && is_enter, "deleted without its confirmation"),
                Request::ChangeAdmin(AdminChange { kind: AdminChangeKind::Remove { .. }, .. }) => {
                    assert!(removes && is_enter, "removed without its confirmation");
                }
                Request::Revoke(_) => assert!(revokes && is_enter, "revoked without its confirmation"),
                Request::Create(_) => assert!(creates && is_enter, "created without its dialog"),
                _ => {}
            }
        }
        assert!(!is_burst || before.0.is_none() || asked.is_empty() && before == self.at_stake(), "a burst acted");
        self.settle(asked);
    }

    /// Whether this is a press that comes at once after another, and does not only leave or suspend.
    fn is_burst(&mut self, event: &Event) -> bool {
        let Some(key) = event.as_key_event() else { return false };
        let now = self.page.now().at;
        let is_burst = self.is_hasty && self.pressed == Some(now);
        self.pressed = Some(if self.is_hasty { now } else { now + QUIET });
        is_burst && !(key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char('c' | 'z')))
    }

    /// The dialog in which much is at stake, whether a secret is shown, and what was copied and saved.
    fn at_stake(&self) -> (Option<Stage>, bool, usize, bool) {
        let shows = matches!(&self.page.state().dialog, Some(Dialog::Reveal(reveal)) if reveal.shown_until.is_some());
        let machine = self.page.machine.state();
        (self.page.state().stage(), shows, machine.copied.len(), machine.delivering.is_some())
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.tokio.block_on(self.page.pass(time));
        self.settle(Vec::new());
    }

    /// Gives the page a reply, and whatever it asks for then.
    pub fn reply(&mut self, reply: Reply) {
        self.replies.try_send(reply).unwrap();
        self.settle(Vec::new());
    }

    /// Answers what was asked, and what is asked because of that; not for ever.
    fn settle(&mut self, mut asked: Vec<Request>) {
        for _ in 0..8 {
            for request in asked.drain(..) {
                if let Some(reply) = self.answer(request) {
                    self.replies.try_send(reply).unwrap();
                }
            }
            self.tokio.block_on(self.page.settle());
            if self.page.machine.state().delivering.take().is_some() {
                let output = CommandOutput { words: Untrusted::new("\u{1b}[2J"), had_secret: false };
                self.page.machine.end_delivery(Ok(Saved { to: Delivery::Command, output }));
            }
            self.tokio.block_on(async {
                self.page.settle().await;
                self.page.resume().await;
            });
            asked.extend(std::iter::from_fn(|| self.requests.try_recv().ok()));
            if asked.is_empty() {
                return;
            }
        }
    }

    fn answer(&mut self, request: Request) -> Option<Reply> {
        Some(match request {
            Request::List(list) => {
                self.asked = list.clone();
                let page = keys(&list);
                Reply::Listed(list, Ok(page))
            }
            Request::Count(filter) => Reply::Counted(filter, Ok(3)),
            Request::Counts(filters) => {
                let counts = filters.iter().map(|_| Some(3)).collect();
                Reply::Counts(filters, Ok(counts))
            }
            Request::FrequentOwners(_) => Reply::FrequentOwners(Ok(vec![Untrusted::new("\u{1b}]52;c;eA==\u{7}")])),
            Request::Usage(id, days) => Reply::Usage(id, days, Ok(usage())),
            Request::Due(days) => {
                let end = chrono::Utc::now() + chrono::TimeDelta::days(1);
                Reply::Due(days, Ok(vec![AccessKey { expires_at: Some(end), ..key(0) }]))
            }
            Request::Create(_) => {
                self.secret = self.secret.wrapping_add(1);
                let secret = SecretKey::from_random(&Zeroizing::new([self.secret; 32]), KeyFormat::Prefixed);
                Reply::Created(Ok(Creation::New(key(0), secret)))
            }
            Request::HandOver(new) => {
                let text = || Untrusted::new("\u{1b}]52;c;eA==\u{7}");
                let (now, text) = (DateTime::UNIX_EPOCH, text());
                let handover = Handover {
                    id: text.clone(),
                    key_id: text.clone(),
                    label: text.clone(),
                    state: text.clone(),
                    has_pin: false,
                    created_by: text,
                    created_at: now,
                    until: now,
                    opened_at: None,
                    opened_from: None,
                    confirmed_at: None,
                    opened_again_at: None,
                    opened_again_from: None,
                    wrong_tries: Some(0),
                    ended_at: None,
                    ended_from: None,
                    acknowledged_at: None,
                };
                Reply::HandedOver(new.lookup(), Ok(handover))
            }
            Request::SettleHandover(_, how) => Reply::HandoverSettled(how, Ok(())),
            Request::Handovers => Reply::Handovers(Err(ApiError::NoHandovers)),
            Request::Edit(before, _) => Reply::Edited(before, Ok(key(1).into())),
            Request::Delete(before) => Reply::Deleted(before, Ok(true.into())),
            Request::EndRotation(before, end) => {
                let ended = EndedRotation { old: key(1), new: Some(key(2)) };
                Reply::RotationEnded(before, end, Ok(Box::new(ended.into())))
            }
            Request::Events(request) => {
                let next_cursor = request.cursor.is_none().then(|| "\u{1b}]52;c;eA==\u{7}".to_owned());
                let page =
                    TrailPage { events: vec![event("edited"), event("\u{1b}[2J")], next_cursor, newest_cursor: None };
                Reply::Events(request, Ok(page))
            }
            Request::Walk(attempt, list) => Reply::Walked(attempt, Ok(keys(&list))),
            Request::ChangeKeys(attempt, changes) => {
                let deleted = changes.iter().map(|_| Ok(KeyChanged::Deleted(true.into())));
                Reply::KeysChanged(attempt, deleted.collect())
            }
            Request::Look(attempt, _) => Reply::Looked(attempt, Ok(key(2))),
            Request::Identify(attempt, leaks) => Reply::Identified(attempt, Ok(vec![None; leaks.len()])),
            Request::Exchange(attempt, _) => {
                Reply::Exchanged(attempt, Exchanged { result: Err(ApiError::Verification), server_time: None })
            }
            Request::Verify(attempt, ..) => Reply::Verified(attempt, Ok(Verdict::NotOffered)),
            Request::SignIn(_) => Reply::SignedIn(Err(ApiError::NotSignedIn(Untrusted::new("no")))),
            Request::Delivered(_) | Request::GiveUp => return None,
            Request::SignOut => Reply::SignedOut(Ok(())),
            Request::ChangePassword(_) => Reply::PasswordChanged(Ok(())),
            Request::Admins => Reply::Admins(Ok(AdminList { administrators: administrators(), sessions: sessions() })),
            Request::ChangeAdmin(change) => Reply::AdminChanged(change, Ok(())),
            Request::Sessions => Reply::Sessions(Ok(sessions())),
            Request::EndSessions(ids) => Reply::SessionsEnded(Ok(ids.len())),
            Request::Revoke(what) => Reply::Revoked(what, Ok(2.into())),
            Request::Connect(_) => {
                let server = Server { profile: profile(0), target: Target::Socket("/x".into()), who: None };
                Reply::Connected(Ok(server))
            }
        })
    }

    /// Lets the loop draw a frame.
    pub fn draw(&mut self) {
        let (width, height) = self.page.state().size;
        self.page.terminal.state().is_slow = false;
        self.tokio.block_on(async { self.page.input(Event::Resize(width, height)) }); // no change, but a turn
        self.page.terminal.state().is_slow = true;
        self.check_written();
    }

    fn check_written(&mut self) {
        let out = std::mem::take(&mut self.page.terminal.state().written);
        assert_eq!(strange(&out), [""; 0]);
        assert!(self.charset == Charset::Utf8 || out.is_ascii(), "{:?} in ASCII", String::from_utf8_lossy(&out));
    }
}

fn profile(bits: u8) -> Profile {
    Profile {
        name: if bits & 16 == 0 { "local" } else { "team" }.to_owned(),
        server: "keys.example.com".to_owned(),
        folder: None,
        username: None,
        signs_in: false,
        production: bits & 32 != 0,
        read_only: bits & 64 != 0,
    }
}

/// Two administrators, one with a name as no server of ours has it.
fn administrators() -> Vec<AdminEntry> {
    let one = |name: &str, role: &str| AdminEntry {
        username: Untrusted::new(name),
        role: Untrusted::new(role),
        created_at: DateTime::UNIX_EPOCH,
        last_sign_in_at: None,
    };
    vec![one("jo", "superuser"), one("\u{1b}]52;c;UFdO\u{7}\u{202e}gpj", "東京\u{9d}0;t\u{9c}")]
}

fn sessions() -> Vec<SessionEntry> {
    let one = |name: &str, current: bool| SessionEntry {
        id: Untrusted::new("\u{1b}[2J"),
        username: Untrusted::new(name),
        role: Untrusted::new("superuser"),
        created_at: DateTime::UNIX_EPOCH,
        last_seen_at: DateTime::UNIX_EPOCH,
        ends_at: DateTime::UNIX_EPOCH,
        from: Untrusted::new("\u{202e}\u{1b}[2J"),
        current,
    };
    vec![one("jo", true), one("\u{1b}]52;c;UFdO\u{7}\u{202e}gpj", false)]
}

/// An event of a server that is not ours.
/// Counts and an address as no server of ours has them.
fn usage() -> KeyUsage {
    let at = DateTime::UNIX_EPOCH;
    let count = UsageCount { at, uses: u64::MAX, refusals: u64::MAX };
    let address = AddressUsage {
        address: Untrusted::new("\u{1b}[2J"),
        uses: u64::MAX,
        refusals: u64::MAX,
        used_at: Some(at),
        refused_at: Some(DateTime::<Utc>::MAX_UTC),
    };
    KeyUsage {
        since: at,
        until: DateTime::<Utc>::MAX_UTC,
        span: UsageSpan::Hour,
        counts: vec![count; 2],
        addresses: vec![address; 20],
        address_count: u64::MAX,
        has_more_addresses: true,
        tokens: u64::MAX,
        tokens_until: Some(DateTime::<Utc>::MIN_UTC),
    }
}

fn event(kind: &str) -> TrailEvent {
    let odd = || Some(Untrusted::new("\u{1b}]52;c;UFdO\u{7}\u{202e}gpj\u{9d}0;t\u{9c}"));
    let change = |field: &str| FieldChange { field: Untrusted::new(field), old: odd(), new: odd() };
    TrailEvent {
        at: DateTime::UNIX_EPOCH,
        kind: Untrusted::new(kind),
        key: odd(),
        label: odd(),
        admin: None,
        by: odd(),
        from: odd(),
        detail: odd(),
        changes: ["label", "expires_at", "\u{1b}[2J"].map(change).to_vec(),
        count: 14,
    }
}

/// Three keys; the end of each ID is easy to type.
fn keys(list: &ListRequest) -> Page {
    let after = (list.place == Cursor::Start).then(|| CursorToken("\u{1b}]52;c;eA==\u{7}".to_owned()));
    Page {
        start: None,
        keys: (0..3).map(key).collect(),
        before: None,
        after,
        total: Some(6),
        ahead: chrono::TimeDelta::zero(),
        lifetimes: Lifetimes::default(),
    }
}

fn key(number: usize) -> AccessKey {
    let labels =
        ["nightly", "\u{1b}]52;c;UFdO\u{7}\u{202e}gpj\u{9d}0;t\u{9c}", "a\u{301}\u{301}\u{301}\u{301}東京\n\u{e0041}"];
    AccessKey {
        label: Untrusted::new(labels[number]),
        status: [Status::Active, Status::Inactive, Status::Expired][number],
        created_by: Untrusted::new(labels[2 - number]),
        last_used_from: Some(Untrusted::new(labels[number])),
        ..AccessKey::new(
            KeyId::parse(["PK7QW3N5ZJ0V4T8M0000", "PK0ZAHJZ12345678dddd", "\u{202e}\u{1b}[2Jaaaa"][number]).unwrap(),
            DateTime::UNIX_EPOCH,
        )
    }
}
