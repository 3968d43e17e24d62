//! The mouse: a click or a turn of the wheel is taken as the presses that do the same.

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::event_loop::Runtime;
use super::machine::Machine;
use crate::domain::Sort;
use crate::platform::raw_mode::{LEAVE_MOUSE, TAKE_MOUSE};
use crate::tui::keymap;
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::ClockReading;
use crate::tui::terminal::Terminal;
use crate::tui::view;
use crate::tui::view::ClickTarget;

/// Rows that a turn of the wheel moves.
const WHEEL: usize = 3;
/// Two clicks at one place within this time are a double click.
const DOUBLE: Duration = Duration::from_millis(400);
/// No dialog has more stops of the focus.
const MOST_STOPS: usize = 24;
/// Rows may be of several lines: the way to one that was clicked is measured again so often.
const MOST_WAYS: usize = 4;

/// What is known of the mouse.
#[derive(Debug, Default)]
pub(crate) struct Mouse {
    /// Whether the terminal was told to report it.
    is_taken: bool,
    /// Where and when the last click was.
    last: Option<(Position, Instant)>,
}

impl Mouse {
    /// Another program may have had the terminal, which leaves the mouse to itself then.
    pub(crate) const fn forget(&mut self) {
        self.is_taken = false;
    }
}

impl<T: Terminal, M: Machine> Runtime<T, M> {
    /// Tells the terminal whether the mouse is taken, if that has changed.
    pub(crate) fn tell_mouse(&mut self) {
        let is_taken = self.state.takes_mouse();
        if is_taken != self.mouse.is_taken {
            self.terminal.out().extend_from_slice(if is_taken { TAKE_MOUSE } else { LEAVE_MOUSE });
            self.mouse.is_taken = is_taken;
        }
    }

    pub(crate) fn on_mouse(&mut self, event: MouseEvent, now: ClockReading) {
        if !self.state.takes_mouse() {
            return; // of a program before this one, or on its way when it was turned off
        }
        match event.kind {
            MouseEventKind::ScrollUp => self.turn_wheel(KeyCode::Up, now),
            MouseEventKind::ScrollDown => self.turn_wheel(KeyCode::Down, now),
            MouseEventKind::Down(MouseButton::Left) => self.click(Position::new(event.column, event.row), now),
            _ => {}
        }
    }

    fn turn_wheel(&mut self, code: KeyCode, now: ClockReading) {
        let page = if code == KeyCode::Up { KeyCode::PageUp } else { KeyCode::PageDown };
        if self.state.mode() == Mode::ManyConfirm {
            return self.press(page, now); // the arrows move the focus there
        }
        let moves = keymap::action(self.state.mode(), KeyEvent::from(code));
        if matches!(moves, Some(Action::Up | Action::Down)) {
            for _ in 0..WHEEL {
                self.press(code, now);
            }
        }
    }

    fn click(&mut self, at: Position, now: ClockReading) {
        let before = self.mouse.last.replace((at, now.at));
        match view::target(&self.state, at, now) {
            Some(ClickTarget::Column(sort)) if self.state.mode() == Mode::List => {
                let digit =
                    Sort::ALL.iter().position(|one| *one == sort).and_then(|place| u32::try_from(place + 1).ok());
                if let Some(digit) = digit.and_then(|digit| char::from_digit(digit, 10)) {
                    self.press(KeyCode::Char(digit), now);
                }
            }
            Some(ClickTarget::Row { distance }) => {
                let is_double = before.is_some_and(|(place, time)| place == at && now.at - time < DOUBLE);
                let is_there = self.go(at, distance, now);
                if is_double && is_there {
                    self.mouse.last = None;
                    self.press(KeyCode::Enter, now);
                }
            }
            // What takes no focus, such as the button of a confirmation that is typed.
            Some(ClickTarget::Button { is_cancel: true, .. }) => self.press(KeyCode::Esc, now),
            Some(ClickTarget::Button { is_focused, .. }) => self.press_button(at, is_focused, now),
            _ => {}
        }
    }

    /// Selects the row that was clicked, so many lines below the selected one; says whether it is selected now.
    fn go(&mut self, at: Position, mut distance: i32, now: ClockReading) -> bool {
        for _ in 0..MOST_WAYS {
            if distance == 0 {
                return true;
            }
            let code = if distance < 0 { KeyCode::Up } else { KeyCode::Down };
            for _ in 0..distance.unsigned_abs() {
                self.press(code, now);
            }
            match view::target(&self.state, at, now) {
                Some(ClickTarget::Row { distance: left }) => distance = left,
                _ => return false,
            }
        }
        distance == 0
    }

    /// Moves the focus to the button that was clicked and presses it, as one press.
    fn press_button(&mut self, at: Position, mut is_focused: bool, now: ClockReading) {
        for _ in 0..MOST_STOPS {
            if is_focused {
                return self.press(KeyCode::Enter, now);
            }
            let effect = self.state.move_focus(now);
            self.perform(effect);
            is_focused =
                matches!(view::target(&self.state, at, now), Some(ClickTarget::Button { is_focused: true, .. }));
        }
    }

    fn press(&mut self, code: KeyCode, now: ClockReading) {
        let effect = self.state.on_input(Event::Key(KeyEvent::from(code)), now);
        self.perform(effect);
    }
}
