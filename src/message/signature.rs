//! The message's ECDSA signature (`message-footer`) and its keys (`algorithm-suites`, "Signature Algorithm").

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyCompressedBin};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair,
    ParsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::{AlgorithmSuite, EncryptionContext, EncryptionContextError, SignatureScheme};

/// The encryption context key under which a signed message carries its public key (`structures`).
pub const PUBLIC_KEY: &str = "aws-crypto-public-key";

/// What is wrong with a signature or its key.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// The library could not make a key or a signature.
    #[error("the cryptographic library could not {0}")]
    Library(&'static str),
    /// The public key does not fit the encryption context.
    #[error("cannot put the public key into the encryption context")]
    Context(#[source] EncryptionContextError),
    /// A signed suite without its key.
    #[error("algorithm suite {0} signs, but the encryption context has no \"{PUBLIC_KEY}\"")]
    PublicKeyMissing(&'static str),
    /// A key without a signed suite: someone cut the signature off.
    #[error("algorithm suite {0} does not sign, but the encryption context has \"{PUBLIC_KEY}\"")]
    PublicKeyUnexpected(&'static str),
    /// Not base64 of a compressed point on the suite's curve.
    #[error(
        "\"{PUBLIC_KEY}\" in the encryption context is not base64 of a compressed point on the suite's curve"
    )]
    PublicKeyInvalid,
    /// The signature does not hold.
    #[error("the message's signature does not hold")]
    Invalid,
}

impl SignatureScheme {
    /// Bytes of every signature written: official SDKs sign again until the DER form has this
    /// length, so that a message's size is known before its content is.
    pub const fn signature_length(self) -> usize {
        match self {
            Self::EcdsaP256 => 71,
            Self::EcdsaP384 => 103,
        }
    }

    const fn compressed_point_length(self) -> usize {
        match self {
            Self::EcdsaP256 => 33,
            Self::EcdsaP384 => 49,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::EcdsaP256 => &digest::SHA256,
            Self::EcdsaP384 => &digest::SHA384,
        }
    }

    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::EcdsaP256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::EcdsaP384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        }
    }

    fn verification(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::EcdsaP256 => &ECDSA_P256_SHA256_ASN1,
            Self::EcdsaP384 => &ECDSA_P384_SHA384_ASN1,
        }
    }
}

/// A message's private signing key; the library wipes it when it frees it.
pub struct SigningKey {
    scheme: SignatureScheme,
    pair: EcdsaKeyPair,
}

impl SigningKey {
    /// A fresh key pair, made before the keyring is asked (`cmm-interface`, "Get Encryption Materials").
    pub fn generate(scheme: SignatureScheme) -> Result<Self, SignatureError> {
        let pair = EcdsaKeyPair::generate(scheme.signing())
            .map_err(|_| SignatureError::Library("make a signing key"))?;
        Ok(Self { scheme, pair })
    }

    /// The scheme the key belongs to.
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// Puts the public key into the encryption context, where every reader looks for it.
    pub fn publish_in(&self, context: &mut EncryptionContext) -> Result<(), SignatureError> {
        context
            .insert(PUBLIC_KEY.into(), self.public_key()?)
            .map_err(SignatureError::Context)
    }

    /// Base64 of the compressed point.
    pub fn public_key(&self) -> Result<String, SignatureError> {
        let point: EcPublicKeyCompressedBin<'_> = self
            .pair
            .public_key()
            .as_be_bytes()
            .map_err(|_| SignatureError::Library("write the public key"))?;
        Ok(STANDARD.encode(point.as_ref()))
    }

    fn sign(&self, digest: &digest::Digest) -> Result<Vec<u8>, SignatureError> {
        loop {
            let signature = self
                .pair
                .sign_digest(digest)
                .map_err(|_| SignatureError::Library("sign"))?;
            if signature.as_ref().len() == self.scheme.signature_length() {
                return Ok(signature.as_ref().to_vec());
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.scheme)
    }
}

/// The public key a message's signature is checked with.
#[derive(Clone, Debug)]
pub struct VerificationKey {
    scheme: SignatureScheme,
    key: ParsedPublicKey,
}

impl VerificationKey {
    /// The key in the encryption context: there if the suite signs, and only then
    /// (`cmm-interface`, "Decrypt Materials").
    pub fn from_context(
        suite: AlgorithmSuite,
        context: &EncryptionContext,
    ) -> Result<Option<Self>, SignatureError> {
        match (suite.signature(), context.get(PUBLIC_KEY)) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(SignatureError::PublicKeyUnexpected(suite.name())),
            (Some(_), None) => Err(SignatureError::PublicKeyMissing(suite.name())),
            (Some(scheme), Some(text)) => Self::parse(scheme, text).map(Some),
        }
    }

    /// The library would also read an uncompressed point and a whole `SubjectPublicKeyInfo`, so the
    /// form is checked here; that the point is on the curve, there.
    fn parse(scheme: SignatureScheme, text: &str) -> Result<Self, SignatureError> {
        let point = STANDARD
            .decode(text)
            .map_err(|_| SignatureError::PublicKeyInvalid)?;
        let compressed = matches!(point.first(), Some(2 | 3));
        if !compressed || point.len() != scheme.compressed_point_length() {
            return Err(SignatureError::PublicKeyInvalid);
        }
        let key = ParsedPublicKey::new(scheme.verification(), &point)
            .map_err(|_| SignatureError::PublicKeyInvalid)?;
        Ok(Self { scheme, key })
    }
}

/// Hashes a message as it is written and signs it at its end.
pub struct MessageSigner {
    key: Arc<SigningKey>,
    hash: digest::Context,
}

impl MessageSigner {
    /// With the key of one message.
    pub fn new(key: Arc<SigningKey>) -> Self {
        let hash = digest::Context::new(key.scheme.digest());
        Self { key, hash }
    }

    /// The message's next bytes, header included, in order.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    /// The footer: the signature's length and the signature.
    pub fn finish(self) -> Result<Vec<u8>, SignatureError> {
        let signature = self.key.sign(&self.hash.finish())?;
        let length = u16::try_from(signature.len()).map_err(|_| SignatureError::Library("sign"))?;
        let mut footer = length.to_be_bytes().to_vec();
        footer.extend(signature);
        Ok(footer)
    }
}

/// Hashes a message as it is read and checks the signature at its end.
pub struct MessageVerifier {
    key: VerificationKey,
    hash: digest::Context,
}

impl MessageVerifier {
    /// With the key of one message.
    pub fn new(key: VerificationKey) -> Self {
        let hash = digest::Context::new(key.scheme.digest());
        Self { key, hash }
    }

    /// The message's next bytes, header included and footer not, in order.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    /// Checks the footer's signature, which may have any valid DER length.
    pub fn verify(self, signature: &[u8]) -> Result<(), SignatureError> {
        self.key
            .key
            .verify_digest_sig(&self.hash.finish(), signature)
            .map_err(|_| SignatureError::Invalid)
    }
}

impl fmt::Debug for MessageSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageSigner")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MessageVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageVerifier")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_its_fixed_length_and_holds_only_for_what_was_signed() {
        for suite in AlgorithmSuite::ALL {
            let Some(scheme) = suite.signature() else { continue };
            let key = Arc::new(SigningKey::generate(scheme).unwrap());
            let mut context = EncryptionContext::default();
            key.publish_in(&mut context).unwrap();
            let public = VerificationKey::from_context(suite, &context).unwrap().unwrap();

            let mut signer = MessageSigner::new(key);
            signer.update(b"ab");
            let footer = signer.finish().unwrap();
            assert_eq!(footer.len(), 2 + scheme.signature_length());

            for (message, holds) in [(b"ab", true), (b"ac", false)] {
                let mut verifier = MessageVerifier::new(public.clone());
                verifier.update(message);
                assert_eq!(verifier.verify(&footer[2..]).is_ok(), holds);
            }
        }
    }

    #[test]
    fn the_public_key_is_there_if_the_suite_signs_and_only_then() {
        let signed = AlgorithmSuite::Aes256GcmHkdfSha512CommitKeyEcdsaP384;
        let unsigned = AlgorithmSuite::Aes256GcmHkdfSha512CommitKey;
        let mut context = EncryptionContext::default();
        assert!(
            VerificationKey::from_context(unsigned, &context)
                .unwrap()
                .is_none()
        );
        assert!(matches!(
            VerificationKey::from_context(signed, &context),
            Err(SignatureError::PublicKeyMissing(_))
        ));
        SigningKey::generate(SignatureScheme::EcdsaP384)
            .unwrap()
            .publish_in(&mut context)
            .unwrap();
        assert!(matches!(
            VerificationKey::from_context(unsigned, &context),
            Err(SignatureError::PublicKeyUnexpected(_))
        ));
        let other_curve = AlgorithmSuite::Aes128GcmIv12Tag16HkdfSha256EcdsaP256;
        assert!(matches!(
            VerificationKey::from_context(other_curve, &context),
            Err(SignatureError::PublicKeyInvalid)
        ));
    }

    #[test]
    fn an_uncompressed_point_and_one_off_the_curve_are_refused() {
        let key = SigningKey::generate(SignatureScheme::EcdsaP256).unwrap();
        let uncompressed = STANDARD.encode(key.pair.public_key().as_ref());
        // x = 1 has no point on P-256.
        let mut off_curve = [0; 33];
        off_curve[0] = 2;
        off_curve[32] = 1;
        for text in [uncompressed, STANDARD.encode(off_curve), "?".into()] {
            assert!(
                VerificationKey::parse(SignatureScheme::EcdsaP256, &text).is_err(),
                "{text}"
            );
        }
    }
}
