//! The message format, one promise a file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

mod known_answers_are_met_byte_for_byte;
mod published_vectors_come_out_as_told;
