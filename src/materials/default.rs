//! The default manager: a fresh data key for each message (`framework/default-cmm`).

use std::collections::BTreeSet;

use super::MaterialsError;
use crate::keyring::Keyring;
use crate::message::{
    AlgorithmSuite, DecryptionMaterials, EncryptedDataKey, EncryptionContext, EncryptionMaterials,
    VerificationKey,
};

/// Materials with a fresh data key. The signing key comes first, as its public half is part of the
/// encryption context that the keyring binds.
pub async fn encryption_materials(
    keyring: &dyn Keyring,
    suite: AlgorithmSuite,
    context: &EncryptionContext,
    required_keys: &BTreeSet<String>,
) -> Result<EncryptionMaterials, MaterialsError> {
    let mut context = context.clone();
    let signing_key = EncryptionMaterials::prepare_signing(suite, &mut context)?;
    let generated = keyring.generate(suite, &context).await?;
    Ok(EncryptionMaterials {
        algorithm_suite: suite,
        encryption_context: context,
        encrypted_data_keys: generated.encrypted,
        plaintext_data_key: generated.plaintext,
        signing_key,
        required_encryption_context_keys: required_keys.clone(),
    })
}

/// Materials for a message with this header; the public key is looked at before a key service is asked.
pub async fn decryption_materials(
    keyring: &dyn Keyring,
    suite: AlgorithmSuite,
    context: &EncryptionContext,
    encrypted: &[EncryptedDataKey],
) -> Result<DecryptionMaterials, MaterialsError> {
    VerificationKey::from_context(suite, context)?;
    let data_key = keyring.unwrap(suite, context, encrypted).await?;
    Ok(DecryptionMaterials::new(suite, context.clone(), data_key)?)
}
