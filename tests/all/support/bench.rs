//! A bench for whole stories: the page in memory, the real API task and a real server, with a key script for hands.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use latchkey::client;
use latchkey::client::{ApiError, Client, Connection, Server, Target};
use latchkey::domain::{BaseUrl, Profile, SecretKey};
use latchkey::platform::clipboard::report::What;
use latchkey::platform::terminal_kind::TerminalKind;
use latchkey::server::StoreAccess;
use latchkey::server::embedded;
use latchkey::server::embedded::Embedded;
use latchkey::tui::runtime::Options;
use latchkey::tui::state::{Dialog, SaveResult, SaveTarget};
use tempfile::TempDir;

use crate::support::hands;
use crate::support::memory_page::MemoryPage;

/// The page on a server.
pub struct Bench {
    page: MemoryPage,
    pub server: Option<Embedded>,
    pub folder: TempDir,
    /// What the terminal shows.
    emulator: RefCell<vt100::Parser>,
    /// The words that were looked for and seen.
    seen: RefCell<Vec<String>>,
}

/// A connection, or why there is none.
pub type Opened = std::future::Ready<Result<Connection, ApiError>>;

/// The way to an embedded server.
fn reach(server: &Embedded, name: &str) -> impl FnMut(Option<String>) -> Opened + Send + use<> {
    let client = Client::unix(&server.socket, &server.session).unwrap();
    client_of(client, Server { target: Target::Socket(server.socket.clone()), ..server_named(name) })
}

/// One server, whatever profile is asked for.
pub fn client_of(client: Client, server: Server) -> impl FnMut(Option<String>) -> Opened + Send {
    move |_| std::future::ready(Ok(Connection::new(client.clone(), server.clone())))
}

/// A server that needs no sign-in.
pub fn server_named(name: &str) -> Server {
    let (name, server) = (name.to_owned(), "test server".to_owned());
    let profile =
        Profile { name, server, folder: None, username: None, signs_in: false, production: false, read_only: false };
    Server { profile, target: Target::Socket("api.sock".into()), who: None }
}

impl Bench {
    /// A page on a new server without keys, its first page read.
    pub async fn new() -> Self {
        Self::on(TempDir::new().unwrap()).await
    }

    /// A page on a server with these data.
    pub async fn on(folder: TempDir) -> Self {
        let server = embedded::start(folder.path(), StoreAccess::Create).await.unwrap();
        let mut bench = Self::with(folder, reach(&server, "local"));
        bench.server = Some(server);
        bench.settle().await;
        bench
    }

    /// A page on a new server that others reach too.
    pub async fn reached_by_others() -> Self {
        let folder = TempDir::new().unwrap();
        let server = embedded::start(folder.path(), StoreAccess::Create).await.unwrap();
        let client = Client::unix(&server.socket, &server.session).unwrap();
        let target = Target::Url(BaseUrl::parse("https://keys.example.com").unwrap().0);
        let mut bench = Self::with(folder, client_of(client, Server { target, ..server_named("team") }));
        bench.server = Some(server);
        bench.settle().await;
        bench
    }

    /// Another page, by another server on the same data.
    pub async fn on_same_data(other: &Self) -> Self {
        let server = embedded::start(other.folder.path(), StoreAccess::Create).await.unwrap();
        let mut bench = Self::with(TempDir::new().unwrap(), reach(&server, "another"));
        bench.server = Some(server);
        bench.settle().await;
        bench
    }

    /// The page again, on the same server.
    pub async fn restarted(self) -> Self {
        let server = self.server.unwrap();
        Box::pin(self.page.end()).await;
        let mut bench = Self::with(self.folder, reach(&server, "local"));
        bench.server = Some(server);
        bench.settle().await;
        bench
    }

    /// The page with any connection; nothing is awaited yet.
    pub fn with(folder: TempDir, connect: impl FnMut(Option<String>) -> Opened + Send + 'static) -> Self {
        let link = client::spawn(connect);
        let page = MemoryPage::new((80, 24), TerminalKind::RICH, None, link, Options::default());
        let (emulator, seen) = (RefCell::new(vt100::Parser::default()), RefCell::default());
        Self { page, server: None, folder, emulator, seen }
    }

    /// Types a script; what it asks of the server is answered before this returns.
    pub async fn type_keys(&mut self, script: &str) {
        for event in hands::events(script) {
            self.input(event);
            self.settle_tasks().await;
        }
        self.settle().await;
    }

    /// Takes bytes of a terminal that come in one read.
    pub async fn gets(&mut self, bytes: &[u8]) {
        self.inputs(hands::of_bytes(bytes));
        self.settle_tasks().await;
        self.settle().await;
    }

    /// Takes the same presses one after another, each in a read of its own, as fast as a serial line sends them.
    pub async fn gets_one_by_one(&mut self, bytes: &[u8]) {
        for event in hands::of_bytes(bytes) {
            self.inputs([event].into());
            self.settle_tasks().await;
            self.settle().await;
        }
    }

    /// Types a script and waits for nothing.
    pub fn press(&mut self, script: &str) {
        for event in hands::events(script) {
            self.input(event);
        }
    }

    /// Ends the page as the program does, and waits for its last words to the server.
    pub async fn end(self) {
        Box::pin(self.page.end()).await;
    }

    /// What was put on the clipboard, in order.
    pub fn copied(&self) -> Vec<(What, String)> {
        self.machine.state().copied.clone()
    }

    /// Where the secret is being delivered.
    pub fn delivering(&self) -> Option<SaveTarget> {
        self.machine.state().delivering.clone()
    }

    /// What is to be written there.
    pub fn content(&self) -> String {
        String::from_utf8(self.machine.state().content.clone()).unwrap()
    }

    /// Ends the delivery.
    pub async fn delivered(&mut self, result: SaveResult) {
        self.machine.end_delivery(result);
        self.settle().await;
    }

    /// What is on screen.
    pub fn picture(&self) -> String {
        let mut emulator = self.emulator.borrow_mut();
        let (columns, rows) = self.state().size;
        emulator.screen_mut().set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        emulator.process(&std::mem::take(&mut self.terminal.state().written));
        let screen = emulator.screen();
        let mut text = String::new();
        for row in screen.rows(0, columns) {
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }

    /// What is drawn in reverse where the terminal's cursor is.
    pub fn under_cursor(&self) -> String {
        self.picture();
        let emulator = self.emulator.borrow();
        let screen = emulator.screen();
        let (row, column) = screen.cursor_position();
        let cells = (column..self.state().size.0).map_while(|x| screen.cell(row, x).filter(|cell| cell.inverse()));
        let text: String = cells.map(|cell| cell.contents().to_owned()).collect();
        text.trim_end().to_owned()
    }

    /// Fails unless these words are on screen.
    #[track_caller]
    pub fn sees(&self, words: &str) {
        let picture = self.picture();
        assert!(picture.contains(words), "no “{words}” in:\n{picture}");
        self.seen.borrow_mut().push(words.to_owned());
    }

    /// Fails if these words are still on screen. They must have been seen there before: words that the program no longer
    /// has would never be found.
    #[track_caller]
    pub fn loses(&self, words: &str) {
        assert!(self.seen.borrow().iter().any(|seen| seen.contains(words)), "“{words}” was not seen before");
        self.hides(words);
    }

    /// Fails if this secret, token or password is on screen.
    #[track_caller]
    pub fn hides(&self, value: &str) {
        let picture = self.picture();
        assert!(!picture.contains(value), "“{value}” in:\n{picture}");
    }

    /// The secret in the open dialog.
    pub fn secret(&self) -> SecretKey {
        match &self.state().dialog {
            Some(Dialog::Reveal(reveal)) => reveal.secret.clone(),
            other => panic!("no secret is open but {other:?}"),
        }
    }

    /// Creates a key and closes its dialog; gives ID and secret.
    pub async fn create(&mut self, label: &str) -> (String, SecretKey) {
        self.type_keys(&format!("c{}<Enter>", label.replace(' ', "<Space>"))).await;
        let secret = self.secret();
        let Some(Dialog::Reveal(reveal)) = &self.state().dialog else { unreachable!() };
        let id = reveal.key.id.raw_for_api().to_owned();
        self.type_keys("s<Esc><Enter>").await;
        assert!(self.state().dialog.is_none());
        (id, secret)
    }
}

impl Deref for Bench {
    type Target = MemoryPage;

    fn deref(&self) -> &MemoryPage {
        &self.page
    }
}

impl DerefMut for Bench {
    fn deref_mut(&mut self) -> &mut MemoryPage {
        &mut self.page
    }
}
