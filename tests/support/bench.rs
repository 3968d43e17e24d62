//! A bench for whole stories: the real app, the real API task and a real server, with a key script for hands.

use std::time::Duration;

use chrono::TimeDelta;
use crossterm::event::Event;
use latchkey::client;
use latchkey::client::{Client, Connect, Connected, Link, Server, Target};
use latchkey::domain::{Profile, SecretKey};
use latchkey::platform::clipboard::report::{CopyReport, What};
use latchkey::platform::surroundings::{ClipboardRoute, Surroundings};
use latchkey::server::embedded;
use latchkey::server::embedded::Embedded;
use latchkey::tui::state::{CallState, ClockReading, Dialog, Effect, SaveTarget, State, Step, TestState};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use crate::{hands, picture};

/// The words with which the app left, if it had any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell(pub Option<String>);

/// The app on a server, without a terminal.
pub struct Bench {
    pub state: State,
    pub server: Option<Embedded>,
    pub folder: TempDir,
    pub now: ClockReading,
    /// What was put on the clipboard, in order.
    pub copied: Vec<(What, String)>,
    /// What is found when it is looked around.
    pub around: Surroundings,
    /// Where the secret was to be delivered.
    pub delivering: Option<SaveTarget>,
    /// Whether the app has left.
    pub left: Option<Farewell>,
    link: Link,
}

/// The way to an embedded server.
fn reach(server: &Embedded, name: &str) -> impl Connect + use<> {
    let client = Client::unix(&server.socket, &server.session).unwrap();
    client_of(client, Server { target: Target::Socket(server.socket.clone()), ..server_named(name) })
}

/// One server, whatever profile is asked for.
pub fn client_of(client: Client, server: Server) -> impl Connect {
    move |_| std::future::ready(Ok(Connected { client: client.clone(), server: server.clone() }))
}

/// A server that needs no sign-in.
pub fn server_named(name: &str) -> Server {
    let (name, server) = (name.to_owned(), "test server".to_owned());
    let profile = Profile { name, server, username: None, signs_in: false, production: false, read_only: false };
    Server { profile, target: Target::Socket("api.sock".into()), who: None }
}

impl Bench {
    /// An app on a new server without keys, its first page read.
    pub async fn new() -> Self {
        Self::on(TempDir::new().unwrap()).await
    }

    /// An app on a server with these data.
    pub async fn on(folder: TempDir) -> Self {
        let server = embedded::start(folder.path()).await.unwrap();
        let mut bench = Self::with(folder, reach(&server, "local"));
        bench.server = Some(server);
        bench.settle().await;
        bench
    }

    /// Another app, by another server on the same data.
    pub async fn on_same_data(other: &Self) -> Self {
        let server = embedded::start(other.folder.path()).await.unwrap();
        let mut bench = Self::with(TempDir::new().unwrap(), reach(&server, "another"));
        bench.server = Some(server);
        bench.settle().await;
        bench
    }

    /// An app with any connection; nothing is awaited yet.
    pub fn with(folder: TempDir, connect: impl Connect) -> Self {
        let link = client::spawn(connect);
        let (state, first) = State::new((80, 24));
        let mut bench = Self {
            state,
            server: None,
            folder,
            now: ClockReading::now(),
            copied: Vec::new(),
            around: Surroundings::default(),
            delivering: None,
            left: None,
            link,
        };
        bench.perform(Some(first));
        bench
    }

    /// Types a script; what it asks of the server is answered before this returns.
    pub async fn type_keys(&mut self, script: &str) {
        self.press(script);
        self.settle().await;
    }

    /// Types a script and waits for nothing.
    pub fn press(&mut self, script: &str) {
        for event in hands::events(script) {
            self.input(event);
        }
    }

    /// Gives the app an event.
    pub fn input(&mut self, event: Event) {
        let effect = self.state.on_input(event, self.now);
        self.perform(effect);
    }

    /// Ends the API task, and waits for its last words to the server.
    pub async fn end(self) {
        drop((self.link.requests, self.link.replies));
        self.link.ended.await.unwrap();
    }

    /// Waits until no answer is awaited any more.
    pub async fn settle(&mut self) {
        while self.is_waiting() {
            self.reply().await;
        }
    }

    /// Takes one answer.
    pub async fn reply(&mut self) {
        let reply = tokio::time::timeout(Duration::from_secs(20), self.link.replies.recv());
        let reply = reply.await.expect("an answer in time").expect("the API task lives");
        self.now.utc = chrono::Utc::now();
        let effect = self.state.on_reply(reply, self.now);
        self.perform(effect);
    }

    /// Lets time pass, on the app's clock.
    pub async fn pass(&mut self, time: Duration) {
        self.now.at += time;
        self.now.utc += TimeDelta::from_std(time).unwrap();
        let effect = self.state.on_time(self.now);
        self.perform(effect);
        self.settle().await;
    }

    /// What is on screen.
    pub fn picture(&self) -> String {
        picture::picture(&self.state, self.now)
    }

    /// Fails unless these words are on screen.
    #[track_caller]
    pub fn sees(&self, words: &str) {
        let picture = self.picture();
        assert!(picture.contains(words), "no “{words}” in:\n{picture}");
    }

    /// Fails if these words are on screen.
    #[track_caller]
    pub fn misses(&self, words: &str) {
        let picture = self.picture();
        assert!(!picture.contains(words), "“{words}” in:\n{picture}");
    }

    /// The secret in the open dialog.
    pub fn secret(&self) -> SecretKey {
        match &self.state.dialog {
            Some(Dialog::Reveal(reveal)) => reveal.secret.clone(),
            other => panic!("no secret is open but {other:?}"),
        }
    }

    /// Creates a key and closes its dialog; gives ID and secret.
    pub async fn create(&mut self, label: &str) -> (String, SecretKey) {
        self.type_keys(&format!("c{}<Enter>", label.replace(' ', "<Space>"))).await;
        let secret = self.secret();
        let Some(Dialog::Reveal(reveal)) = &self.state.dialog else { unreachable!() };
        let id = reveal.key.id.raw_for_api().to_owned();
        self.type_keys("cs<Esc><Enter>").await;
        assert!(self.state.dialog.is_none());
        (id, secret)
    }

    fn is_waiting(&self) -> bool {
        let call = match &self.state.dialog {
            Some(Dialog::Create(dialog)) => &dialog.call,
            Some(Dialog::Edit(dialog)) => &dialog.call,
            Some(Dialog::Delete(dialog)) => &dialog.call,
            Some(Dialog::Switch(question, _)) => &question.call,
            _ => &CallState::None,
        };
        let step = match &self.state.dialog {
            Some(Dialog::Reveal(reveal)) => reveal.step.as_ref(),
            Some(Dialog::Token(token)) => token.step.as_ref(),
            _ => None,
        };
        let testing = matches!(step, Some(Step::Test(test)) if !matches!(test.test.state, TestState::Works { .. } | TestState::Fails { .. } | TestState::NotTried { .. }));
        let sign_in = self.state.sign_in.as_ref();
        if let Some(dialog) = sign_in {
            return self.left.is_none() && dialog.call.is_sent(); // the rest waits for a person
        }
        let list = &self.state.list;
        let counting = list.window.is_some() && list.total.is_none() && list.trouble.is_none();
        self.left.is_none()
            && (testing
                || self.state.connecting.is_some()
                || list.is_loading()
                || call.is_sent()
                || self.state.creating
                || counting)
    }

    fn perform(&mut self, effect: Option<Effect>) {
        match effect {
            None => {}
            Some(Effect::Send(request)) => self.link.requests.try_send(request).unwrap(),
            Some(Effect::Copy(what, text)) => {
                self.copied.push((what, text.expose_secret().to_owned()));
                self.state.on_copied(what, CopyReport::Sent(ClipboardRoute::Terminal));
            }
            Some(Effect::Overwrite) => {
                self.state.on_copied(What::Clipboard, CopyReport::Overwritten(ClipboardRoute::Terminal));
            }
            Some(Effect::Look) => {
                let effect = self.state.on_surroundings(self.around.clone(), self.now);
                self.perform(effect);
            }
            Some(Effect::Deliver(to, _)) => self.delivering = Some(to),
            Some(Effect::StopDelivery) => self.delivering = None,
            Some(Effect::Quit(words)) => self.left = Some(Farewell(words)),
        }
    }
}
