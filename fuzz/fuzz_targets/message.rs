//! Any bytes under a known wrapping key are a message or refused, in any pieces: what is released is
//! the same, and is never more than went in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sealdrop::message::{
    Aead, CommitmentPolicy, DecryptError, DecryptOptions, DecryptionMaterials, Decryptor, Header, HeaderReader,
    PlaintextDataKey,
};

/// The key of the seeds, which are the crafted messages of tests/message/vectors.
fn data_key(header: &Header) -> Option<Vec<u8>> {
    let wrapping_key: Vec<u8> = (0..32).collect();
    let context = header.encryption_context.serialize().ok()?;
    header.encrypted_data_keys.iter().find_map(|key| {
        let (_, iv) = key.provider_info.split_last_chunk::<12>()?;
        let mut data_key = key.ciphertext.clone();
        let (text, tag) = data_key.split_last_chunk_mut::<16>()?;
        Aead::new(&wrapping_key).ok()?.open(iv, &context, text, tag).ok()?;
        Some(text.to_vec())
    })
}

fn open(message: &[u8], size: usize, options: &DecryptOptions) -> (Vec<u8>, Result<(), DecryptError>) {
    let mut plaintext = Vec::new();
    let mut attempt = || {
        let (received, length) = HeaderReader::parse(message, options)?;
        let suite = received.header().algorithm_suite;
        // A header whose key cannot be unwrapped still goes on with some key, up to its tag.
        let key = data_key(received.header()).unwrap_or_else(|| vec![0; suite.data_key_length()]);
        let key = PlaintextDataKey::from_bytes(suite, &key)?;
        let context = received.header().encryption_context.clone();
        let materials = DecryptionMaterials::new(suite, context, key)?;
        let mut decryptor = Decryptor::new(received, &materials, options)?;
        for piece in message[length..].chunks(size) {
            decryptor.update(piece, &mut plaintext)?;
        }
        decryptor.finish(&mut plaintext)
    };
    let done = attempt();
    (plaintext, done)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, message) = input;
    let options = DecryptOptions {
        commitment_policy: CommitmentPolicy::RequireEncryptAllowDecrypt,
        max_length: Some(1 << 20),
        ..DecryptOptions::default()
    };
    let whole = open(message, usize::MAX, &options);
    let pieces = open(message, usize::from(size).max(1), &options);
    assert_eq!(whole.0, pieces.0);
    assert_eq!(whole.1.is_ok(), pieces.1.is_ok());
    assert!(whole.0.len() <= message.len());
});
