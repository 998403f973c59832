//! Keyrings and cryptographic materials managers: the keys, their limits, and a key service that fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod a_burst_does_not_stop_for_the_key_service;
mod a_cached_key_is_never_used_past_its_limits;
mod an_outage_holds_files_and_then_drains;
mod an_rsa_public_key_seals_and_cannot_open;
mod daemon;
mod decryption_asks_once_for_each_data_key;
mod each_failure_of_the_key_service_is_told_apart;
#[path = "../support/fault_proxy.rs"]
mod fault_proxy;
mod keys_and_plaintexts_stay_out_of_log_and_memory;
#[path = "../support/kms.rs"]
mod kms;
mod kms_wraps_under_several_keys_and_any_one_opens;
mod local_keys_wrap_and_unwrap;
mod support;
mod the_cache_agrees_with_a_model;
mod the_configuration_reaches_the_client;
mod the_next_key_is_fetched_while_files_wait;
mod what_one_side_seals_the_other_opens;
