//! Dialogs about the list: its views, its columns and its export.

pub(super) mod columns;
pub(super) mod export;
pub(super) mod views;
