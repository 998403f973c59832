//! Unwraps data keys as the raw keyrings' specification says, apart from the keyrings themselves, so
//! that the message layer is tested alone.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealdrop::message::{Aead, EncryptedDataKey, Header};

/// A wrapping key of a test.
pub(crate) enum RawKey {
    Aes {
        name: String,
        key: Vec<u8>,
    },
    Rsa {
        name: String,
        padding: Padding,
        private_key: Vec<u8>,
    },
}

/// How RSA pads.
pub(crate) enum Padding {
    Pkcs1,
    Oaep(String),
}

/// The first data key that one of the wrapping keys of a namespace opens.
pub(crate) fn unwrap(header: &Header, namespace: &str, keys: &[RawKey]) -> Option<Vec<u8>> {
    let candidates = header
        .encrypted_data_keys
        .iter()
        .filter(|edk| edk.provider_id == namespace);
    candidates
        .flat_map(|edk| keys.iter().map(move |key| key.unwrap(header, edk)))
        .flatten()
        .next()
}

impl RawKey {
    fn unwrap(&self, header: &Header, edk: &EncryptedDataKey) -> Option<Vec<u8>> {
        match self {
            Self::Aes { name, key } => {
                let info = edk.provider_info.strip_prefix(name.as_bytes())?;
                let (lengths, iv) = info.split_first_chunk::<8>()?;
                if *lengths != [0, 0, 0, 128, 0, 0, 0, 12] {
                    return None;
                }
                let mut data_key = edk.ciphertext.clone();
                let (text, tag) = data_key.split_last_chunk_mut()?;
                let context = header.encryption_context.serialize().unwrap();
                Aead::new(key)
                    .unwrap()
                    .open(iv.try_into().ok()?, &context, text, tag)
                    .ok()?;
                Some(text.to_vec())
            }
            Self::Rsa {
                name,
                padding,
                private_key,
            } => {
                if edk.provider_info != name.as_bytes() {
                    return None;
                }
                decrypt_rsa(private_key, padding, &edk.ciphertext)
            }
        }
    }
}

fn decrypt_rsa(private_key: &[u8], padding: &Padding, ciphertext: &[u8]) -> Option<Vec<u8>> {
    let key = PrivateDecryptingKey::from_pkcs8(private_key).unwrap();
    let mut out = vec![0; key.key_size_bytes()];
    let plaintext = match padding {
        Padding::Pkcs1 => Pkcs1PrivateDecryptingKey::new(key)
            .unwrap()
            .decrypt(ciphertext, &mut out)
            .ok()?,
        Padding::Oaep(hash) => {
            let algorithm = match hash.as_str() {
                "sha1" => &OAEP_SHA1_MGF1SHA1,
                "sha256" => &OAEP_SHA256_MGF1SHA256,
                "sha384" => &OAEP_SHA384_MGF1SHA384,
                "sha512" => &OAEP_SHA512_MGF1SHA512,
                other => panic!("unknown hash {other}"),
            };
            let key = OaepPrivateDecryptingKey::new(key).unwrap();
            key.decrypt(algorithm, ciphertext, &mut out, None).ok()?
        }
    };
    Some(plaintext.to_vec())
}

/// The DER bytes in a PEM text.
pub(crate) fn pem(text: &str) -> Vec<u8> {
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}
