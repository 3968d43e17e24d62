//! The page in memory: the program's own event loop, on a terminal and a machine that tests hold.

use std::collections::VecDeque;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use crossterm::event::Event;
use latchkey::client::{Link, Reply, Request};
use latchkey::platform::clipboard::Copied;
use latchkey::platform::clipboard::report::{CopyReport, What};
use latchkey::platform::surroundings::{ClipboardRoute, Surroundings};
use latchkey::platform::terminal_kind::TerminalKind;
use latchkey::tui::runtime::test_support;
use latchkey::tui::runtime::{Machine, Options, Runtime, SignalEvent, Signals};
use latchkey::tui::state::SaveContent;
use latchkey::tui::state::{ClockReading, NotSaved, QUIET, SaveResult, SaveTarget, State};
use latchkey::tui::terminal::Terminal;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use zeroize::Zeroizing;

/// A terminal of cells in memory. Clones are the same terminal.
#[derive(Clone)]
pub struct MemoryTerminal(Arc<(Mutex<TerminalState>, Notify)>);

pub struct TerminalState {
    pub size: (u16, u16),
    /// What was typed and not read yet.
    pub input: VecDeque<Event>,
    /// What the loop wrote and the terminal has taken.
    pub written: Vec<u8>,
    /// It takes nothing now, so the loop draws nothing.
    pub is_slow: bool,
    /// The next read fails.
    pub is_gone: bool,
    pub is_entered: bool,
}

/// What a test holds of it, and the buffer that only the loop writes.
pub struct LoopTerminal {
    terminal: MemoryTerminal,
    unsent: Vec<u8>,
}

impl MemoryTerminal {
    fn new(size: (u16, u16)) -> Self {
        let state = TerminalState {
            size,
            input: VecDeque::new(),
            written: Vec::new(),
            is_slow: false,
            is_gone: false,
            is_entered: true,
        };
        Self(Arc::new((Mutex::new(state), Notify::new())))
    }

    pub fn state(&self) -> MutexGuard<'_, TerminalState> {
        self.0.0.lock().unwrap()
    }

    pub fn send(&self, event: Event) {
        self.state().input.push_back(event);
        self.0.1.notify_one();
    }
}

impl Terminal for LoopTerminal {
    fn size(&self) -> (u16, u16) {
        self.terminal.state().size
    }

    fn knows_size(&self) -> bool {
        true
    }

    async fn read(&mut self, events: &mut VecDeque<Event>) -> io::Result<()> {
        loop {
            if self.terminal.state().is_gone {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            events.append(&mut self.terminal.state().input);
            if !events.is_empty() {
                return Ok(());
            }
            self.terminal.0.1.notified().await;
        }
    }

    fn out(&mut self) -> &mut Vec<u8> {
        &mut self.unsent
    }

    fn is_behind(&self) -> bool {
        self.terminal.state().is_slow
    }

    fn flush(&mut self) -> io::Result<()> {
        self.terminal.state().written.append(&mut self.unsent);
        Ok(())
    }

    fn is_entered(&self) -> bool {
        self.terminal.state().is_entered
    }

    fn enter(&mut self) -> io::Result<()> {
        self.terminal.state().is_entered = true;
        Ok(())
    }

    async fn leave(&mut self) {
        let _ = self.flush();
        self.terminal.state().is_entered = false;
    }

    fn stop(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A machine whose clock, clipboard and surroundings are in a test's hands. Clones are the same machine.
#[derive(Clone)]
pub struct MemoryMachine(Arc<(Mutex<MachineState>, Notify)>);

pub struct MachineState {
    at: Instant,
    /// What people's clock says; the real one's time if none.
    utc: Option<DateTime<Utc>>,
    /// What is found when it is looked around.
    pub around: Surroundings,
    pub can_resume: bool,
    /// What was put on the clipboard, in order.
    pub copied: Vec<(What, String)>,
    /// Where a secret is being delivered, until a test says how that ends.
    pub delivering: Option<SaveTarget>,
    /// Where a secret was to be delivered, before there was one; and why the next such place is refused.
    pub tried: Vec<SaveTarget>,
    pub refused: Option<String>,
    /// What was last to be delivered.
    pub content: Vec<u8>,
    delivery: Option<oneshot::Sender<SaveResult>>,
}

impl MemoryMachine {
    fn new(utc: Option<DateTime<Utc>>) -> Self {
        let state = MachineState {
            at: Instant::now(),
            utc,
            around: Surroundings::default(),
            can_resume: true,
            copied: Vec::new(),
            delivering: None,
            tried: Vec::new(),
            refused: None,
            content: Vec::new(),
            delivery: None,
        };
        Self(Arc::new((Mutex::new(state), Notify::new())))
    }

    pub fn state(&self) -> MutexGuard<'_, MachineState> {
        self.0.0.lock().unwrap()
    }

    fn pass(&self, time: Duration) {
        let mut state = self.state();
        state.at += time;
        state.utc = state.utc.map(|utc| utc + time);
        self.0.1.notify_waiters();
    }

    /// Ends the delivery that is under way, if one is.
    pub fn end_delivery(&self, result: SaveResult) {
        let delivery = self.state().delivery.take();
        delivery.unwrap().send(result).unwrap();
    }
}

impl Machine for MemoryMachine {
    fn now(&self) -> ClockReading {
        let state = self.state();
        ClockReading { at: state.at, utc: state.utc.unwrap_or_else(Utc::now) }
    }

    async fn sleep_until(&self, at: Instant) {
        loop {
            let changed = self.0.1.notified();
            if self.state().at >= at {
                return;
            }
            changed.await;
        }
    }

    fn can_resume(&self) -> bool {
        self.state().can_resume
    }

    async fn look(&self) -> Surroundings {
        self.state().around.clone()
    }

    async fn copy(&self, what: What, text: Zeroizing<String>) -> Copied {
        self.state().copied.push((what, text.to_string()));
        Copied { what, write: None, report: CopyReport::Sent(ClipboardRoute::Terminal), forget: None }
    }

    async fn overwrite(&self) -> Copied {
        let report = CopyReport::Overwritten(ClipboardRoute::Terminal);
        Copied { what: What::Clipboard, write: None, report, forget: None }
    }

    async fn forget(&self, _text: Zeroizing<String>) {}

    async fn attempt(&self, to: SaveTarget) -> Result<(), NotSaved> {
        let mut state = self.state();
        state.tried.push(to);
        state.refused.take().map_or(Ok(()), |why| Err(NotSaved::new(why)))
    }

    async fn deliver(&self, to: SaveTarget, content: SaveContent, mut stop: oneshot::Receiver<()>) -> SaveResult {
        let (ends, mut end) = oneshot::channel();
        {
            let mut state = self.state();
            (state.delivering, state.delivery) = (Some(to), Some(ends));
            state.content = content.text().to_vec();
        }
        self.0.1.notify_waiters();
        tokio::select! {
            Ok(result) = &mut end => return result,
            Ok(()) = &mut stop => self.state().delivering = None,
        }
        end.await.unwrap_or_else(|_| Err(NotSaved::new("the test dropped it")))
    }

    async fn end(&self) {}
}

/// The loop, and what a test holds of all that surrounds it.
pub struct MemoryPage {
    runtime: Runtime<LoopTerminal, MemoryMachine>,
    pub terminal: MemoryTerminal,
    pub machine: MemoryMachine,
    pub signals: mpsc::Sender<SignalEvent>,
    api: Option<(mpsc::WeakSender<Request>, watch::Receiver<bool>)>,
}

impl MemoryPage {
    /// The page on the channels of an API task, its first frame drawn. `utc` is its clock; the real one if none.
    pub fn new(size: (u16, u16), kind: TerminalKind, utc: Option<DateTime<Utc>>, link: Link, options: Options) -> Self {
        let api = Some((link.requests.downgrade(), link.idle.clone()));
        Self { api, ..Self::on(size, kind, utc, link, options) }
    }

    /// The page whose requests a test reads, and answers by hand.
    pub fn by_hand(
        size: (u16, u16),
        kind: TerminalKind,
        utc: DateTime<Utc>,
        options: Options,
    ) -> (Self, mpsc::Receiver<Request>, mpsc::Sender<Reply>) {
        let ((requests, asked), (answers, replies)) = (mpsc::channel(64), mpsc::channel(16));
        let link = Link { requests, replies, idle: watch::channel(true).1, ended: tokio::spawn(async {}) };
        (Self::on(size, kind, Some(utc), link, options), asked, answers)
    }

    fn on(size: (u16, u16), kind: TerminalKind, utc: Option<DateTime<Utc>>, link: Link, options: Options) -> Self {
        let (terminal, machine) = (MemoryTerminal::new(size), MemoryMachine::new(utc));
        let (signals, listener) = Signals::in_memory();
        let loops = LoopTerminal { terminal: terminal.clone(), unsent: Vec::new() };
        let runtime = Runtime::new(loops, kind, machine.clone(), listener, link, options);
        Self { runtime, terminal, machine, signals, api: None }
    }

    /// Takes an event, at leisure after the one before, and waits for nothing: what it asks for is answered later.
    pub fn input(&mut self, event: Event) {
        self.machine.state().at += QUIET;
        self.inputs([event].into());
    }

    /// Takes events that come in one read, at once after the read before.
    pub fn inputs(&mut self, events: VecDeque<Event>) {
        if events.is_empty() {
            return;
        }
        for event in events {
            self.terminal.send(event);
        }
        let turn = std::pin::pin!(self.runtime.turn());
        assert!(turn.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(()), "an event is no reason to wait");
    }

    /// Tells the loop of a signal, and waits until it has taken it.
    pub async fn signal(&mut self, signal: SignalEvent) {
        self.signals.send(signal).await.unwrap();
        self.runtime.turn().await;
    }

    /// Changes the terminal's size, and waits until the loop has taken it.
    pub async fn resize(&mut self, size: (u16, u16)) {
        self.terminal.state().size = size;
        self.signal(SignalEvent::Resized).await;
        self.pass(Duration::from_millis(50)).await;
    }

    /// Continues it, if it was stopped for the shell.
    pub async fn resume(&mut self) {
        if !self.terminal.state().is_entered {
            self.signal(SignalEvent::Continued).await;
        }
    }

    /// Whether the loop has asked for something that the API task has not taken yet.
    pub fn has_asked(&self) -> bool {
        let requests = self.api.as_ref().and_then(|(requests, _)| requests.upgrade());
        requests.is_some_and(|requests| requests.capacity() < requests.max_capacity())
    }

    /// What is on the page.
    pub fn state(&self) -> &State {
        test_support::state(&self.runtime)
    }

    /// What is on the page, for what happens outside the loop.
    pub fn state_mut(&mut self) -> &mut State {
        test_support::state_mut(&mut self.runtime)
    }

    /// The clock.
    pub fn now(&self) -> ClockReading {
        self.machine.now()
    }

    /// Takes one turn, which must come soon.
    pub async fn turn(&mut self) {
        tokio::time::timeout(Duration::from_secs(20), self.runtime.turn()).await.unwrap();
    }

    /// Lets time pass on the machine's clock, and waits until the loop has done what is due.
    pub async fn pass(&mut self, time: Duration) {
        let machine = self.machine.clone();
        let passing = async {
            machine.pass(time);
            tokio::task::yield_now().await;
        };
        tokio::select! {
            biased;
            () = self.runtime.turn() => {} // it waits, by the clock as it was
            () = passing => {}
        }
        self.settle().await;
    }

    /// Takes turns until nothing is under way any more, or the page has ended.
    pub async fn settle(&mut self) {
        let settled = async {
            while self.runtime.outcome().is_none() {
                let machine = self.machine.clone();
                let changed = machine.0.1.notified();
                let is_busy = self.has_tasks();
                let idle = api_is_idle(self.api.clone());
                tokio::select! {
                    biased;
                    () = self.runtime.turn() => {}
                    () = changed => {}
                    () = idle, if !is_busy => return,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), settled).await.unwrap();
    }

    /// Takes turns until no task runs beside the loop, whether or not requests are answered.
    pub async fn settle_tasks(&mut self) {
        let settled = async {
            loop {
                let machine = self.machine.clone();
                let changed = machine.0.1.notified();
                if !self.has_tasks() {
                    return;
                }
                tokio::select! {
                    biased;
                    () = self.runtime.turn() => {}
                    () = changed => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), settled).await.unwrap();
    }

    /// Whether a task runs that does not wait for the test.
    fn has_tasks(&self) -> bool {
        self.runtime.running_tasks() > usize::from(self.machine.state().delivery.is_some())
    }

    /// Ends it as the program does.
    pub async fn end(self) {
        let _ = self.runtime.run().await;
    }
}

/// Waits until every request was answered or waits for a person.
async fn api_is_idle(api: Option<(mpsc::WeakSender<Request>, watch::Receiver<bool>)>) {
    let Some((requests, mut idle)) = api else { return };
    loop {
        let is_taken = requests.upgrade().is_none_or(|requests| requests.capacity() == requests.max_capacity());
        if *idle.borrow_and_update() && is_taken || idle.changed().await.is_err() {
            return;
        }
    }
}

impl Deref for MemoryPage {
    type Target = Runtime<LoopTerminal, MemoryMachine>;

    fn deref(&self) -> &Self::Target {
        &self.runtime
    }
}

impl DerefMut for MemoryPage {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.runtime
    }
}
