//! The additional authenticated data of each piece of the body (`message-body-aad`).

use super::MessageId;

/// Which piece it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyPiece {
    Regular,
    Final,
    Single,
}

impl BodyPiece {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Regular => b"AWSKMSEncryptionClient Frame",
            Self::Final => b"AWSKMSEncryptionClient Final Frame",
            Self::Single => b"AWSKMSEncryptionClient Single Block",
        }
    }
}

/// Message id, label, sequence number and content length, one after the other, with no allocation.
pub(super) struct BodyAad {
    bytes: [u8; Self::MAX],
    length: usize,
}

impl BodyAad {
    const MAX: usize = 32 + 35 + 4 + 8;

    pub(super) fn new(id: &MessageId, piece: BodyPiece, sequence_number: u32, content_length: u64) -> Self {
        let mut aad = Self {
            bytes: [0; Self::MAX],
            length: 0,
        };
        for field in [
            id.as_bytes(),
            piece.label(),
            &sequence_number.to_be_bytes(),
            &content_length.to_be_bytes(),
        ] {
            // The array has the room of the longest id and label, so nothing is cut off.
            for (place, byte) in aad.bytes.iter_mut().skip(aad.length).zip(field) {
                *place = *byte;
            }
            aad.length += field.len();
        }
        aad
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_longest_one_is_there() {
        let id = MessageId::from_bytes(&[7; 32]).unwrap();
        let aad = BodyAad::new(&id, BodyPiece::Single, 1, u64::MAX);
        let expected = [
            &[7; 32][..],
            b"AWSKMSEncryptionClient Single Block",
            &[0, 0, 0, 1],
            &[255; 8],
        ]
        .concat();
        assert_eq!(aad.as_bytes(), expected);
    }
}
