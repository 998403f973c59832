//! AES-GCM with a 12-byte IV and a 16-byte tag (NIST SP 800-38D): the one place that names a cipher library.
//!
//! Two libraries stand behind one type. `aes-gcm` does the short and rare work: header authentication
//! and, for the keyrings, wrapped data keys. `aws-lc-rs` encrypts the frames, where it is several times
//! as fast. Every key is expanded once; neither library allocates per call.

use std::fmt;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes192;
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm};
use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use thiserror::Error;

/// Bytes of an IV.
pub const IV_LENGTH: usize = 12;
/// Bytes of an authentication tag.
pub const TAG_LENGTH: usize = 16;

/// Why AES-GCM did not go through; which of a few causes it was is of no use to a caller and some to an attacker.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("AES-GCM refused the key, the length or the tag")]
pub struct AeadError;

/// An expanded AES key of 128, 192 or 256 bits, for use from any number of threads; both libraries
/// wipe it on drop.
pub struct Aead(Cipher);

enum Cipher {
    Aes128(Box<Aes128Gcm>),
    Aes192(Box<AesGcm<Aes192, U12>>),
    Aes256(Box<Aes256Gcm>),
    Bulk(LessSafeKey),
}

impl Aead {
    /// For headers and wrapped keys: `aes-gcm`.
    pub fn new(key: &[u8]) -> Result<Self, AeadError> {
        let cipher = match key.len() {
            16 => Cipher::Aes128(expand(key)?),
            24 => Cipher::Aes192(expand(key)?),
            32 => Cipher::Aes256(expand(key)?),
            _ => return Err(AeadError),
        };
        Ok(Self(cipher))
    }

    /// For frames: `aws-lc-rs`.
    pub fn bulk(key: &[u8]) -> Result<Self, AeadError> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            32 => &AES_256_GCM,
            _ => return Err(AeadError),
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| AeadError)?;
        Ok(Self(Cipher::Bulk(LessSafeKey::new(key))))
    }

    /// Encrypts in place and returns the tag. A key and an IV must never meet twice.
    pub fn seal(
        &self,
        iv: &[u8; IV_LENGTH],
        aad: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_LENGTH], AeadError> {
        match &self.0 {
            Cipher::Aes128(cipher) => seal(&**cipher, iv, aad, text),
            Cipher::Aes192(cipher) => seal(&**cipher, iv, aad, text),
            Cipher::Aes256(cipher) => seal(&**cipher, iv, aad, text),
            Cipher::Bulk(key) => {
                let mut tag = [0; TAG_LENGTH];
                let nonce = Nonce::assume_unique_for_key(*iv);
                key.seal_in_place_scatter(nonce, Aad::from(aad), text, &[], &mut tag)
                    .map_err(|_| AeadError)?;
                Ok(tag)
            }
        }
    }

    /// Checks the tag and decrypts in place. If the tag is wrong, what is in `text` is neither
    /// ciphertext nor plaintext and must not be used.
    pub fn open(
        &self,
        iv: &[u8; IV_LENGTH],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LENGTH],
    ) -> Result<(), AeadError> {
        match &self.0 {
            Cipher::Aes128(cipher) => open(&**cipher, iv, aad, text.into(), tag),
            Cipher::Aes192(cipher) => open(&**cipher, iv, aad, text.into(), tag),
            Cipher::Aes256(cipher) => open(&**cipher, iv, aad, text.into(), tag),
            Cipher::Bulk(key) => key
                .open_in_place_separate_tag(Nonce::assume_unique_for_key(*iv), Aad::from(aad), tag, text)
                .map(|_| ())
                .map_err(|_| AeadError),
        }
    }

    /// Like [`Aead::open`], from one buffer into another of the same length.
    pub fn open_into(
        &self,
        iv: &[u8; IV_LENGTH],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; TAG_LENGTH],
        plaintext: &mut [u8],
    ) -> Result<(), AeadError> {
        if let Cipher::Bulk(key) = &self.0 {
            let nonce = Nonce::assume_unique_for_key(*iv);
            return key
                .open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, plaintext)
                .map_err(|_| AeadError);
        }
        let buffer = InOutBuf::new(ciphertext, plaintext).map_err(|_| AeadError)?;
        match &self.0 {
            Cipher::Aes128(cipher) => open(&**cipher, iv, aad, buffer, tag),
            Cipher::Aes192(cipher) => open(&**cipher, iv, aad, buffer, tag),
            Cipher::Aes256(cipher) => open(&**cipher, iv, aad, buffer, tag),
            Cipher::Bulk(_) => Err(AeadError),
        }
    }
}

fn expand<C: KeyInit>(key: &[u8]) -> Result<Box<C>, AeadError> {
    C::new_from_slice(key).map(Box::new).map_err(|_| AeadError)
}

fn seal<C>(
    cipher: &C,
    iv: &[u8; IV_LENGTH],
    aad: &[u8],
    text: &mut [u8],
) -> Result<[u8; TAG_LENGTH], AeadError>
where
    C: AeadInOut<NonceSize = U12, TagSize = aes_gcm::aead::consts::U16>,
{
    cipher
        .encrypt_inout_detached(&(*iv).into(), aad, text.into())
        .map(Into::into)
        .map_err(|_| AeadError)
}

fn open<C>(
    cipher: &C,
    iv: &[u8; IV_LENGTH],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG_LENGTH],
) -> Result<(), AeadError>
where
    C: AeadInOut<NonceSize = U12, TagSize = aes_gcm::aead::consts::U16>,
{
    cipher
        .decrypt_inout_detached(&(*iv).into(), aad, text, &(*tag).into())
        .map_err(|_| AeadError)
}

impl fmt::Debug for Aead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aead(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_libraries_agree_on_random_input(
            key in prop::sample::select(vec![16_usize, 24, 32])
                .prop_flat_map(|length| prop::collection::vec(any::<u8>(), length)),
            iv: [u8; IV_LENGTH],
            aad in prop::collection::vec(any::<u8>(), 0..300),
            text in prop::collection::vec(any::<u8>(), 0..5000),
            flip in any::<prop::sample::Index>(),
        ) {
            let pair = [Aead::new(&key).unwrap(), Aead::bulk(&key).unwrap()];
            let sealed = pair.each_ref().map(|aead| {
                let mut text = text.clone();
                let tag = aead.seal(&iv, &aad, &mut text).unwrap();
                (text, tag)
            });
            prop_assert_eq!(&sealed[0], &sealed[1]);
            let (ciphertext, tag) = &sealed[0];
            for aead in &pair {
                let mut opened = ciphertext.clone();
                aead.open(&iv, &aad, &mut opened, tag).unwrap();
                prop_assert_eq!(&opened, &text);
                opened.fill(0);
                aead.open_into(&iv, &aad, ciphertext, tag, &mut opened).unwrap();
                prop_assert_eq!(&opened, &text);

                let mut wrong = *tag;
                wrong[flip.index(TAG_LENGTH)] ^= 1;
                prop_assert_eq!(aead.open(&iv, &aad, &mut ciphertext.clone(), &wrong), Err(AeadError));
                prop_assert_eq!(aead.open_into(&iv, &aad, ciphertext, &wrong, &mut opened), Err(AeadError));
            }
        }
    }

    #[test]
    fn other_key_lengths_are_refused() {
        for length in [0, 15, 31, 33] {
            assert!(Aead::new(&vec![0; length]).is_err() && Aead::bulk(&vec![0; length]).is_err());
        }
    }
}
