//! Decrypts the frames of one message, from any number of threads.

use zeroize::Zeroize as _;

use super::body_aad::BodyAad;
use super::{Aead, BodyFault, DecryptError, MessageId, Piece, TAG_LENGTH};

/// Checks and decrypts pieces that a [`super::BodyScanner`] has found.
#[derive(Debug)]
pub struct FrameOpener {
    aead: Aead,
    message_id: MessageId,
}

impl FrameOpener {
    pub(super) fn new(aead: Aead, message_id: MessageId) -> Self {
        Self { aead, message_id }
    }

    /// Opens a piece in place; its plaintext is then at [`Piece::content`]. If the tag is wrong, the
    /// content is wiped.
    pub fn open(&self, piece: &Piece, bytes: &mut [u8]) -> Result<(), DecryptError> {
        let Some((rest, tag)) = bytes
            .get_mut(..piece.size())
            .and_then(<[u8]>::split_last_chunk_mut)
        else {
            return Err(unauthentic(piece));
        };
        let content = rest.get_mut(piece.content()).unwrap_or_default();
        let opened = self
            .aead
            .open(&piece.iv, self.aad(piece).as_bytes(), content, tag);
        opened.map_err(|_| {
            content.zeroize();
            unauthentic(piece)
        })
    }

    /// Opens a piece and appends its plaintext, or nothing at all if the tag is wrong.
    pub fn open_onto(&self, piece: &Piece, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        let Some((rest, tag)) = bytes
            .get(..piece.size())
            .and_then(<[u8]>::split_last_chunk::<TAG_LENGTH>)
        else {
            return Err(unauthentic(piece));
        };
        let ciphertext = rest.get(piece.content()).unwrap_or_default();
        let start = out.len();
        out.resize(start + ciphertext.len(), 0);
        let plaintext = out.get_mut(start..).unwrap_or_default();
        let opened = self
            .aead
            .open_into(&piece.iv, self.aad(piece).as_bytes(), ciphertext, tag, plaintext);
        if opened.is_err() {
            plaintext.zeroize();
            out.truncate(start);
            return Err(unauthentic(piece));
        }
        Ok(())
    }

    fn aad(&self, piece: &Piece) -> BodyAad {
        BodyAad::new(
            &self.message_id,
            piece.kind,
            piece.sequence_number,
            piece.content.len() as u64,
        )
    }
}

fn unauthentic(piece: &Piece) -> DecryptError {
    DecryptError::Body {
        offset: piece.offset,
        fault: BodyFault::Tag {
            piece: piece.name(),
            sequence_number: piece.sequence_number,
        },
    }
}
