//! A message written in one go, straight from the specification's text, to compare the streaming
//! writer with. It shares no code with it but the wrapper around AES-GCM, and uses the other library there.

use hkdf::Hkdf;
use sealdrop::message::{
    Aead, AlgorithmSuite, EncryptedDataKey, EncryptionContext, KeyDerivation, MessageVersion,
};
use sha2::{Sha256, Sha384, Sha512};

/// The fields of the header that a test chooses.
pub(crate) struct Message<'a> {
    pub(crate) suite: AlgorithmSuite,
    pub(crate) id: &'a [u8],
    pub(crate) data_key: &'a [u8],
    pub(crate) stored: &'a EncryptionContext,
    pub(crate) only_authenticated: &'a EncryptionContext,
    pub(crate) encrypted_data_keys: &'a [EncryptedDataKey],
    pub(crate) frame_length: u32,
    /// With the two faults of ESDK.NET 4.0.0.
    pub(crate) net_4_0_0: bool,
}

impl Message<'_> {
    /// Header and body; the footer is random.
    pub(crate) fn write(&self, plaintext: &[u8]) -> Vec<u8> {
        let (key, commitment) = self.derive();
        let aead = Aead::new(&key).unwrap();
        let mut out = self.header_body(&commitment);
        let required = match self.only_authenticated.serialize().unwrap() {
            none if none.is_empty() && self.net_4_0_0 => vec![0, 0],
            required => required,
        };
        let authenticated = [&out[..], &required].concat();
        let tag = aead.seal(&[0; 12], &authenticated, &mut []).unwrap();
        if self.suite.message_version() == MessageVersion::V1 {
            out.extend([0; 12]);
        }
        out.extend(tag);
        let mut rest = plaintext;
        let mut number = 1_u32;
        while rest.len() >= self.frame_length as usize {
            let (frame, after) = rest.split_at(self.frame_length as usize);
            out.extend(number.to_be_bytes());
            self.frame(&aead, number, "Frame", &[], frame, &mut out);
            rest = after;
            number += 1;
        }
        out.extend([0xff; 4]);
        out.extend(number.to_be_bytes());
        let length = u32::try_from(rest.len()).unwrap().to_be_bytes();
        self.frame(&aead, number, "Final Frame", &length, rest, &mut out);
        out
    }

    fn frame(
        &self,
        aead: &Aead,
        number: u32,
        label: &str,
        length: &[u8],
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) {
        let mut iv = [0; 12];
        iv[8..].copy_from_slice(&number.to_be_bytes());
        let mut authenticated = self.id.to_vec();
        authenticated.extend(format!("AWSKMSEncryptionClient {label}").bytes());
        authenticated.extend(number.to_be_bytes());
        authenticated.extend((plaintext.len() as u64).to_be_bytes());
        let mut text = plaintext.to_vec();
        let tag = aead.seal(&iv, &authenticated, &mut text).unwrap();
        out.extend([&iv[..], length, &text, &tag].concat());
    }

    fn header_body(&self, commitment: &[u8]) -> Vec<u8> {
        let v1 = self.suite.message_version() == MessageVersion::V1;
        let mut out = if v1 { vec![1, 0x80] } else { vec![2] };
        out.extend(self.suite.id().to_be_bytes());
        out.extend(self.id);
        put(&mut out, &self.stored.serialize().unwrap());
        out.extend(
            u16::try_from(self.encrypted_data_keys.len())
                .unwrap()
                .to_be_bytes(),
        );
        for key in self.encrypted_data_keys {
            put(&mut out, key.provider_id.as_bytes());
            put(&mut out, &key.provider_info);
            put(&mut out, &key.ciphertext);
        }
        out.push(2);
        if v1 {
            out.extend([0, 0, 0, 0, 12]);
        }
        out.extend(self.frame_length.to_be_bytes());
        out.extend(commitment);
        out
    }

    fn derive(&self) -> (Vec<u8>, Vec<u8>) {
        let mut key = vec![0; self.data_key.len()];
        let mut commitment = Vec::new();
        let id = self.suite.id().to_be_bytes();
        let info = if self.net_4_0_0 {
            id.to_vec()
        } else {
            [&id[..], self.id].concat()
        };
        match self.suite.key_derivation() {
            KeyDerivation::Identity => key.copy_from_slice(self.data_key),
            KeyDerivation::HkdfSha256 => Hkdf::<Sha256>::new(None, self.data_key)
                .expand(&info, &mut key)
                .unwrap(),
            KeyDerivation::HkdfSha384 => Hkdf::<Sha384>::new(None, self.data_key)
                .expand(&info, &mut key)
                .unwrap(),
            KeyDerivation::HkdfSha512 => {
                let hkdf = Hkdf::<Sha512>::new(Some(self.id), self.data_key);
                hkdf.expand(&[&id[..], b"DERIVEKEY"].concat(), &mut key).unwrap();
                commitment = vec![0; 32];
                hkdf.expand(b"COMMITKEY", &mut commitment).unwrap();
            }
        }
        (key, commitment)
    }
}

fn put(out: &mut Vec<u8>, field: &[u8]) {
    out.extend(u16::try_from(field.len()).unwrap().to_be_bytes());
    out.extend(field);
}
