//! `latchkey login` and `logout`: the real program against an API that notes what it is asked.

mod asked;
mod environment;
mod passportal;
mod sessions;
mod stage;
