//! Questions, their answers, and how they are given up.

pub mod input;
pub(crate) mod interrupt;
pub(crate) mod prompter;
#[cfg(test)]
pub(super) mod scripted;
