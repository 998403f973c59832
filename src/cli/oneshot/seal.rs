//! One input becomes one message.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tokio::runtime::Handle;
use zeroize::Zeroizing;

use super::plan::{Destination, Job, Source};
use super::pool::{Existing, Work};
use super::progress::Progress;
use super::records::Facts;
use super::whole_file::WholeFile;
use crate::cli::base64_stream::{Decoded, Encoded};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::key_failure;
use crate::fs::PathContext as _;
use crate::materials::{MaterialsManager, ReservedMaterials};
use crate::message::{EncryptError, Encryptor, FrameLength, HeaderRecord};
use crate::seal::{PumpError, seal_file};

/// Bytes that go through memory at a time where a file cannot be cut into frames in parallel.
const STEP: usize = 512 * 1024;
/// What a new file may have before the umask; only a source that has a mode says better.
const STREAM_MODE: u32 = 0o600;

/// How messages are written.
#[derive(Debug)]
pub(in crate::cli) struct Sealing {
    pub(in crate::cli) runtime: Handle,
    pub(in crate::cli) manager: MaterialsManager,
    pub(in crate::cli) frame_length: FrameLength,
    pub(in crate::cli) max_encrypted_data_keys: Option<u16>,
    pub(in crate::cli) decode: bool,
    pub(in crate::cli) encode: bool,
    pub(in crate::cli) existing: Existing,
}

impl Work for Sealing {
    fn mode(&self) -> &'static str {
        "encrypt"
    }

    fn existing(&self) -> &Existing {
        &self.existing
    }

    fn run(&self, job: &Job, facts: &mut Facts, progress: &Progress) -> Result<u64, Failure> {
        let opened = open_source(&job.source)?;
        let length = opened.regular.filter(|_| !self.decode);
        let materials = self.materials(length)?;
        self.count_keys(materials.encrypted_data_keys.len())?;
        let encryptor = Encryptor::new(&materials, self.frame_length)
            .map_err(|error| Failure::new(Exit::Usage, error))?;
        facts.header = Some(HeaderRecord::from(encryptor.header()));
        let name = source_path(&job.source);
        let fail = |error| failure(error, "encrypt", name);
        match &job.destination {
            Destination::File(path) => {
                let output = WholeFile::create(path, opened.mode).map_err(Failure::creating)?;
                if let (Some(length), false) = (length, self.encode) {
                    progress.watch(output.file());
                    seal_file(encryptor, &opened.file, length, output.file()).map_err(fail)?;
                    self.existing.publish(output)?;
                    progress.add(length); // the file does not count any more, as it is closed
                    return Ok(length);
                }
                let sink = output.file().as_ref();
                let bytes = self
                    .stream(encryptor, opened.file, length, sink, progress)
                    .map_err(fail)?;
                self.existing.publish(output)?;
                Ok(bytes)
            }
            Destination::Special(path) => {
                let sink = open_special(path)?;
                self.stream(encryptor, opened.file, length, sink, progress)
                    .map_err(fail)
            }
            Destination::Stdout | Destination::Nowhere => {
                let sink = io::stdout().lock();
                self.stream(encryptor, opened.file, length, sink, progress)
                    .map_err(fail)
            }
        }
    }
}

impl Sealing {
    /// A share of a data key; a length that is not known gets a key of its own, as no limit could
    /// be held otherwise.
    fn materials(&self, length: Option<u64>) -> Result<ReservedMaterials, Failure> {
        loop {
            let wanted = self.manager.encryption_materials(length.unwrap_or(u64::MAX));
            let mut materials = self
                .runtime
                .block_on(wanted)
                .map_err(|error| key_failure::to_seal(&error))?;
            if materials.begin() {
                return Ok(materials);
            }
        }
    }

    fn count_keys(&self, found: usize) -> Result<(), Failure> {
        match self.max_encrypted_data_keys {
            Some(max) if found > usize::from(max) => Err(Failure::usage(format!(
                "{found} wrapping keys are more than --max-encrypted-data-keys {max}"
            ))),
            _ => Ok(()),
        }
    }

    fn stream(
        &self,
        encryptor: Encryptor,
        source: File,
        length: Option<u64>,
        sink: impl Write,
        progress: &Progress,
    ) -> Result<u64, PumpError<EncryptError>> {
        let source = progress.counting(source);
        let source: Box<dyn Read> = if self.decode {
            Box::new(Decoded::new(source))
        } else {
            Box::new(source)
        };
        let sink = BufWriter::with_capacity(STEP, sink);
        let bytes = if self.encode {
            let mut sink = Encoded::new(sink);
            let bytes = push(encryptor, source, &mut sink)?;
            sink.finish()
                .and_then(|mut sink| sink.flush())
                .map_err(PumpError::Write)?;
            bytes
        } else {
            let mut sink = sink;
            let bytes = push(encryptor, source, &mut sink)?;
            sink.flush().map_err(PumpError::Write)?;
            bytes
        };
        match length {
            Some(length) if length != bytes => Err(PumpError::LengthChanged),
            _ => Ok(bytes),
        }
    }
}

fn push(
    mut encryptor: Encryptor,
    mut source: impl Read,
    sink: &mut impl Write,
) -> Result<u64, PumpError<EncryptError>> {
    let mut plaintext = Zeroizing::new(vec![0; STEP]);
    let mut message = Vec::new();
    let mut bytes = 0;
    loop {
        let read = match source.read(&mut plaintext) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(PumpError::Read(error)),
        };
        bytes += read as u64;
        let plaintext = plaintext.get(..read).unwrap_or_default();
        encryptor
            .update(plaintext, &mut message)
            .map_err(PumpError::Message)?;
        sink.write_all(&message).map_err(PumpError::Write)?;
        message.clear();
    }
    encryptor.finish(&mut message).map_err(PumpError::Message)?;
    sink.write_all(&message).map_err(PumpError::Write)?;
    Ok(bytes)
}

/// An input, open.
pub(super) struct OpenSource {
    pub(super) file: File,
    /// The size, of a regular file.
    pub(super) regular: Option<u64>,
    /// The permission bits that its output gets.
    pub(super) mode: u32,
}

pub(super) fn open_source(source: &Source) -> Result<OpenSource, Failure> {
    let reading = |error: crate::fs::PathError| Failure::new(Exit::of_reading(&error.source), error);
    let path = source_path(source);
    let file = match source {
        Source::Stdin => rustix::io::dup(io::stdin())
            .map(File::from)
            .path_context("open", path)
            .map_err(reading)?,
        Source::File(path) => File::open(path).path_context("open", path).map_err(reading)?,
    };
    let stat = file.metadata().path_context("look at", path).map_err(reading)?;
    let named = matches!(source, Source::File(_)) && stat.is_file();
    Ok(OpenSource {
        file,
        regular: named.then_some(stat.len()),
        mode: if named {
            stat.permissions().mode() & 0o777
        } else {
            STREAM_MODE
        },
    })
}

pub(super) fn source_path(source: &Source) -> &Path {
    match source {
        Source::Stdin => Path::new("<stdin>"),
        Source::File(path) => path,
    }
}

pub(super) fn open_special(path: &Path) -> Result<File, Failure> {
    let opened = File::options().write(true).open(path).path_context("open", path);
    opened.map_err(Failure::creating)
}

/// What went wrong between a source and its output, told with the source's name.
pub(super) fn failure<E>(error: PumpError<E>, action: &'static str, path: &Path) -> Failure
where
    E: std::error::Error + Send + Sync + 'static,
{
    #[derive(Debug, thiserror::Error)]
    #[error("failed to {action} {path:?}")]
    struct Failed<E: std::error::Error + 'static> {
        action: &'static str,
        path: std::path::PathBuf,
        #[source]
        source: E,
    }
    let exit = match &error {
        PumpError::Message(_) => Exit::Data,
        _ => Exit::Io,
    };
    let path = path.to_owned();
    Failure::new(
        exit,
        Failed {
            action,
            path,
            source: error,
        },
    )
}
