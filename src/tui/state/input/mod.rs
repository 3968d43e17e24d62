//! What is typed: texts, forms, and which of their fields has the focus.

pub(super) mod expiry_input;
pub(super) mod focus;
pub(super) mod form;
pub(super) mod text_input;
