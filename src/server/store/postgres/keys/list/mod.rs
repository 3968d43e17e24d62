//! Listing keys: a walk along an index, and the search for what is rarer.

mod columns;
mod count;
mod owners;
mod page;
mod search;
mod statement;
mod texts;
mod too_new;
