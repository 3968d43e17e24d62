//! The settings: what they mean, and what is said of those that are wrong.

mod choice;
mod meaning;
mod stage;
mod wrong;
