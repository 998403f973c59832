//! Writes one message: the header at once, then frames as the plaintext comes, then the footer.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::derivation::{DerivedKeys, Dialect};
use super::frame::{FINAL_OVERHEAD, REGULAR_CONTENT_OFFSET, REGULAR_OVERHEAD, iv};
use super::header::{ContentType, Header, HeaderAuthentication};
use super::{
    Aead, EncryptError, EncryptionContext, EncryptionMaterials, FINAL_CONTENT_OFFSET, FrameLength,
    FrameSealer, MessageId, MessageSigner, PUBLIC_KEY, RESERVED_PREFIX, SequenceNumbers, TAG_LENGTH,
};

/// Writes one message, framed, with key commitment.
#[derive(Debug)]
pub struct Encryptor {
    header: Header,
    header_bytes: Vec<u8>,
    sealer: FrameSealer,
    sequence_numbers: SequenceNumbers,
    signer: Option<MessageSigner>,
    /// Plaintext that does not fill a frame yet: always less than one.
    pending: Zeroizing<Vec<u8>>,
    header_written: bool,
}

/// An encryptor taken apart, for whoever seals frames in parallel.
#[derive(Debug)]
pub struct EncryptorParts {
    /// Header body and header authentication: the message's first bytes.
    pub header_bytes: Vec<u8>,
    /// Seals frames from any number of threads.
    pub sealer: FrameSealer,
    /// The frames' numbers in the order in which the frames stand in the message.
    pub sequence_numbers: SequenceNumbers,
    /// Takes every byte of the message in order and gives the footer; the header is already in it.
    pub signer: Option<MessageSigner>,
}

impl Encryptor {
    /// A new message with a fresh id.
    pub fn new(materials: &EncryptionMaterials, frame_length: FrameLength) -> Result<Self, EncryptError> {
        let suite = materials.algorithm_suite;
        if !suite.commits() {
            return Err(EncryptError::NotCommitting(suite.name()));
        }
        let message_id = MessageId::generate(suite.message_version())?;
        Self::with_message_id(materials, frame_length, message_id)
    }

    /// A message with a given id and any suite, for known answers and for testing what reads them.
    /// Two messages under one data key and one id would share their key and IVs.
    #[doc(hidden)]
    pub fn with_message_id(
        materials: &EncryptionMaterials,
        frame_length: FrameLength,
        message_id: MessageId,
    ) -> Result<Self, EncryptError> {
        let suite = materials.algorithm_suite;
        if frame_length.get() > FrameLength::MAX_WRITTEN {
            return Err(EncryptError::FrameLength(frame_length.get()));
        }
        check_signing_key(materials)?;
        let keys = DerivedKeys::derive(
            suite,
            &materials.plaintext_data_key,
            &message_id,
            Dialect::Specified,
        )?;
        let (stored, required) = split_context(
            &materials.encryption_context,
            &materials.required_encryption_context_keys,
        )?;
        let header = Header {
            algorithm_suite: suite,
            message_id,
            encryption_context: stored,
            encrypted_data_keys: materials.encrypted_data_keys.clone(),
            content_type: ContentType::Framed(frame_length),
            commitment_key: keys.commitment_key,
        };
        let header_bytes = authenticated(&header, &required, &Aead::new(keys.data_key.expose())?)?;
        let mut signer = materials.signing_key.clone().map(MessageSigner::new);
        if let Some(signer) = &mut signer {
            signer.update(&header_bytes);
        }
        Ok(Self {
            header,
            header_bytes,
            sealer: FrameSealer::new(Aead::bulk(keys.data_key.expose())?, message_id, frame_length),
            sequence_numbers: SequenceNumbers::new(),
            signer,
            pending: Zeroizing::new(Vec::new()),
            header_written: false,
        })
    }

    /// What the header says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Header body and header authentication, which [`Encryptor::update`] writes first.
    pub fn header_bytes(&self) -> &[u8] {
        &self.header_bytes
    }

    /// The exact size of the whole message for a plaintext of this length.
    pub fn message_length(&self, plaintext_length: u64) -> u64 {
        let frame_length = u64::from(self.sealer.frame_length().get());
        let regular_frames = plaintext_length / frame_length;
        let footer = self
            .header
            .algorithm_suite
            .signature()
            .map_or(0, |scheme| 2 + scheme.signature_length());
        let fixed = self.header_bytes.len() + FINAL_OVERHEAD + footer;
        regular_frames
            .saturating_mul(REGULAR_OVERHEAD as u64)
            .saturating_add(plaintext_length)
            .saturating_add(fixed as u64)
    }

    /// Takes the next plaintext and appends what is ready of the message to `out`.
    pub fn update(&mut self, mut plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), EncryptError> {
        let from = self.begin(out);
        let frame_length = self.sealer.frame_length().size();
        // A full frame is written at once: the final one is shorter, so it can never be this one.
        while self.pending.len() + plaintext.len() >= frame_length {
            let (head, rest) = plaintext.split_at(frame_length - self.pending.len());
            plaintext = rest;
            self.regular_frame(head, out)?;
        }
        self.keep(plaintext, frame_length);
        self.sign(from, out);
        Ok(())
    }

    /// Appends the final frame and the footer to `out`.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), EncryptError> {
        let from = self.begin(out);
        let number = self.sequence_numbers.next().ok_or(EncryptError::TooManyFrames)?;
        let start = out.len();
        out.resize(start + FINAL_CONTENT_OFFSET, 0);
        out.extend_from_slice(&self.pending);
        out.resize(out.len() + TAG_LENGTH, 0);
        self.sealer
            .seal_final(number, out.get_mut(start..).unwrap_or_default())?;
        self.sign(from, out);
        if let Some(signer) = self.signer {
            out.extend(signer.finish()?);
        }
        Ok(())
    }

    /// Takes a fresh encryptor apart. After [`Encryptor::update`] it is too late: the numbers go on
    /// where they are, and plaintext that waits for its frame is lost.
    pub fn into_parts(self) -> EncryptorParts {
        EncryptorParts {
            header_bytes: self.header_bytes,
            sealer: self.sealer,
            sequence_numbers: self.sequence_numbers,
            signer: self.signer,
        }
    }

    /// Writes the header before anything else, and says from where on `out` is to be signed; the
    /// signer has had the header from the start.
    fn begin(&mut self, out: &mut Vec<u8>) -> usize {
        if !self.header_written {
            out.extend_from_slice(&self.header_bytes);
            self.header_written = true;
        }
        out.len()
    }

    fn regular_frame(&mut self, head: &[u8], out: &mut Vec<u8>) -> Result<(), EncryptError> {
        let number = self.sequence_numbers.next().ok_or(EncryptError::TooManyFrames)?;
        let start = out.len();
        out.reserve(self.sealer.frame_length().regular_frame_size());
        out.resize(start + REGULAR_CONTENT_OFFSET, 0);
        out.extend_from_slice(&self.pending);
        self.pending.clear();
        out.extend_from_slice(head);
        out.resize(out.len() + TAG_LENGTH, 0);
        self.sealer
            .seal_regular(number, out.get_mut(start..).unwrap_or_default())
    }

    /// Keeps plaintext for later, in memory that is wiped when it is outgrown and when it is dropped.
    fn keep(&mut self, plaintext: &[u8], frame_length: usize) {
        if plaintext.is_empty() {
            return;
        }
        if self.pending.capacity() < self.pending.len() + plaintext.len() {
            let wanted = self.pending.len() + plaintext.len();
            let capacity = wanted.saturating_mul(2).min(frame_length);
            let mut grown = Zeroizing::new(Vec::with_capacity(capacity));
            grown.extend_from_slice(&self.pending);
            self.pending = grown;
        }
        self.pending.extend_from_slice(plaintext);
    }

    fn sign(&mut self, from: usize, out: &[u8]) {
        if let (Some(signer), Some(bytes)) = (&mut self.signer, out.get(from..)) {
            signer.update(bytes);
        }
    }
}

/// The signing key is there if the suite signs, and is the one whose public half readers will find.
fn check_signing_key(materials: &EncryptionMaterials) -> Result<(), EncryptError> {
    let published = materials.encryption_context.get(PUBLIC_KEY);
    let agree = match (&materials.signing_key, materials.algorithm_suite.signature()) {
        (None, None) => published.is_none(),
        (Some(key), Some(scheme)) => key.scheme() == scheme && published == Some(key.public_key()?.as_str()),
        _ => false,
    };
    if agree {
        Ok(())
    } else {
        Err(EncryptError::SigningKey)
    }
}

/// Splits the encryption context into what the header stores and what it only authenticates.
fn split_context(
    context: &EncryptionContext,
    required: &BTreeSet<String>,
) -> Result<(EncryptionContext, EncryptionContext), EncryptError> {
    let absent = |key: &&String| key.starts_with(RESERVED_PREFIX) || context.get(key).is_none();
    if let Some(key) = required.iter().find(absent) {
        return Err(EncryptError::RequiredKey(key.clone()));
    }
    let (mut stored, mut only_authenticated) = (EncryptionContext::default(), EncryptionContext::default());
    for (key, value) in context.iter() {
        let part = if required.contains(key) {
            &mut only_authenticated
        } else {
            &mut stored
        };
        part.insert(key.into(), value.into())
            .map_err(EncryptError::Context)?;
    }
    Ok((stored, only_authenticated))
}

/// Header body and header authentication (`message-header`, "Header Authentication").
fn authenticated(
    header: &Header,
    required: &EncryptionContext,
    aead: &Aead,
) -> Result<Vec<u8>, EncryptError> {
    let mut bytes = header.serialize()?;
    let length = bytes.len();
    bytes.extend(required.serialize().map_err(EncryptError::Context)?);
    let tag = aead.seal(&iv(0), &bytes, &mut [])?;
    bytes.truncate(length);
    HeaderAuthentication { iv: iv(0), tag }.put(header.algorithm_suite.message_version(), &mut bytes);
    Ok(bytes)
}
