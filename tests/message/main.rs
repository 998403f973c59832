//! The message format, one promise a file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

mod any_message_comes_back_whole;
mod every_bit_flip_and_truncation_is_refused;
mod frames_go_in_parallel;
mod frames_out_of_place_are_refused;
mod known_answers_are_met_byte_for_byte;
mod materials_must_agree_with_the_message;
mod messages_of_esdk_net_4_0_0_are_read;
mod official_sdks_agree;
mod published_vectors_come_out_as_told;
mod readers_hold_to_their_limits;
