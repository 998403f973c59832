//! Encrypts the frames of one message, from any number of threads.

use super::body_aad::{BodyAad, BodyPiece};
use super::frame::{
    FINAL_CONTENT_OFFSET, FINAL_OVERHEAD, REGULAR_CONTENT_OFFSET, REGULAR_OVERHEAD, SEQUENCE_NUMBER_END, iv,
};
use super::{Aead, EncryptError, FrameLength, MessageId, SequenceNumber, TAG_LENGTH};

/// Encrypts frames in place, in slots laid out as on the wire: the caller puts the plaintext where the
/// ciphertext will stand, the sealer fills in the rest. Nothing is allocated.
#[derive(Debug)]
pub struct FrameSealer {
    aead: Aead,
    message_id: MessageId,
    frame_length: FrameLength,
}

impl FrameSealer {
    pub(super) fn new(aead: Aead, message_id: MessageId, frame_length: FrameLength) -> Self {
        Self {
            aead,
            message_id,
            frame_length,
        }
    }

    /// The plaintext bytes of each regular frame.
    pub fn frame_length(&self) -> FrameLength {
        self.frame_length
    }

    /// Seals a regular frame. The slot has [`FrameLength::regular_frame_size`] bytes, and the
    /// plaintext stands from [`REGULAR_CONTENT_OFFSET`] on, a frame length of it.
    pub fn seal_regular(&self, number: SequenceNumber, slot: &mut [u8]) -> Result<(), EncryptError> {
        let (expected, found) = (self.frame_length.regular_frame_size(), slot.len());
        if found != expected {
            return Err(EncryptError::Slot { expected, found });
        }
        let sequence_number = number.take();
        let head = [&sequence_number.to_be_bytes()[..], &iv(sequence_number)];
        self.seal(
            BodyPiece::Regular,
            sequence_number,
            &head,
            REGULAR_CONTENT_OFFSET,
            slot,
        )
    }

    /// Seals the final frame, which must be shorter than the others: Python's SDK and
    /// aws-encryption-cli read no other. The plaintext stands from [`FINAL_CONTENT_OFFSET`] on up to
    /// the last [`TAG_LENGTH`] bytes of the slot.
    pub fn seal_final(&self, number: SequenceNumber, slot: &mut [u8]) -> Result<(), EncryptError> {
        let found = slot.len();
        let error = EncryptError::Slot {
            expected: FINAL_OVERHEAD
                .saturating_add(self.frame_length.size())
                .saturating_sub(1),
            found,
        };
        let content_length = match found.checked_sub(FINAL_OVERHEAD).map(u32::try_from) {
            Some(Ok(length)) if length < self.frame_length.get() => length,
            _ => return Err(error),
        };
        let sequence_number = number.take();
        let head = [
            &SEQUENCE_NUMBER_END.to_be_bytes()[..],
            &sequence_number.to_be_bytes(),
            &iv(sequence_number),
            &content_length.to_be_bytes(),
        ];
        self.seal(
            BodyPiece::Final,
            sequence_number,
            &head,
            FINAL_CONTENT_OFFSET,
            slot,
        )
    }

    /// Moves what was read as a regular frame's plaintext to where a final frame has it, when the
    /// input turns out to end there, and gives the final frame's slot: the first [`FINAL_OVERHEAD`]
    /// and `length` bytes of what is given, which may have to reach a little past a regular slot.
    pub fn make_final(slot: &mut [u8], length: usize) -> Option<&mut [u8]> {
        let slot = slot.get_mut(..length.checked_add(FINAL_OVERHEAD)?)?;
        slot.copy_within(
            REGULAR_CONTENT_OFFSET..REGULAR_CONTENT_OFFSET + length,
            FINAL_CONTENT_OFFSET,
        );
        Some(slot)
    }

    fn seal(
        &self,
        piece: BodyPiece,
        sequence_number: u32,
        head: &[&[u8]],
        content_offset: usize,
        slot: &mut [u8],
    ) -> Result<(), EncryptError> {
        let size = EncryptError::Slot {
            expected: REGULAR_OVERHEAD,
            found: slot.len(),
        };
        let Some((start, rest)) = slot.split_at_mut_checked(content_offset) else {
            return Err(size);
        };
        let Some((content, tag)) = rest.split_last_chunk_mut::<TAG_LENGTH>() else {
            return Err(size);
        };
        for (place, byte) in start.iter_mut().zip(head.iter().copied().flatten()) {
            *place = *byte;
        }
        let aad = BodyAad::new(&self.message_id, piece, sequence_number, content.len() as u64);
        *tag = self.aead.seal(&iv(sequence_number), aad.as_bytes(), content)?;
        Ok(())
    }
}
