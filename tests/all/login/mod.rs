//! `latchkey login` and `logout`: the real program against an API that notes what it is asked.

mod asked;
mod clock;
mod environment;
mod home;
mod passportal;
mod sessions;
