//! Acts on many keys: which keys, what is unusual among them, and the change of each in turn.
//!
//! The page drives the steps without blocking: [`Survey`] reads the keys before the confirmation, [`BulkRun`] changes
//! them after it. Commands and plain lines wait for each step ([`drive`]).

mod act;
mod ask;
pub(crate) mod drive;
mod outcome;
mod report;
mod run;
mod survey;
mod undo;
mod unusual;
mod walk;

pub use act::BulkAct;
pub(crate) use act::Foreseen;
pub(crate) use ask::{confirm, counted, findings, progress, reasons};
pub use outcome::{Failed, KeyOutcome, KeyResult};
pub use report::BulkReport;
pub use run::{BulkRun, RunStep};
pub use survey::{Survey, SurveyedKey};
pub use undo::Reversal;
pub(crate) use undo::was_made;
pub use unusual::Unusual;
pub use walk::{Selection, Walk, WalkStep};

/// Keys a page while they are read one page after the other: the contract's most.
pub const PAGE: usize = 1000;
/// Changes that are planned and sent together; the client makes some at a time and answers within a tenth of a second.
pub(crate) const BATCH: usize = 250;
