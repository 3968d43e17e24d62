//! Listing keys: a walk along an index, and the search for a text.

mod candidates;
mod columns;
mod owners;
mod page;
mod search;
mod walk;
