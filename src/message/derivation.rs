//! From the data key to the keys of one message (`algorithm-suites`, "Key Derivation Algorithm").

use hkdf::Hkdf;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::keys::{CommitmentKey, DerivedDataKey};
use super::{AlgorithmSuite, KeyDerivation, KeyError, MessageId, PlaintextDataKey};

/// How a header was authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// As specified.
    Specified,
    /// As ESDK.NET 4.0.0 did it: version 1 derived its key without the message id, and no required
    /// pairs were authenticated as a count of 0. Later official readers go on reading that.
    Net400,
}

/// What a message's keys are derived to.
#[derive(Debug)]
pub(super) struct DerivedKeys {
    /// What encrypts.
    pub(super) data_key: DerivedDataKey,
    /// What the header shows, of the suites that commit.
    pub(super) commitment_key: Option<CommitmentKey>,
}

impl DerivedKeys {
    /// Derives with the suite's function. Version 1 puts the message id into HKDF's info and has no
    /// salt; version 2 takes it as the salt and derives two keys that differ by their label.
    pub(super) fn derive(
        suite: AlgorithmSuite,
        data_key: &PlaintextDataKey,
        message_id: &MessageId,
        dialect: Dialect,
    ) -> Result<Self, KeyError> {
        data_key.check_length(suite)?;
        let mut key = Zeroizing::new(vec![0; suite.data_key_length()].into_boxed_slice());
        let mut commitment_key = None;
        let (secret, id, suite_id) = (data_key.expose(), message_id.as_bytes(), suite.id().to_be_bytes());
        let info = match dialect {
            Dialect::Specified => [&suite_id[..], id],
            Dialect::Net400 => [&suite_id[..], &[]],
        };
        let derived = match suite.key_derivation() {
            KeyDerivation::Identity => {
                key.copy_from_slice(secret);
                Ok(())
            }
            KeyDerivation::HkdfSha256 => Hkdf::<Sha256>::new(None, secret).expand_multi_info(&info, &mut key),
            KeyDerivation::HkdfSha384 => Hkdf::<Sha384>::new(None, secret).expand_multi_info(&info, &mut key),
            KeyDerivation::HkdfSha512 => {
                let extracted = Hkdf::<Sha512>::new(Some(id), secret);
                let mut commitment = [0; CommitmentKey::LENGTH];
                let labelled = [&suite_id[..], b"DERIVEKEY"];
                extracted
                    .expand_multi_info(&labelled, &mut key)
                    .and_then(|()| extracted.expand(b"COMMITKEY", &mut commitment))
                    .inspect(|()| commitment_key = Some(CommitmentKey::from(commitment)))
            }
        };
        derived.map_err(|_| KeyError::Derivation)?;
        Ok(Self {
            data_key: DerivedDataKey::new(key),
            commitment_key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derive(suite: AlgorithmSuite) -> (String, Option<CommitmentKey>) {
        let data_key: Vec<u8> = (0x40..0x60).take(suite.data_key_length()).collect();
        let data_key = PlaintextDataKey::from_bytes(suite, &data_key).unwrap();
        let id: Vec<u8> = (0x80..0xa0)
            .take(MessageId::length(suite.message_version()))
            .collect();
        let keys = DerivedKeys::derive(
            suite,
            &data_key,
            &MessageId::from_bytes(&id).unwrap(),
            Dialect::Specified,
        )
        .unwrap();
        (hex(keys.data_key.expose()), keys.commitment_key)
    }

    fn hex(bytes: &[u8]) -> String {
        bytes
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    #[test]
    fn keys_are_those_of_the_official_python_sdk() {
        for (suite, key) in [
            (
                AlgorithmSuite::Aes128GcmIv12Tag16HkdfSha256EcdsaP256,
                "5e9934836537dea285837c2aa93f4429",
            ),
            (
                AlgorithmSuite::Aes256GcmIv12Tag16HkdfSha256,
                "2e172d610721768365cbc8eec4e98283f83380f0a8e08aa61918854c4be1871c",
            ),
            (
                AlgorithmSuite::Aes256GcmIv12Tag16HkdfSha384EcdsaP384,
                "eedd90c1fee6aa2d4d720e08b435574d38a5811dbc8a950041a0f839906392c0",
            ),
            (
                AlgorithmSuite::Aes256GcmHkdfSha512CommitKey,
                "c8437ca4d248c635974b7ee5c256125c4034df3d1d81ef25ee36378d115d9254",
            ),
            (
                AlgorithmSuite::Aes256GcmHkdfSha512CommitKeyEcdsaP384,
                "ffa61c7fa38f4b4531979ef4130d3dc4b4e44053c61916df797a29bdbb1a669a",
            ),
        ] {
            let (derived, commitment) = derive(suite);
            assert_eq!(derived, key, "{suite:?}");
            // The commitment's label has no suite id: it is the same for both suites that commit.
            let expected = suite
                .commits()
                .then_some("640705b69a46584271cfec49f2239e947a7c5cb30b676c4d74e5f9291e287e45");
            assert_eq!(commitment.map(|key| hex(key.as_bytes())).as_deref(), expected);
        }
    }

    #[test]
    fn a_suite_without_derivation_uses_the_data_key_itself() {
        let (derived, commitment) = derive(AlgorithmSuite::Aes128GcmIv12Tag16);
        assert_eq!(derived, "404142434445464748494a4b4c4d4e4f");
        assert!(commitment.is_none());
    }
}
