//! What the operations of plain mode work with: the conversation, the server and who is signed in there, and the keys
//! that were listed last.

mod listing;
mod sign_in;
mod state;

use listing::Listing;
pub use state::Ended;
pub(crate) use state::{Session, Undo};
