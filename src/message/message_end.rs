//! What follows the body: the footer of a signed message (`message-footer`), and then nothing.

use super::wire::Fields;
use super::{BodyFault, DecryptError, MessageVerifier};

/// Hashes a signed message on its way and judges what stands after its body.
#[derive(Debug)]
pub struct MessageEnd {
    verifier: Option<MessageVerifier>,
}

impl MessageEnd {
    pub(super) fn new(verifier: Option<MessageVerifier>) -> Self {
        Self { verifier }
    }

    /// The body's next bytes, in order; the header is already in.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(verifier) = &mut self.verifier {
            verifier.update(bytes);
        }
    }

    /// Whether the message is signed, so that a footer follows and the last piece waits for it.
    pub fn is_signed(&self) -> bool {
        self.verifier.is_some()
    }

    /// The most bytes that may follow the body, given its first ones: a reader needs to hold no more.
    pub fn most(&self, rest: &[u8]) -> usize {
        match (&self.verifier, rest.first_chunk()) {
            (None, _) => 0,
            (Some(_), None) => 2 + usize::from(u16::MAX),
            (Some(_), Some(length)) => 2 + usize::from(u16::from_be_bytes(*length)),
        }
    }

    /// Checks that `rest`, which begins at `offset`, is the footer and the signature holds, or is
    /// nothing if the message is not signed.
    pub fn finish(self, offset: u64, rest: &[u8]) -> Result<(), DecryptError> {
        let fault = |read: usize, fault| DecryptError::Body {
            offset: offset.saturating_add(read as u64),
            fault,
        };
        let mut fields = Fields::new(rest);
        if let Some(verifier) = self.verifier {
            let Some(signature) = fields.field() else {
                return Err(fault(
                    rest.len(),
                    BodyFault::Truncated("the footer with the signature"),
                ));
            };
            if signature.is_empty() {
                return Err(fault(0, BodyFault::SignatureEmpty));
            }
            if fields.left() == 0 {
                verifier.verify(signature)?;
            }
        }
        match fields.left() {
            0 => Ok(()),
            _ => Err(fault(fields.read(), BodyFault::Trailing)),
        }
    }
}
