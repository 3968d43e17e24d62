//! Moving the focus through its stops, round and round.

use crate::tui::keymap::Action;

/// The stop after `from`, or before it for [`Action::Previous`]. From a stop that is gone, as if from the first.
pub fn moved<T: Copy + PartialEq>(stops: &[T], from: T, action: Action) -> T {
    let at = stops.iter().position(|stop| *stop == from).unwrap_or(0);
    let step = if action == Action::Previous { stops.len().saturating_sub(1) } else { 1 };
    stops.get((at + step) % stops.len().max(1)).copied().unwrap_or(from)
}

#[cfg(test)]
mod tests {
    use crate::tui::state::input::focus::*;

    #[test]
    fn round_and_round() {
        let stops = ['a', 'b', 'c'];
        assert_eq!(moved(&stops, 'a', Action::Next), 'b');
        assert_eq!(moved(&stops, 'c', Action::Next), 'a');
        assert_eq!(moved(&stops, 'a', Action::Previous), 'c');
        assert_eq!(moved(&stops, 'x', Action::Next), 'b');
        assert_eq!(moved(&[], 'x', Action::Next), 'x');
    }
}
