//! What can be done to keys, one or many.

pub(crate) mod activate;
pub mod activity;
pub mod bulk;
pub(crate) mod changes;
pub mod create;
pub(crate) mod delete;
pub mod due;
pub(crate) mod edit;
pub mod expiry;
pub mod identify;
pub(crate) mod list;
pub mod overview;
pub mod pending;
pub mod rotate;
pub(crate) mod since;
pub(crate) mod views;
