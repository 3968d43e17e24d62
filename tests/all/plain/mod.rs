//! Plain lines: the real binary in a real pseudo-terminal that knows nothing but lines, behind pipes, and under `expect`.

mod by_hand;
mod ends;
mod expect;
mod handover;
mod hostile;
mod keys;
mod left_over;
mod piped;
mod rotate;
mod secrets;
mod slow;
mod talk;
mod team;
mod tokens;
