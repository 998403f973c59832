//! What the scenarios share: materials, one-shot sealing and opening, the worked example.

pub(crate) mod crafted;
pub(crate) mod example;
pub(crate) mod hex;
pub(crate) mod manifest;
pub(crate) mod materials;
pub(crate) mod peers;
pub(crate) mod raw_keys;
pub(crate) mod reference;

use sealdrop::message::{
    DecryptError, DecryptOptions, DecryptionMaterials, Decryptor, Encryptor, HeaderReader, PlaintextDataKey,
};

/// Encrypts in one go.
pub(crate) fn seal(encryptor: Encryptor, plaintext: &[u8]) -> Vec<u8> {
    let mut encryptor = encryptor;
    let mut message = Vec::new();
    encryptor.update(plaintext, &mut message).unwrap();
    encryptor.finish(&mut message).unwrap();
    message
}

/// Decrypts in one go with a data key; what was released before an error stays in `out`.
pub(crate) fn open_onto(
    message: &[u8],
    data_key: &[u8],
    options: &DecryptOptions,
    out: &mut Vec<u8>,
) -> Result<(), DecryptError> {
    let (received, length) = HeaderReader::parse(message, options)?;
    let header = received.header();
    let suite = header.algorithm_suite;
    let data_key = PlaintextDataKey::from_bytes(suite, data_key)?;
    let materials = DecryptionMaterials::new(suite, header.encryption_context.clone(), data_key)?;
    let mut decryptor = Decryptor::new(received, &materials, options)?;
    decryptor.update(&message[length..], out)?;
    decryptor.finish(out)
}

/// Decrypts in one go with a data key.
pub(crate) fn open(
    message: &[u8],
    data_key: &[u8],
    options: &DecryptOptions,
) -> Result<Vec<u8>, DecryptError> {
    let mut plaintext = Vec::new();
    open_onto(message, data_key, options, &mut plaintext)?;
    Ok(plaintext)
}
