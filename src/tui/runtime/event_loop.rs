//! The loop itself.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use crossterm::event::Event;
use secrecy::ExposeSecret;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::machine::Machine;
use super::mouse::Mouse;
use super::options::Options;
use super::tasks::{BackgroundTasks, TaskResult};
use crate::client::{Link, Reply, Request};
use crate::domain::Charset;
use crate::operations::keys::pending::PendingCreates;
use crate::platform::clipboard::Copied;
use crate::platform::process::signals::{LONG, SignalEvent, Signals};
use crate::platform::terminal_kind::{ColourDepth, TerminalKind};
use crate::tui::screen::Screen;
use crate::tui::state::{ClockReading, Effect, ExitState, MouseUse, State};
use crate::tui::terminal::Terminal;
use crate::tui::view;

/// A window that is dragged changes its size many times: the last change is waited for this long.
const RESIZE_PAUSE: Duration = Duration::from_millis(50);

/// A terminal that is gone ends the program as its signal does, which may come later or not at all.
pub(crate) const SIGHUP: i32 = rustix::process::Signal::HUP.as_raw();
/// Where neither the terminal nor the environment knows its size.
const UNKNOWN_SIZE: &str = "The terminal doesn't report its size: set it with stty rows 24 cols 80.";

/// The page while it runs.
pub struct Runtime<T: Terminal, M: Machine> {
    /// What is on the page.
    pub(super) state: State,
    pub(crate) terminal: T,
    pub(crate) screen: Screen,
    pub(crate) machine: M,
    signals: Signals,
    /// Events that were read and are not taken yet.
    events: VecDeque<Event>,
    pub(crate) requests: mpsc::Sender<Request>,
    replies: mpsc::Receiver<Reply>,
    /// The API task: when it has ended, the session of this run has too.
    api: JoinHandle<()>,
    tasks: BackgroundTasks<M>,
    /// The journal of creates, for a start after a crash.
    pub(crate) pending_creates: PendingCreates,
    /// When the new size is read: one repaint for a whole storm of changes.
    resize_at: Option<Instant>,
    /// The program was stopped for the shell, and waits to be continued.
    pub(crate) is_stopped: bool,
    /// The title that was written last; none if another program may have set one since.
    pub(crate) title: Option<String>,
    kind: TerminalKind,
    pub(crate) mouse: Mouse,
    /// How it ended, once it has.
    outcome: Option<RunOutcome>,
    /// The signal that asked it to end.
    signal: Option<i32>,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOutcome {
    /// What must be said when the terminal is as it was before.
    pub words: Option<String>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// What one turn is about.
enum LoopStep {
    Input(io::Result<()>),
    Reply(Option<Box<Reply>>),
    Task(TaskResult),
    Signal(SignalEvent),
    Time,
}

impl<T: Terminal, M: Machine> Runtime<T, M> {
    /// The page on an entered terminal of this kind, with the ends of the API task's channels. Draws its first frame.
    #[must_use]
    pub fn new(terminal: T, kind: TerminalKind, machine: M, signals: Signals, link: Link, options: Options) -> Self {
        let size = terminal.size();
        let (mut state, first) = State::new(size, options.columns);
        let guessed = if terminal.knows_size() { "" } else { UNKNOWN_SIZE };
        state.views = options.views;
        state.dates = options.dates;
        state.mouse = if options.mouse { MouseUse::On } else { MouseUse::Off };
        state.theme = (kind.colours != ColourDepth::Mono).then_some(kind.theme);
        state.begin(options.profiles, format!("{guessed} {}", options.notices).trim());
        let mut page = Self {
            state,
            terminal,
            screen: Screen::new(size.0, size.1, kind),
            machine: machine.clone(),
            signals,
            events: VecDeque::new(),
            requests: link.requests,
            replies: link.replies,
            api: link.ended,
            tasks: BackgroundTasks::new(machine, options.settings),
            pending_creates: options.pending_creates,
            resize_at: None,
            is_stopped: false,
            title: None,
            kind,
            mouse: Mouse::default(),
            outcome: None,
            signal: None,
        };
        page.state.note_waiting(page.machine.now());
        page.perform(Some(first));
        page.draw();
        page
    }

    /// Runs until the user leaves or the terminal is gone.
    pub async fn run(mut self) -> RunOutcome {
        while self.outcome.is_none() {
            self.turn().await;
        }
        self.leave().await;
        self.tasks.end().await;
        drop((self.requests, self.replies));
        let _ = self.api.await;
        self.outcome.unwrap_or_default()
    }

    /// Takes one turn: waits for something to happen, takes it, and draws what came of it. Cancel safe while it waits.
    pub async fn turn(&mut self) {
        let step = self.wait().await;
        self.take(step);
        if self.state.may_suspend() && self.outcome.is_none() {
            self.suspend().await;
        }
        if !self.terminal.is_behind() && self.resize_at.is_none() && self.terminal.is_entered() {
            self.draw();
        }
    }

    /// How it ended, once it has: the next turn would be one too many.
    #[must_use]
    pub const fn outcome(&self) -> Option<&RunOutcome> {
        self.outcome.as_ref()
    }

    /// How many tasks run beside the loop.
    #[must_use]
    pub fn running_tasks(&self) -> usize {
        self.tasks.len()
    }

    async fn wait(&mut self) -> LoopStep {
        if self.is_stopped {
            return LoopStep::Signal(self.signals.go_on().await);
        }
        let wake = [self.resize_at, self.state.next_wake(self.machine.now())].into_iter().flatten().min();
        let wake = wake.unwrap_or_else(|| Instant::now() + LONG);
        tokio::select! {
            biased;
            signal = self.signals.next() => LoopStep::Signal(signal),
            result = self.terminal.read(&mut self.events), if self.state.exit != ExitState::Forced => LoopStep::Input(result),
            reply = self.replies.recv() => LoopStep::Reply(reply.map(Box::new)),
            result = self.tasks.next() => LoopStep::Task(result),
            () = self.machine.sleep_until(wake) => LoopStep::Time,
        }
    }

    fn take(&mut self, step: LoopStep) {
        let now = self.machine.now();
        self.is_stopped = false;
        let effect = match step {
            LoopStep::Input(Ok(())) => {
                if self.terminal.widens() == Some(true) {
                    Charset::Wide.speak();
                    self.set_kind(TerminalKind { charset: Charset::Wide, ..self.kind });
                }
                if let Some(background) = self.terminal.background() {
                    self.set_kind(TerminalKind { background: Some(background), ..self.kind });
                }
                self.state.on_read(self.events.iter().filter(|event| event.as_key_event().is_some()).count());
                // Every press that has come is taken before anything is drawn.
                while let Some(event) = self.events.pop_front() {
                    #[cfg(debug_assertions)]
                    break_on_purpose(&event);
                    if let Event::Mouse(event) = event {
                        self.on_mouse(event, now);
                        continue;
                    }
                    let effect = self.state.on_input(event, now);
                    self.perform(effect);
                }
                None
            }
            LoopStep::Input(Err(_)) => self.stop(SIGHUP),
            LoopStep::Signal(SignalEvent::End(signal)) => self.stop(signal),
            LoopStep::Signal(SignalEvent::Continued) => self.resume(now),
            LoopStep::Signal(SignalEvent::Suspend) => {
                self.state.on_suspend();
                None
            }
            LoopStep::Signal(SignalEvent::Resized) => {
                self.state.hide_secret();
                self.resize_at.get_or_insert(now.at + RESIZE_PAUSE);
                None
            }
            LoopStep::Reply(Some(reply)) => self.take_reply(*reply, now),
            LoopStep::Reply(None) => Some(Effect::Quit(Some(
                "The connection to the server stopped because of an internal error; see panic.log in the state folder."
                    .into(),
            ))),
            LoopStep::Task(result) => self.take_result(result, now),
            LoopStep::Time if self.resize_at.is_some_and(|at| at <= now.at) => {
                self.resize_at = None;
                self.resize(now)
            }
            LoopStep::Time => self.state.on_time(now),
        };
        self.perform(effect);
        self.resolve_creates();
    }

    /// Asks the state to end, by a signal or because the terminal is gone.
    pub(crate) fn stop(&mut self, signal: i32) -> Option<Effect> {
        self.signal.get_or_insert(signal);
        self.state.on_stop()
    }

    /// Takes the terminal's size and repaints, even at the same size: after two quick changes its content is not known.
    pub(crate) fn resize(&mut self, now: ClockReading) -> Option<Effect> {
        let size = self.terminal.size();
        self.screen.resize(size.0, size.1);
        if self.terminal.knows_size() {
            self.state.retract(UNKNOWN_SIZE);
        }
        self.state.on_input(Event::Resize(size.0, size.1), now)
    }

    fn set_kind(&mut self, kind: TerminalKind) {
        if kind != self.kind {
            self.kind = kind;
            self.screen.set_kind(kind);
        }
    }

    /// Performs an effect. Never waits.
    pub(crate) fn perform(&mut self, effect: Option<Effect>) {
        match effect {
            None => {}
            Some(Effect::Send(request)) => {
                if matches!(request, Request::Create(_)) {
                    self.record_create(&request);
                    self.tasks.look(); // who will see the secret that comes
                }
                // A full channel means 64 unanswered requests: the reply to this one would come too late to matter. A
                // closed one means that the API task has ended: its last reply says why, and is still to be read.
                let _ = self.requests.try_send(request);
            }
            Some(Effect::Copy(what, text)) => self.tasks.copy(what, text.expose_secret()),
            Some(Effect::Overwrite) => self.tasks.overwrite(),
            Some(Effect::Look) => self.tasks.look(),
            Some(Effect::Try(to)) => self.tasks.attempt(to),
            Some(Effect::Deliver(to, content)) => self.tasks.deliver(to, content),
            Some(Effect::StopDelivery) => self.tasks.stop_delivery(),
            Some(Effect::Keep(setting, done)) => self.tasks.keep(setting, done),
            Some(Effect::Quit(words)) => self.outcome = Some(RunOutcome { words, signal: self.signal }),
        }
    }

    fn take_result(&mut self, result: TaskResult, now: ClockReading) -> Option<Effect> {
        match result {
            TaskResult::Looked(found) => return self.state.on_surroundings(found, now),
            TaskResult::Tried(tried) => return self.state.on_tried(tried),
            TaskResult::Delivered(kind, delivered) => self.state.on_delivered(kind, delivered),
            TaskResult::Forgotten => {}
            TaskResult::Kept(done, kept) => self.state.on_kept(&done, kept),
            TaskResult::Copied(Copied { what, write, report, forget }) => {
                if let Some(bytes) = write {
                    self.terminal.out().extend_from_slice(&bytes);
                }
                if let Some(text) = forget {
                    self.tasks.forget(text);
                }
                self.state.on_copied(what, report);
            }
        }
        None
    }

    fn draw(&mut self) {
        self.set_kind(self.kind.of_theme(self.state.theme.unwrap_or(self.kind.theme)));
        let (state, now) = (&self.state, self.machine.now());
        self.screen.draw(self.terminal.out(), |frame, rows| view::draw(frame, rows, state, now));
        self.tell_mouse();
        let title = view::title(&self.state);
        if self.kind.titles && self.title.as_ref() != Some(&title) {
            self.terminal.out().extend_from_slice(format!("\x1b]2;{title}\x07").as_bytes());
            self.title = Some(title);
        }
        // An error shows again when the terminal is read: it is gone.
        let _ = self.terminal.flush();
        self.screen.wipe();
    }
}

/// In a debug build F12 panics in the loop and F11 in a task: the tests see what comes of them.
#[cfg(debug_assertions)]
fn break_on_purpose(event: &Event) {
    use crossterm::event::KeyCode;
    match event.as_key_event().map(|key| key.code) {
        Some(KeyCode::F(12)) => panic!("asked for by F12: sk_never0never0never"),
        Some(KeyCode::F(11)) => drop(tokio::spawn(async { panic!("asked for by F11") })),
        _ => {}
    }
}
