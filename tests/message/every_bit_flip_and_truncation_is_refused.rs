//! One changed bit or one missing byte anywhere is refused, and nothing of the frame that it is in,
//! or that comes after it, is released.

use sealdrop::message::{AlgorithmSuite, DecryptOptions};

use crate::support::example::Example;
use crate::support::materials::{Parts, data_key};
use crate::support::{hex, open_onto};

/// Opens what must not open; gives what was released before that was noticed.
fn refused(message: &[u8], key: &[u8], what: &str) -> Vec<u8> {
    let mut released = Vec::new();
    let opened = open_onto(message, key, &DecryptOptions::default(), &mut released);
    assert!(opened.is_err(), "{what} was accepted");
    released
}

/// `frames_before` gives the plaintext bytes that stand in whole regular frames before an offset.
fn check(message: &[u8], key: &[u8], plaintext: &[u8], frames_before: impl Fn(usize) -> usize) {
    for offset in 0..message.len() {
        let allowed = &plaintext[..frames_before(offset)];
        for bit in 0..8 {
            let mut flipped = message.to_vec();
            flipped[offset] ^= 1 << bit;
            let what = format!("bit {bit} of byte {offset}");
            assert_eq!(refused(&flipped, key, &what), allowed, "{what}");
        }
        let what = format!("{offset} bytes");
        assert_eq!(refused(&message[..offset], key, &what), allowed, "{what}");
    }
}

#[test]
fn of_the_worked_example() {
    let example = Example::get();
    check(
        &example.message(),
        &example.data_key(),
        example.plaintext.as_bytes(),
        |_| 0,
    );
}

#[test]
fn of_an_unsigned_message_of_three_frames() {
    let message = hex::decode(&Example::get().message_256x128);
    let plaintext: Vec<u8> = (0..=255).collect();
    let first_frame = message.len() - 40 - 2 * 160;
    check(&message, &Example::get().data_key(), &plaintext, |offset| {
        offset.saturating_sub(first_frame) / 160 * 128
    });
}

#[test]
fn of_a_signed_message() {
    let suite = AlgorithmSuite::Aes256GcmHkdfSha512CommitKeyEcdsaP384;
    let plaintext: Vec<u8> = (0..40).collect();
    let parts = Parts::of(suite, 16, &plaintext);
    check(&parts.join(), data_key(suite), &plaintext, |offset| {
        parts.whole_frames_before(offset)
    });
}
