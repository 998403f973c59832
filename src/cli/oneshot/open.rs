//! One message becomes one output, or is only proven.
//!
//! No byte of a message that does not hold is left anywhere: a file gets its name once the message is
//! proven whole, and before anything goes to a pipe the message is read twice.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek as _, Write};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use tokio::runtime::Handle;

use super::naming_keyring::NamingKeyring;
use super::open_options::OpenSettings;
use super::options::RequiredContext;
use super::plan::{Destination, Job};
use super::pool::{Existing, Work};
use super::progress::Progress;
use super::records::{Facts, Mismatch};
use super::seal::{OpenSource, failure, open_source, open_special, source_path};
use super::whole_file::{WholeFile, scratch_file};
use crate::cli::base64_stream::{Decoded, Encoded};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::key_failure;
use crate::materials::DecryptionManager;
use crate::message::{
    DecryptError, DecryptOptions, DecryptionMaterials, Decryptor, Header, HeaderAuthRecord, HeaderRecord,
    KeyProviderRecord, UnverifiedHeader,
};
use crate::seal::{FileReader, PumpError, Sink, open_body, read_header};

const BUFFER: usize = 512 * 1024;

/// How messages are read.
#[derive(Debug)]
pub(in crate::cli) struct Opening {
    mode: &'static str,
    runtime: Handle,
    keyring: Arc<NamingKeyring>,
    manager: DecryptionManager,
    options: DecryptOptions,
    required: RequiredContext,
    decode: bool,
    encode: bool,
    existing: Existing,
}

/// The message's encryption context is not the one asked for.
#[derive(Debug, Error)]
#[error("failed to decrypt {path:?}: its encryption context does not have {}", .missing.join(", "))]
struct ContextMismatch {
    path: std::path::PathBuf,
    missing: Vec<String>,
}

impl Work for Opening {
    fn mode(&self) -> &'static str {
        self.mode
    }

    fn existing(&self) -> &Existing {
        &self.existing
    }

    fn run(&self, job: &Job, facts: &mut Facts, progress: &Progress) -> Result<u64, Failure> {
        let source = open_source(&job.source)?;
        let fail = |error| self.failure(error, job);
        match &job.destination {
            Destination::Nowhere => {
                let bytes = self.open(job, &source, Sink::Nowhere, facts, progress)?;
                Ok(bytes)
            }
            Destination::File(path) => {
                let output = WholeFile::create(path, source.mode).map_err(Failure::creating)?;
                let bytes = if self.encode {
                    let mut sink = Encoded::new(BufWriter::with_capacity(BUFFER, output.file().as_ref()));
                    let bytes = self.open(job, &source, Sink::Stream(&mut sink), facts, progress)?;
                    finish(sink).map_err(fail)?;
                    bytes
                } else {
                    self.open(job, &source, Sink::File(output.file()), facts, progress)?
                };
                self.existing.publish(output)?;
                Ok(bytes)
            }
            Destination::Special(path) => {
                self.prove_then_write(job, source, open_special(path)?, facts, progress)
            }
            Destination::Stdout => self.prove_then_write(job, source, io::stdout(), facts, progress),
        }
    }
}

impl Opening {
    /// With this keyring and these limits.
    pub(in crate::cli) fn new(
        mode: &'static str,
        runtime: Handle,
        keyring: Arc<dyn crate::keyring::Keyring>,
        options: OpenSettings,
    ) -> Self {
        let keyring = Arc::new(NamingKeyring::new(keyring));
        let shared: Arc<dyn crate::keyring::Keyring> = Arc::<NamingKeyring>::clone(&keyring);
        Self {
            mode,
            runtime,
            keyring,
            manager: DecryptionManager::new(shared, options.cache),
            options: options.decrypt,
            required: options.required,
            decode: options.decode,
            encode: options.encode,
            existing: options.existing,
        }
    }

    fn failure(&self, error: PumpError<DecryptError>, job: &Job) -> Failure {
        let failure = failure(error, self.mode, source_path(&job.source));
        if failure.is_base64() {
            failure.with_help("add --decode")
        } else {
            failure
        }
    }

    fn open(
        &self,
        job: &Job,
        source: &OpenSource,
        sink: Sink<'_>,
        facts: &mut Facts,
        progress: &Progress,
    ) -> Result<u64, Failure> {
        let fail = |error| self.failure(error, job);
        let (received, body) = self.header(source, job)?;
        let materials = self.materials(job, &received, facts)?;
        let decryptor = Decryptor::new(received, &materials, &self.options)
            .map_err(|error| fail(PumpError::Message(error)))?;
        let length = source.regular.unwrap_or(u64::MAX);
        open_body(decryptor, progress.counting(body), length, sink).map_err(fail)
    }

    fn header<'s>(
        &self,
        source: &'s OpenSource,
        job: &Job,
    ) -> Result<(UnverifiedHeader, Box<dyn Read + Send + 's>), Failure> {
        let reader: Box<dyn Read + Send + 's> = match source.regular {
            Some(_) => Box::new(FileReader::new(&source.file)),
            None => Box::new(&source.file),
        };
        let reader = if self.decode {
            Box::new(Decoded::new(reader))
        } else {
            reader
        };
        let (header, body) = read_header(reader, &self.options).map_err(|error| self.failure(error, job))?;
        Ok((header, Box::new(body)))
    }

    fn materials(
        &self,
        job: &Job,
        received: &UnverifiedHeader,
        facts: &mut Facts,
    ) -> Result<Arc<DecryptionMaterials>, Failure> {
        let header = received.header();
        facts.header = Some(HeaderRecord::from(header));
        facts.header_auth = Some(HeaderAuthRecord::from(received));
        self.check_context(job, header, facts)?;
        let context = header
            .full_encryption_context(&self.required.supplied)
            .map_err(|error| self.failure(PumpError::Message(error), job))?;
        let copies = &header.encrypted_data_keys;
        let wanted = self
            .manager
            .decryption_materials(header.algorithm_suite, &context, copies);
        let materials = self.runtime.block_on(wanted);
        let materials =
            materials.map_err(|error| key_failure::to_open(error, source_path(&job.source), header))?;
        facts.details = self.keyring.opened(copies).map(|copy| {
            let wrapping_key = KeyProviderRecord {
                key_info: STANDARD.encode(&copy.provider_info),
                provider_id: STANDARD.encode(&copy.provider_id),
            };
            serde_json::json!({ "format": 1, "wrapping_key": wrapping_key })
        });
        Ok(materials)
    }

    /// Before a key service is asked: what the message says it is bound to must be what was asked for.
    fn check_context(&self, job: &Job, header: &Header, facts: &mut Facts) -> Result<(), Failure> {
        let context = &header.encryption_context;
        let keys: Vec<String> = self
            .required
            .keys
            .iter()
            .filter(|key| context.get(key).is_none())
            .cloned()
            .collect();
        let pairs: Vec<(String, String)> = self
            .required
            .pairs
            .iter()
            .filter(|(key, value)| context.get(key) != Some(value))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        if keys.is_empty() && pairs.is_empty() {
            return Ok(());
        }
        let of_pairs = pairs.iter().map(|(key, value)| format!("{key:?} = {value:?}"));
        let missing = keys
            .iter()
            .map(|key| format!("{key:?}"))
            .chain(of_pairs)
            .collect();
        facts.mismatch = Some(Mismatch {
            missing_encryption_context_keys: keys,
            missing_encryption_context_pairs: pairs,
            reason: "Missing encryption context key or value",
            skipped: true,
        });
        let path = source_path(&job.source).to_owned();
        Err(Failure::new(Exit::Data, ContextMismatch { path, missing }))
    }

    /// First proves the message, then opens it once more for a reader who cannot be told to forget.
    fn prove_then_write(
        &self,
        job: &Job,
        mut source: OpenSource,
        sink: impl Write + Send,
        facts: &mut Facts,
        progress: &Progress,
    ) -> Result<u64, Failure> {
        let fail = |error| self.failure(error, job);
        if source.regular.is_none() {
            source = spool(source).map_err(|error| fail(PumpError::Read(error)))?;
        }
        self.open(job, &source, Sink::Nowhere, facts, progress)?;
        let mut sink = BufWriter::with_capacity(BUFFER, sink);
        let bytes = if self.encode {
            let mut sink = Encoded::new(sink);
            let bytes = self.open(job, &source, Sink::Stream(&mut sink), facts, progress)?;
            finish(sink).map_err(fail)?;
            bytes
        } else {
            let bytes = self.open(job, &source, Sink::Stream(&mut sink), facts, progress)?;
            sink.flush().map_err(|error| fail(PumpError::Write(error)))?;
            bytes
        };
        Ok(bytes)
    }
}

/// Puts a message from a pipe into a file without a name; it is ciphertext, so that is no leak.
fn spool(mut source: OpenSource) -> io::Result<OpenSource> {
    let mut file: File = scratch_file().map_err(|error| error.source)?;
    let length = io::copy(&mut source.file, &mut file)?;
    file.rewind()?;
    Ok(OpenSource {
        file,
        regular: Some(length),
        mode: source.mode,
    })
}

fn finish(sink: Encoded<impl Write>) -> Result<(), PumpError<DecryptError>> {
    sink.finish()
        .and_then(|mut sink| sink.flush())
        .map_err(PumpError::Write)
}
