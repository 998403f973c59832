//! The id of one file's way: it names the claim, the staged message and the draft record.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// 128 random bits, written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimId(u128);

/// Text that is no [`ClaimId`].
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0:?} is not an id: 32 lower-case hexadecimal digits are")]
pub struct ParseIdError(String);

impl ClaimId {
    /// A new one.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }

    /// The first eight digits, which make a taken output name unique.
    pub fn short(self) -> String {
        format!("{:08x}", self.0 >> 96)
    }
}

impl fmt::Display for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimId({self})")
    }
}

impl FromStr for ClaimId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let digits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(text, 16) {
            Ok(value) if digits => Ok(Self(value)),
            _ => Err(ParseIdError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_id_are_each_others_inverse() {
        let text = "00ab0000000000000000000000000001";
        let id: ClaimId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(id.short(), "00ab0000");
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "ab",
            "+0ab0000000000000000000000000001",
            "00AB0000000000000000000000000001",
        ] {
            assert!(text.parse::<ClaimId>().is_err(), "{text}");
        }
    }
}
