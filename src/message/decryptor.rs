//! Reads one message: plaintext comes out frame by frame, each after its tag was checked.

use zeroize::Zeroizing;

use super::derivation::{DerivedKeys, Dialect};
use super::header::{Header, HeaderAuthentication, UnverifiedHeader};
use super::header_error::{HeaderError, HeaderFault};
use super::{
    Aead, BodyFault, BodyScanner, ContentType, DecryptError, DecryptOptions, DecryptionMaterials,
    EncryptionContext, FrameOpener, MessageEnd, MessageVerifier, MessageVersion, Piece, Scan,
};

/// Reads one message from bytes that arrive in any pieces.
///
/// Frames are released as their tags hold. The last frame of a signed message is released by
/// [`Decryptor::finish`] only, once the signature holds; the message is proven whole when that
/// returns, and not before.
#[derive(Debug)]
pub struct Decryptor {
    header: Header,
    scanner: BodyScanner,
    opener: FrameOpener,
    end: MessageEnd,
    state: State,
    /// Bytes of a piece, or of the footer, that is not whole yet.
    pending: Vec<u8>,
    /// Bytes of a piece that are needed before it is looked at again.
    needed: usize,
    withheld: Zeroizing<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Body,
    End,
    Failed,
}

/// A decryptor taken apart, for whoever opens frames in parallel.
#[derive(Debug)]
pub struct DecryptorParts {
    /// The header, now proven.
    pub header: Header,
    /// Finds the pieces in order.
    pub scanner: BodyScanner,
    /// Opens them from any number of threads.
    pub opener: FrameOpener,
    /// Takes the pieces' bytes in order and judges what follows the last one.
    pub end: MessageEnd,
}

impl Decryptor {
    /// Derives the message's keys and proves the header with them: first the commitment, then the tag.
    pub fn new(
        received: UnverifiedHeader,
        materials: &DecryptionMaterials,
        options: &DecryptOptions,
    ) -> Result<Self, DecryptError> {
        check_options(&received, options)?;
        let header = &received.header;
        let suite = header.algorithm_suite;
        if materials.algorithm_suite != suite {
            return Err(DecryptError::Suite {
                expected: suite.name(),
                found: materials.algorithm_suite.name(),
            });
        }
        let required = only_authenticated(&header.encryption_context, &materials.encryption_context)?;

        let keys = prove(&received, materials, &required)?;

        let verifier = materials.verification_key.clone().map(|key| {
            let mut verifier = MessageVerifier::new(key);
            verifier.update(&received.bytes);
            verifier
        });
        let offset = received.bytes.len() as u64;
        let bulk = Aead::bulk(keys.data_key.expose())?;
        Ok(Self {
            scanner: BodyScanner::new(header.content_type, options.max_length, offset),
            opener: FrameOpener::new(bulk, header.message_id),
            end: MessageEnd::new(verifier),
            state: State::Body,
            pending: Vec::new(),
            needed: 0,
            withheld: Zeroizing::new(Vec::new()),
            header: received.header,
        })
    }

    /// The header, now proven.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Takes the message's next bytes after the header and appends what plaintext is proven to `out`.
    pub fn update(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        let done = match self.state {
            State::Failed => Err(self.fault(BodyFault::Failed)),
            State::Body | State::End => self.advance(input, out),
        };
        done.inspect_err(|_| self.state = State::Failed)
    }

    /// Says that the input has ended: checks that the message has, and its signature.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), DecryptError> {
        match self.state {
            State::Failed => Err(self.fault(BodyFault::Failed)),
            State::Body => Err(DecryptError::Body {
                offset: self.scanner.offset().saturating_add(self.pending.len() as u64),
                fault: BodyFault::Truncated(match self.header.content_type {
                    ContentType::NonFramed => "the rest of the non-framed body",
                    ContentType::Framed(_) => "the rest of the frames up to the final one",
                }),
            }),
            State::End => {
                self.end.finish(self.scanner.offset(), &self.pending)?;
                out.extend_from_slice(&self.withheld);
                Ok(())
            }
        }
    }

    /// Takes a fresh decryptor apart, before any [`Decryptor::update`].
    pub fn into_parts(self) -> DecryptorParts {
        DecryptorParts {
            header: self.header,
            scanner: self.scanner,
            opener: self.opener,
            end: self.end,
        }
    }

    fn advance(&mut self, mut input: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        while self.state == State::Body {
            let read = if self.pending.is_empty() {
                self.open_in_input(input, out)?
            } else {
                self.open_in_pending(input, out)?
            };
            let Some(read) = read else { return Ok(()) };
            input = input.get(read..).unwrap_or_default();
        }
        self.keep_footer(input)
    }

    /// Opens a piece that lies whole in the input, without copying it first; keeps a part of one.
    /// Gives the bytes taken, or `None` when all of the input is.
    fn open_in_input(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<Option<usize>, DecryptError> {
        match self.scanner.scan(input)? {
            Scan::Piece(piece) => {
                let size = piece.size();
                self.open(&piece, input.get(..size).unwrap_or_default(), out)?;
                Ok(Some(size))
            }
            Scan::NeedMore(needed) => {
                self.pending.extend_from_slice(input);
                self.needed = needed;
                Ok(None)
            }
        }
    }

    /// Adds input to the part of a piece that is kept, and opens the piece when it is whole.
    fn open_in_pending(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<Option<usize>, DecryptError> {
        let wanted = self.needed.saturating_sub(self.pending.len());
        let taken = input.get(..wanted).unwrap_or(input);
        self.pending.extend_from_slice(taken);
        if self.pending.len() < self.needed {
            return Ok(None);
        }
        let bytes = std::mem::take(&mut self.pending);
        match self.scanner.scan(&bytes)? {
            Scan::NeedMore(needed) => {
                self.pending = bytes;
                self.needed = needed;
            }
            Scan::Piece(piece) => {
                self.open(&piece, &bytes, out)?;
                self.pending = bytes;
                self.pending.clear();
            }
        }
        Ok(Some(taken.len()))
    }

    fn open(&mut self, piece: &Piece, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        let withhold = piece.is_last() && self.end.is_signed();
        let sink = if withhold { &mut *self.withheld } else { out };
        self.opener.open_onto(piece, bytes, sink)?;
        self.end.update(bytes);
        if piece.is_last() {
            self.state = State::End;
        }
        Ok(())
    }

    fn keep_footer(&mut self, input: &[u8]) -> Result<(), DecryptError> {
        for byte in input {
            if self.pending.len() >= self.end.most(&self.pending) {
                let offset = self.scanner.offset().saturating_add(self.pending.len() as u64);
                let fault = BodyFault::Trailing;
                return Err(DecryptError::Body { offset, fault });
            }
            self.pending.push(*byte);
        }
        Ok(())
    }

    fn fault(&self, fault: BodyFault) -> DecryptError {
        DecryptError::Body {
            offset: self.scanner.offset(),
            fault,
        }
    }
}

/// Once more what the header reader checks, as it may have been given other options.
fn check_options(received: &UnverifiedHeader, options: &DecryptOptions) -> Result<(), DecryptError> {
    let suite = received.header.algorithm_suite;
    let (suite_offset, after_frame_length) = match suite.message_version() {
        MessageVersion::V1 => (2, 0),
        MessageVersion::V2 => (1, super::CommitmentKey::LENGTH),
    };
    let policy = options.commitment_policy;
    if !policy.allows_decrypt(suite) {
        let suite = suite.name();
        let fault = HeaderFault::Policy { suite, policy };
        return Err(HeaderError {
            offset: suite_offset,
            fault,
        }
        .into());
    }
    let found = received.header.content_type.frame_length();
    match options.max_length {
        Some(max) if u64::from(found) > max => Err(HeaderError {
            offset: received.body().len().saturating_sub(after_frame_length + 4),
            fault: HeaderFault::FrameLengthTooLong { max, found },
        }
        .into()),
        _ => Ok(()),
    }
}

/// The pairs of the full encryption context that the header does not store; those it stores must be there.
fn only_authenticated(
    stored: &EncryptionContext,
    full: &EncryptionContext,
) -> Result<EncryptionContext, DecryptError> {
    if let Some((key, _)) = stored.iter().find(|&(key, value)| full.get(key) != Some(value)) {
        return Err(DecryptError::Context(key.into()));
    }
    let mut required = EncryptionContext::default();
    for (key, value) in full.iter().filter(|(key, _)| stored.get(key).is_none()) {
        required
            .insert(key.into(), value.into())
            .map_err(DecryptError::ContextSize)?;
    }
    Ok(required)
}

/// Derives the keys that prove the header (`message-header`, "Header Authentication"): the commitment
/// first, then the tag over the bytes as received.
fn prove(
    received: &UnverifiedHeader,
    materials: &DecryptionMaterials,
    required: &EncryptionContext,
) -> Result<DerivedKeys, DecryptError> {
    let header = &received.header;
    let serialized = required.serialize().map_err(DecryptError::ContextSize)?;
    for dialect in [Dialect::Specified, Dialect::Net400] {
        let keys = DerivedKeys::derive(
            header.algorithm_suite,
            &materials.plaintext_data_key,
            &header.message_id,
            dialect,
        )?;
        if keys.commitment_key != header.commitment_key {
            return Err(DecryptError::Commitment);
        }
        let suffix = match dialect {
            Dialect::Net400 if required.is_empty() => &[0, 0],
            _ => &serialized[..],
        };
        let authenticated = [received.body(), suffix].concat();
        let HeaderAuthentication { iv, tag } = received.authentication;
        let opened = Aead::new(keys.data_key.expose())?.open(&iv, &authenticated, &mut [], &tag);
        if opened.is_ok() {
            return Ok(keys);
        }
    }
    Err(DecryptError::HeaderTag)
}
