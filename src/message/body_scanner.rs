//! Finds the pieces of a body (`message-body`) and holds them to their order and their lengths.

use std::ops::Range;

use super::body_aad::BodyPiece;
use super::frame::{FINAL_CONTENT_OFFSET, REGULAR_CONTENT_OFFSET, SEQUENCE_NUMBER_END};
use super::wire::Fields;
use super::{BodyFault, ContentType, DecryptError, FrameLength, IV_LENGTH, TAG_LENGTH};

/// One frame, or a whole non-framed body, as it lies on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub(super) kind: BodyPiece,
    pub(super) sequence_number: u32,
    /// As found: some writers do not derive it from the sequence number.
    pub(super) iv: [u8; IV_LENGTH],
    pub(super) offset: u64,
    pub(super) content: Range<usize>,
}

impl Piece {
    /// Where its ciphertext lies, and later its plaintext, counted from the piece's first byte.
    pub fn content(&self) -> Range<usize> {
        self.content.clone()
    }

    /// Its bytes on the wire.
    pub fn size(&self) -> usize {
        self.content.end.saturating_add(TAG_LENGTH)
    }

    /// Whether the body ends with it; of a signed message, its plaintext waits for the signature.
    pub fn is_last(&self) -> bool {
        self.kind != BodyPiece::Regular
    }

    pub(super) const fn name(&self) -> &'static str {
        match self.kind {
            BodyPiece::Regular => "frame",
            BodyPiece::Final => "final frame",
            BodyPiece::Single => "non-framed body",
        }
    }
}

/// What a scan of some bytes finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// This many bytes from the piece's first one are needed to say more.
    NeedMore(usize),
    /// A whole piece.
    Piece(Piece),
}

/// Walks over a body piece by piece; it reads lengths and numbers and leaves the tags to the opener.
#[derive(Debug)]
pub struct BodyScanner {
    content_type: ContentType,
    max_length: u64,
    offset: u64,
    next: u32,
}

impl BodyScanner {
    /// The format's bound for a non-framed body (`message-body`, "Encrypted Content Length").
    const NON_FRAMED_MAX: u64 = (1 << 36) - 32;

    pub(super) fn new(content_type: ContentType, max_length: Option<u64>, offset: u64) -> Self {
        Self {
            content_type,
            max_length: max_length.unwrap_or(u64::MAX).min(Self::NON_FRAMED_MAX),
            offset,
            next: 1,
        }
    }

    /// Where the next piece begins, counted from the message's first byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Looks at bytes that begin where the next piece does, and moves past it if it is whole.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<Scan, DecryptError> {
        let outline = match self.content_type {
            ContentType::NonFramed => self.non_framed(bytes),
            ContentType::Framed(length) => self.frame(bytes, length),
        }?;
        let Some(piece) = outline else {
            return Ok(Scan::NeedMore(self.shortest(bytes)));
        };
        let size = piece.size();
        if bytes.len() < size {
            return Ok(Scan::NeedMore(size));
        }
        self.offset = self.offset.saturating_add(size as u64);
        // Past the format's last number only the end mark can follow, and that is checked as one.
        self.next = self.next.saturating_add(1);
        Ok(Scan::Piece(piece))
    }

    /// The bytes that say how long the piece is.
    fn shortest(&self, bytes: &[u8]) -> usize {
        match self.content_type {
            ContentType::NonFramed => IV_LENGTH + 8,
            ContentType::Framed(_) if bytes.starts_with(&SEQUENCE_NUMBER_END.to_be_bytes()) => {
                FINAL_CONTENT_OFFSET
            }
            ContentType::Framed(_) => REGULAR_CONTENT_OFFSET,
        }
    }

    fn frame(&self, bytes: &[u8], frame_length: FrameLength) -> Result<Option<Piece>, DecryptError> {
        let mut fields = Fields::new(bytes);
        let Some(mut found) = fields.u32() else {
            return Ok(None);
        };
        let is_final = found == SEQUENCE_NUMBER_END;
        if is_final {
            match fields.u32() {
                None => return Ok(None),
                Some(number) => found = number,
            }
        }
        if found != self.next {
            let expected = self.next;
            return Err(self.fault(BodyFault::SequenceNumber { expected, found }));
        }
        let Some(iv) = fields.array() else { return Ok(None) };
        let (kind, length) = if is_final {
            let Some(length) = fields.u32() else {
                return Ok(None);
            };
            (BodyPiece::Final, length)
        } else {
            (BodyPiece::Regular, frame_length.get())
        };
        if length > frame_length.get() {
            let (max, found) = (frame_length.get(), length);
            return Err(self.fault(BodyFault::FinalFrameLength { max, found }));
        }
        Ok(Some(self.piece(kind, iv, fields.read(), length as usize)))
    }

    fn non_framed(&self, bytes: &[u8]) -> Result<Option<Piece>, DecryptError> {
        let mut fields = Fields::new(bytes);
        let (Some(iv), Some(found)) = (fields.array(), fields.u64()) else {
            return Ok(None);
        };
        let max = self.max_length;
        match usize::try_from(found) {
            Ok(length) if found <= max => Ok(Some(self.piece(BodyPiece::Single, iv, fields.read(), length))),
            _ => Err(self.fault(BodyFault::ContentLength { max, found })),
        }
    }

    fn piece(&self, kind: BodyPiece, iv: [u8; IV_LENGTH], start: usize, length: usize) -> Piece {
        Piece {
            kind,
            sequence_number: self.next,
            iv,
            offset: self.offset,
            content: start..start.saturating_add(length),
        }
    }

    fn fault(&self, fault: BodyFault) -> DecryptError {
        DecryptError::Body {
            offset: self.offset,
            fault,
        }
    }
}
