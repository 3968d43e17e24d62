//! The screen: the loop that joins terminal, state and API task.

mod background;
mod creates;
mod delivery;
pub mod options;
mod suspend;

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use crossterm::event::Event;
use secrecy::ExposeSecret;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::screen::Screen;
use super::state::{ClockReading, Effect, ExitState, State};
pub use super::terminal::{Decoder, Terminal};
use crate::platform::clipboard::Copied;
pub use crate::platform::raw_mode::leave_at_once;
use crate::platform::signals::SignalEvent;
pub use crate::platform::signals::Signals;
pub use crate::platform::terminal_kind::TerminalKind;
use background::{BackgroundTasks, TaskResult};
pub use options::Options;

use crate::client::{Link, Reply, Request};
use crate::operations::pending::PendingCreates;

/// A window that is dragged changes its size many times: so long the last change is waited for.
const RESIZE_PAUSE: Duration = Duration::from_millis(50);

/// A terminal that is gone ends the program as its signal does, which may come later or not at all.
const SIGHUP: i32 = rustix::process::Signal::HUP.as_raw();
/// Said where neither the terminal nor the environment knows.
const UNKNOWN_SIZE: &str = "The terminal does not say its size: set it with stty rows 24 cols 80.";

/// The screen while it runs.
pub struct Runtime {
    state: State,
    terminal: Terminal,
    screen: Screen,
    requests: mpsc::Sender<Request>,
    replies: mpsc::Receiver<Reply>,
    /// The API task: when it has ended, the session of this run has too.
    api: JoinHandle<()>,
    tasks: BackgroundTasks,
    /// What is written down of creates, for a start after a crash.
    pending_creates: PendingCreates,
    /// When the new size is looked at: one repaint for a whole storm of changes.
    resize_at: Option<Instant>,
    done: bool,
    end: RunOutcome,
}

/// How a run ended.
#[derive(Debug, Default)]
pub struct RunOutcome {
    /// What must be said now that the terminal is as it was before.
    pub words: Option<String>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// What one turn is about.
enum LoopStep {
    Terminal(io::Result<()>),
    Reply(Option<Reply>),
    Task(TaskResult),
    Signal(SignalEvent),
    Time,
}

impl Runtime {
    /// The screen on a terminal, with the ends of the API task's channels, and what the settings say. Draws its first frame.
    #[must_use]
    pub fn new(terminal: Terminal, link: Link, options: Options) -> Self {
        let (size, kind) = (terminal.size(), TerminalKind::here());
        kind.charset.speak();
        let (mut state, first) = State::new(size);
        let guessed = if terminal.is_of_unknown_size() { UNKNOWN_SIZE } else { "" };
        state.begin(options.profiles, format!("{guessed} {}", options.notices).trim());
        let mut ui = Self {
            state,
            terminal,
            screen: Screen::new(size.0, size.1, kind),
            requests: link.requests,
            replies: link.replies,
            api: link.ended,
            tasks: BackgroundTasks::new(options.clipboard, options.clipboard_for),
            pending_creates: options.pending_creates,
            resize_at: None,
            done: false,
            end: RunOutcome::default(),
        };
        ui.perform(Some(first));
        ui.draw();
        ui
    }

    /// Runs until the user leaves or the terminal is gone.
    pub async fn run(mut self, mut signals: Signals) -> RunOutcome {
        let mut events = VecDeque::new();
        while !self.done {
            let turn = self.wait(&mut signals, &mut events).await;
            self.take(turn, &mut events);
            if self.state.may_suspend() && !self.done {
                self.suspend(&mut signals).await;
            }
            if !self.terminal.is_behind() && self.resize_at.is_none() && self.terminal.is_entered() {
                self.draw();
            }
        }
        self.leave().await;
        self.tasks.end().await;
        drop((self.requests, self.replies));
        let _ = self.api.await;
        self.end
    }

    async fn wait(&mut self, signals: &mut Signals, events: &mut VecDeque<Event>) -> LoopStep {
        let wake = [self.resize_at, self.state.next_wake(ClockReading::now())].into_iter().flatten().min();
        let wake = wake.unwrap_or_else(|| Instant::now() + crate::platform::signals::LONG);
        tokio::select! {
            biased;
            told = signals.next() => LoopStep::Signal(told),
            result = self.terminal.turn(events), if self.state.exit != ExitState::Told => LoopStep::Terminal(result),
            reply = self.replies.recv() => LoopStep::Reply(reply),
            done = self.tasks.next() => LoopStep::Task(done),
            () = tokio::time::sleep_until(wake.into()) => LoopStep::Time,
        }
    }

    fn take(&mut self, turn: LoopStep, events: &mut VecDeque<Event>) {
        let now = ClockReading::now();
        let effect = match turn {
            LoopStep::Terminal(Ok(())) => {
                // Every press that has come is taken before anything is drawn.
                while let Some(event) = events.pop_front() {
                    #[cfg(debug_assertions)]
                    break_on_purpose(&event);
                    let effect = self.state.on_input(event, now);
                    self.perform(effect);
                }
                None
            }
            LoopStep::Terminal(Err(_)) => self.stop(SIGHUP),
            LoopStep::Signal(SignalEvent::End(signal)) => self.stop(signal),
            LoopStep::Signal(SignalEvent::Continued) => {
                self.state.on_resume(true);
                self.come_back(now)
            }
            LoopStep::Signal(SignalEvent::Suspend) => {
                self.state.on_suspend();
                None
            }
            LoopStep::Reply(Some(reply)) => self.reply(reply, now),
            LoopStep::Reply(None) => Some(Effect::Quit(Some(
                "The part of the program that speaks to the server has failed; see the log in the state folder.".into(),
            ))),
            LoopStep::Task(done) => self.take_done(done, now),
            LoopStep::Signal(SignalEvent::Resized) => {
                self.state.hide_secret();
                self.resize_at.get_or_insert(now.at + RESIZE_PAUSE);
                None
            }
            LoopStep::Time if self.resize_at.is_some_and(|at| at <= now.at) => {
                self.resize_at = None;
                self.resize(now)
            }
            LoopStep::Time => self.state.on_time(now),
        };
        self.perform(effect);
        self.settle();
    }

    fn stop(&mut self, signal: i32) -> Option<Effect> {
        self.end.signal.get_or_insert(signal);
        self.state.on_stop()
    }

    fn resize(&mut self, now: ClockReading) -> Option<Effect> {
        let size = self.terminal.size();
        // Even where it is as before: what stands on a terminal that was resized twice is not known.
        self.screen.resize(size.0, size.1);
        self.state.on_input(Event::Resize(size.0, size.1), now)
    }

    /// Makes an effect happen. Never waits.
    fn perform(&mut self, effect: Option<Effect>) {
        match effect {
            None => {}
            Some(Effect::Send(request)) => {
                self.note(&request);
                // A full channel means 64 unanswered questions: the answer to this one would come too late to matter. A
                // closed one means that the API task has ended: its last reply says why, and is still to be read.
                let _ = self.requests.try_send(request);
            }
            Some(Effect::Copy(what, text)) => self.tasks.copy(what, text.expose_secret()),
            Some(Effect::Overwrite) => self.tasks.overwrite(),
            Some(Effect::Look) => self.tasks.look(),
            Some(Effect::Deliver(to, secret)) => self.tasks.deliver(to, secret),
            Some(Effect::StopDelivery) => self.tasks.stop_delivery(),
            Some(Effect::Quit(reason)) => (self.done, self.end.words) = (true, reason),
        }
    }

    fn take_done(&mut self, done: TaskResult, now: ClockReading) -> Option<Effect> {
        match done {
            TaskResult::Looked(found) => return self.state.on_surroundings(found, now),
            TaskResult::Delivered(delivered) => self.state.on_delivered(delivered),
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
        let (state, now) = (&self.state, ClockReading::now());
        self.screen.draw(self.terminal.out(), |frame| super::view::draw(frame, state, now));
        // An error shows again when the terminal is read: it is gone.
        let _ = self.terminal.flush();
    }
}

/// In a debug build F12 is a mistake of the screen and F11 one of a task: the tests see what comes of them.
#[cfg(debug_assertions)]
fn break_on_purpose(event: &Event) {
    use crossterm::event::KeyCode;
    match event.as_key_event().map(|key| key.code) {
        Some(KeyCode::F(12)) => panic!("asked for by F12: sk_never0never0never"),
        Some(KeyCode::F(11)) => drop(tokio::spawn(async { panic!("asked for by F11") })),
        _ => {}
    }
}
