//! What the program leaves behind: in memory, in core dumps, in files, in the environment, after crashes.

mod forgets;
mod killed;
mod refused;
mod tries;
mod words;
