//! What the official Python SDK writes with the same randomness is what is written here.

use sealdrop::message::DecryptOptions;

use crate::support::example::Example;
use crate::support::{hex, open, seal};

fn cases() -> [(u32, Vec<u8>, &'static str); 3] {
    let example = Example::get();
    [
        (4096, example.plaintext.as_bytes().to_vec(), &example.message),
        (4096, Vec::new(), &example.message_empty),
        (128, (0..=255).collect(), &example.message_256x128),
    ]
}

#[test]
fn messages_are_written_as_the_official_sdk_writes_them() {
    for (frame_length, plaintext, message) in cases() {
        let encryptor = Example::get().encryptor(frame_length);
        let length = encryptor.message_length(plaintext.len() as u64);
        let written = seal(encryptor, &plaintext);
        assert_eq!(hex::encode(&written), message);
        assert_eq!(written.len() as u64, length);
    }
}

#[test]
fn messages_of_the_official_sdk_are_read() {
    for (_, plaintext, message) in cases() {
        let opened = open(
            &hex::decode(message),
            &Example::get().data_key(),
            &DecryptOptions::default(),
        );
        assert_eq!(opened.unwrap(), plaintext);
    }
}
