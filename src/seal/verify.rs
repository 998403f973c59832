//! Verify: the staged ciphertext is read back and every tag checked, before anything is destroyed.
//!
//! It proves the encryption, not the medium.

use super::open_body::{FileReader, Sink, open_body, read_header};
use super::stage::staged_name;
use super::{PumpError, SealError, Staged};
use crate::fs::Dir;
use crate::message::{
    DecryptError, DecryptOptions, DecryptionMaterials, Decryptor, EncryptionMaterials, PlaintextDataKey,
};

/// The staged message opens to as many bytes as the plaintext has; or the drop does without this proof.
#[derive(Debug)]
pub struct Verified(pub(super) Staged);

impl Verified {
    /// Opens the staged message with the data key it was sealed with.
    pub fn verify(staged: Staged, materials: &EncryptionMaterials) -> Result<Self, SealError> {
        let path = staged.leftovers.dir.path().join(staged_name(staged.leftovers.id));
        let found = open_staged(&staged, materials)
            .map_err(|error| SealError::of_pump(error, &path, &path, SealError::Verify))?;
        let expected = staged.claimed.size();
        if found == expected {
            Ok(Self(staged))
        } else {
            Err(SealError::VerifyLength { expected, found })
        }
    }

    /// The output folder.
    pub(super) fn dir(&self) -> &Dir {
        self.0.dir()
    }

    /// For drops with `verify = false`.
    pub fn unchecked(staged: Staged) -> Self {
        Self(staged)
    }
}

fn open_staged(staged: &Staged, materials: &EncryptionMaterials) -> Result<u64, PumpError<DecryptError>> {
    let options = DecryptOptions {
        max_length: None,
        ..DecryptOptions::default()
    };
    let (header, body) = read_header(FileReader::new(&staged.file), &options)?;
    let decryptor = decryption_materials(materials)
        .and_then(|materials| Decryptor::new(header, &materials, &options))
        .map_err(PumpError::Message)?;
    open_body(decryptor, body, staged.message_length, Sink::Nowhere)
}

fn decryption_materials(materials: &EncryptionMaterials) -> Result<DecryptionMaterials, DecryptError> {
    let suite = materials.algorithm_suite;
    let data_key = PlaintextDataKey::from_bytes(suite, materials.plaintext_data_key.expose())?;
    Ok(DecryptionMaterials::new(
        suite,
        materials.encryption_context.clone(),
        data_key,
    )?)
}
