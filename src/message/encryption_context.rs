//! The encryption context (`framework/structures`, "Encryption Context").

use std::collections::BTreeMap;

use thiserror::Error;

/// Keys that start so belong to the format itself (`structures`, "Encryption Context").
pub const RESERVED_PREFIX: &str = "aws-crypto-";

/// Why a set of pairs is no encryption context.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncryptionContextError {
    /// A caller may not set the format's own keys.
    #[error("encryption context key \"{0}\" is reserved: keys must not start with \"{RESERVED_PREFIX}\"")]
    Reserved(String),
    /// The same key twice.
    #[error("encryption context key \"{0}\" is given twice")]
    Duplicate(String),
    /// A count, key, value or the whole needs more than its 16-bit length field can say.
    #[error("encryption context is too large: {0} bytes or pairs, and 65535 are the limit")]
    TooLarge(usize),
}

/// Pairs that are authenticated with a message and logged in clear by `CloudTrail`.
///
/// Sorted by the UTF-8 bytes of the key, which is the canonical order of the serialisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EncryptionContext(BTreeMap<String, String>);

impl EncryptionContext {
    /// A caller's pairs: no reserved key, none twice, small enough to serialise.
    pub fn from_pairs<I>(pairs: I) -> Result<Self, EncryptionContextError>
    where
        I: IntoIterator<Item = (String, String)>,
    {
        let mut context = Self::default();
        for (key, value) in pairs {
            if key.starts_with(RESERVED_PREFIX) {
                return Err(EncryptionContextError::Reserved(key));
            }
            context.insert(key, value)?;
        }
        context.serialize()?;
        Ok(context)
    }

    /// Adds one pair, reserved or not.
    pub(crate) fn insert(&mut self, key: String, value: String) -> Result<(), EncryptionContextError> {
        if self.0.contains_key(&key) {
            return Err(EncryptionContextError::Duplicate(key));
        }
        self.0.insert(key, value);
        Ok(())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The pairs in canonical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The canonical serialisation: nothing at all for no pairs, else count and pairs
    /// (`structures`, "Serialization"). It is the header's AAD field and the raw AES keyring's AAD.
    pub fn serialize(&self) -> Result<Vec<u8>, EncryptionContextError> {
        let mut bytes = Vec::new();
        if self.0.is_empty() {
            return Ok(bytes);
        }
        bytes.extend(length16(self.0.len())?);
        for (key, value) in &self.0 {
            for text in [key, value] {
                bytes.extend(length16(text.len())?);
                bytes.extend(text.as_bytes());
            }
        }
        length16(bytes.len())?;
        Ok(bytes)
    }
}

fn length16(length: usize) -> Result<[u8; 2], EncryptionContextError> {
    u16::try_from(length)
        .map(u16::to_be_bytes)
        .map_err(|_| EncryptionContextError::TooLarge(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> Result<EncryptionContext, EncryptionContextError> {
        EncryptionContext::from_pairs(pairs.iter().map(|&(key, value)| (key.into(), value.into())))
    }

    #[test]
    fn no_pairs_serialise_to_no_bytes() {
        assert_eq!(EncryptionContext::default().serialize(), Ok(Vec::new()));
    }

    #[test]
    fn pairs_are_sorted_by_utf8_bytes_not_by_utf16_units() {
        let bytes = context(&[("\u{10000}", ""), ("\u{ffff}", "")])
            .unwrap()
            .serialize()
            .unwrap();
        assert_eq!(
            bytes,
            b"\x00\x02\x00\x03\xef\xbf\xbf\x00\x00\x00\x04\xf0\x90\x80\x80\x00\x00"
        );
    }

    #[test]
    fn reserved_duplicate_and_oversized_pairs_are_refused() {
        assert_eq!(
            context(&[("aws-crypto-x", "")]),
            Err(EncryptionContextError::Reserved("aws-crypto-x".into()))
        );
        assert_eq!(
            context(&[("a", "1"), ("a", "2")]),
            Err(EncryptionContextError::Duplicate("a".into()))
        );
        let long = "x".repeat(65_536);
        assert_eq!(
            context(&[("a", &long)]),
            Err(EncryptionContextError::TooLarge(65_536))
        );
    }
}
