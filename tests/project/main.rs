//! What holds for the project as a whole, read from its own files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod intake_scenarios;
mod layers;
mod sources;
