//! Reads a header from bytes that arrive in any pieces, and refuses what may not be opened before a
//! key is unwrapped for it.

use super::context_reader::read_context;
use super::header::{
    ContentType, Header, HeaderAuthentication, MESSAGE_TYPE, UnverifiedHeader, WIRE_IV_LENGTH,
};
use super::header_error::{HeaderError, HeaderFault};
use super::wire::Fields;
use super::{
    AlgorithmSuite, CommitmentKey, DecryptOptions, EncryptedDataKey, EncryptionContext, FrameLength,
    IV_LENGTH, MessageId, MessageVersion, looks_like_base64,
};

/// What a reader has after some input.
#[derive(Debug)]
pub enum HeaderProgress {
    /// All input was taken and the header goes on.
    NeedMore,
    /// The header is whole.
    Complete {
        /// The header.
        header: Box<UnverifiedHeader>,
        /// How many bytes of the last input belong to it; the rest is the body's.
        consumed: usize,
    },
}

/// An incremental header parser. It keeps the header's bytes and reads each field once.
#[derive(Debug)]
pub struct HeaderReader {
    options: DecryptOptions,
    bytes: Vec<u8>,
    position: usize,
    stage: Stage,
    suite: Option<AlgorithmSuite>,
    message_id: Option<MessageId>,
    context: EncryptionContext,
    encrypted_data_keys: Vec<EncryptedDataKey>,
}

/// What comes next; each stage is read once all of it is there.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Suite,
    MessageId,
    Context,
    EncryptedDataKeyCount,
    EncryptedDataKeys(u16),
    Tail,
}

impl Stage {
    const fn expected(self) -> &'static str {
        match self {
            Self::Suite => "the version and the algorithm suite",
            Self::MessageId => "the message id",
            Self::Context => "the encryption context",
            Self::EncryptedDataKeyCount => "the number of encrypted data keys",
            Self::EncryptedDataKeys(_) => "an encrypted data key",
            Self::Tail => "the content type, the frame length and the header authentication",
        }
    }
}

/// A stage's outcome: `None` asks for more bytes.
type Read<T> = Result<Option<T>, HeaderError>;

enum Step {
    To(Stage),
    Done((Header, HeaderAuthentication)),
}

impl HeaderReader {
    /// A reader at the start of a message.
    pub fn new(options: &DecryptOptions) -> Self {
        Self {
            options: *options,
            bytes: Vec::new(),
            position: 0,
            stage: Stage::Suite,
            suite: None,
            message_id: None,
            context: EncryptionContext::default(),
            encrypted_data_keys: Vec::new(),
        }
    }

    /// Takes the message's next bytes.
    pub fn update(&mut self, input: &[u8]) -> Result<HeaderProgress, HeaderError> {
        let before = self.bytes.len();
        // Only the bytes that a header may have are kept, however long the input is.
        let room = self.options.max_header_length.saturating_sub(before);
        self.bytes.extend(input.iter().take(room));
        while let Some(header) = self.step()? {
            if let Some(header) = header {
                let consumed = header.bytes.len().saturating_sub(before);
                return Ok(HeaderProgress::Complete {
                    header: Box::new(header),
                    consumed,
                });
            }
        }
        if input.len() > room {
            return Err(self.fault(HeaderFault::TooLong(self.options.max_header_length)));
        }
        Ok(HeaderProgress::NeedMore)
    }

    /// Why the header is not whole, when the input has ended.
    pub fn truncated(&self) -> HeaderError {
        HeaderError {
            offset: self.bytes.len(),
            fault: HeaderFault::Truncated(self.stage.expected()),
        }
    }

    /// Reads a header that is there as a whole, and says how long it is.
    pub fn parse(message: &[u8], options: &DecryptOptions) -> Result<(UnverifiedHeader, usize), HeaderError> {
        let mut reader = Self::new(options);
        match reader.update(message)? {
            HeaderProgress::Complete { header, consumed } => Ok((*header, consumed)),
            HeaderProgress::NeedMore => Err(reader.truncated()),
        }
    }

    /// Reads one stage: `None` if its bytes are not there yet, the header after the last one.
    fn step(&mut self) -> Read<Option<UnverifiedHeader>> {
        let mut bytes = std::mem::take(&mut self.bytes);
        let mut fields = Fields::new(bytes.get(self.position..).unwrap_or_default());
        let read = match self.stage {
            Stage::Suite => self.read_suite(&mut fields).map(|read| read.map(Step::To)),
            Stage::MessageId => Ok(self.read_message_id(&mut fields).map(Step::To)),
            Stage::Context => self.read_context(&mut fields).map(|read| read.map(Step::To)),
            Stage::EncryptedDataKeyCount => self.read_count(&mut fields).map(|read| read.map(Step::To)),
            Stage::EncryptedDataKeys(left) => self
                .read_encrypted_data_key(&mut fields, left)
                .map(|read| read.map(Step::To)),
            Stage::Tail => self.read_tail(&mut fields).map(|read| read.map(Step::Done)),
        };
        let end = self.position + fields.read();
        match read {
            Ok(Some(Step::Done((header, authentication)))) => {
                bytes.truncate(end);
                Ok(Some(Some(UnverifiedHeader {
                    header,
                    bytes,
                    authentication,
                })))
            }
            Ok(Some(Step::To(stage))) => {
                (self.bytes, self.position, self.stage) = (bytes, end, stage);
                Ok(Some(None))
            }
            Ok(None) => {
                self.bytes = bytes;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn fault(&self, fault: HeaderFault) -> HeaderError {
        self.fault_after(0, fault)
    }

    fn fault_after(&self, read: usize, fault: HeaderFault) -> HeaderError {
        HeaderError {
            offset: self.position + read,
            fault,
        }
    }

    fn read_suite(&mut self, fields: &mut Fields<'_>) -> Read<Stage> {
        let mut ahead = fields.clone();
        let version = match ahead.u8() {
            None => return Ok(None),
            Some(1) => MessageVersion::V1,
            Some(2) => MessageVersion::V2,
            // Four characters tell base64 from a stray byte; fewer can still become more.
            Some(b'A') if fields.left() < 4 => return Ok(None),
            Some(_) if looks_like_base64(fields.bytes(4).unwrap_or_default()) => {
                return Err(self.fault(HeaderFault::Base64));
            }
            Some(other) => return Err(self.fault(HeaderFault::Version(other))),
        };
        if version == MessageVersion::V1 {
            match ahead.u8() {
                None => return Ok(None),
                Some(MESSAGE_TYPE) => {}
                Some(other) => return Err(self.fault_after(1, HeaderFault::MessageType(other))),
            }
        }
        let at = ahead.read();
        let Some(id) = ahead.u16() else { return Ok(None) };
        let suite = AlgorithmSuite::from_id(id)
            .ok_or_else(|| self.fault_after(at, HeaderFault::AlgorithmSuite(id)))?;
        let name = suite.name();
        if suite.message_version() != version {
            return Err(self.fault_after(at, HeaderFault::SuiteOfOtherVersion { suite: name, version }));
        }
        let policy = self.options.commitment_policy;
        if !policy.allows_decrypt(suite) {
            return Err(self.fault_after(at, HeaderFault::Policy { suite: name, policy }));
        }
        self.suite = Some(suite);
        *fields = ahead;
        Ok(Some(Stage::MessageId))
    }

    fn read_message_id(&mut self, fields: &mut Fields<'_>) -> Option<Stage> {
        let length = self
            .suite
            .map_or(0, |suite| MessageId::length(suite.message_version()));
        self.message_id = fields.bytes(length).and_then(MessageId::from_bytes);
        self.message_id.map(|_| Stage::Context)
    }

    fn read_context(&mut self, fields: &mut Fields<'_>) -> Read<Stage> {
        let Some(bytes) = fields.field() else {
            return Ok(None);
        };
        self.context = read_context(bytes, self.position + 2)?;
        Ok(Some(Stage::EncryptedDataKeyCount))
    }

    fn read_count(&mut self, fields: &mut Fields<'_>) -> Read<Stage> {
        let Some(count) = fields.u16() else {
            return Ok(None);
        };
        let found = usize::from(count);
        match self.options.max_encrypted_data_keys {
            _ if count == 0 => Err(self.fault(HeaderFault::NoEncryptedDataKey)),
            Some(max) if found > max => Err(self.fault(HeaderFault::TooManyEncryptedDataKeys { max, found })),
            _ => Ok(Some(Stage::EncryptedDataKeys(count))),
        }
    }

    fn read_encrypted_data_key(&mut self, fields: &mut Fields<'_>, left: u16) -> Read<Stage> {
        let mut ahead = fields.clone();
        let (Some(id), Some(info), Some(ciphertext)) = (ahead.field(), ahead.field(), ahead.field()) else {
            return Ok(None);
        };
        let provider_id = std::str::from_utf8(id)
            .map_err(|_| self.fault_after(2, HeaderFault::Utf8("a key provider id")))?;
        self.encrypted_data_keys.push(EncryptedDataKey {
            provider_id: provider_id.into(),
            provider_info: info.into(),
            ciphertext: ciphertext.into(),
        });
        *fields = ahead;
        Ok(Some(match left {
            0 | 1 => Stage::Tail,
            more => Stage::EncryptedDataKeys(more - 1),
        }))
    }

    /// Checks what there is of the last fixed-length fields, so that a wrong one is named even if the
    /// input ends after it, and assembles the header.
    fn read_tail(&mut self, fields: &mut Fields<'_>) -> Read<(Header, HeaderAuthentication)> {
        let (Some(suite), Some(message_id)) = (self.suite, self.message_id) else {
            return Ok(None);
        };
        let version = suite.message_version();
        let Some(framed) = fields.u8() else {
            return Ok(None);
        };
        if !matches!(framed, 1 | 2) {
            return Err(self.fault(HeaderFault::ContentType(framed)));
        }
        if version == MessageVersion::V1 {
            match fields.u32() {
                None => return Ok(None),
                Some(0) => {}
                Some(other) => return Err(self.fault_after(1, HeaderFault::Reserved(other))),
            }
            match fields.u8() {
                None => return Ok(None),
                Some(WIRE_IV_LENGTH) => {}
                Some(other) => return Err(self.fault_after(5, HeaderFault::IvLength(other))),
            }
        }
        let at = fields.read();
        let Some(frame_length) = fields.u32() else {
            return Ok(None);
        };
        let content_type = self
            .content_type(framed == 2, frame_length)
            .map_err(|fault| self.fault_after(at, fault))?;
        let commitment_key = match version {
            MessageVersion::V1 => None,
            MessageVersion::V2 => match fields.array::<{ CommitmentKey::LENGTH }>() {
                None => return Ok(None),
                Some(key) => Some(key.into()),
            },
        };
        let iv = match version {
            MessageVersion::V1 => fields.array(),
            MessageVersion::V2 => Some([0; IV_LENGTH]),
        };
        let (Some(iv), Some(tag)) = (iv, fields.array()) else {
            return Ok(None);
        };
        let header = Header {
            algorithm_suite: suite,
            message_id,
            encryption_context: std::mem::take(&mut self.context),
            encrypted_data_keys: std::mem::take(&mut self.encrypted_data_keys),
            content_type,
            commitment_key,
        };
        Ok(Some((header, HeaderAuthentication { iv, tag })))
    }

    fn content_type(&self, framed: bool, frame_length: u32) -> Result<ContentType, HeaderFault> {
        match (framed, FrameLength::new(frame_length)) {
            (false, None) => Ok(ContentType::NonFramed),
            (false, Some(_)) => Err(HeaderFault::FrameLengthUnframed(frame_length)),
            (true, None) => Err(HeaderFault::FrameLengthZero),
            (true, Some(length)) => match self.options.max_length {
                Some(max) if u64::from(frame_length) > max => Err(HeaderFault::FrameLengthTooLong {
                    max,
                    found: frame_length,
                }),
                _ => Ok(ContentType::Framed(length)),
            },
        }
    }
}
