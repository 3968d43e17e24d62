//! Filling an empty data folder with keys.
