//! The settings: what they mean, and what is said of those that are wrong.

mod choice;
mod home;
mod meaning;
mod wrong;
