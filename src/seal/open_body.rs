//! A message's body becomes plaintext, or is only proven.
//!
//! The body is read and cut into pieces in order; the pieces are opened on several threads. The last one waits
//! until the message's end has been judged, so that nothing of a bad message's end is released.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;

use zeroize::Zeroizing;

use super::pump::{BATCH, InOrder, PumpError, Turn, for_each_batch};
use crate::message::{
    BodyFault, BodyScanner, DecryptError, DecryptOptions, Decryptor, DecryptorParts, FrameOpener,
    HeaderProgress, HeaderReader, MessageEnd, Piece, Scan, UnverifiedHeader,
};

type Result<T> = std::result::Result<T, PumpError<DecryptError>>;

/// Where plaintext goes.
#[expect(missing_debug_implementations, reason = "a writer has none")]
pub enum Sink<'a> {
    /// Nowhere: the message is only proven.
    Nowhere,
    /// Into a file, from its beginning, in any order.
    File(&'a File),
    /// Onward, in order.
    Stream(&'a mut (dyn Write + Send)),
}

/// A file read from its beginning without moving its offset, which others may share.
#[derive(Debug)]
pub struct FileReader<'a> {
    file: &'a File,
    offset: u64,
}

impl<'a> FileReader<'a> {
    /// At the file's first byte.
    pub fn new(file: &'a File) -> Self {
        Self { file, offset: 0 }
    }
}

impl Read for FileReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// What follows the header of a message: the bytes that were read with it, and the rest of the source.
pub type Body<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// Reads a message's header, for which a key can then be unwrapped.
pub fn read_header<R: Read>(mut source: R, options: &DecryptOptions) -> Result<(UnverifiedHeader, Body<R>)> {
    const STEP: usize = 8 * 1024;
    let mut reader = HeaderReader::new(options);
    loop {
        let mut bytes = Vec::new();
        let ended = read_up_to(&mut source, &mut bytes, STEP)?;
        match reader
            .update(&bytes)
            .map_err(|error| PumpError::Message(error.into()))?
        {
            HeaderProgress::Complete { header, consumed } => {
                let rest = bytes.split_off(consumed.min(bytes.len()));
                return Ok((*header, io::Cursor::new(rest).chain(source)));
            }
            HeaderProgress::NeedMore if ended => return Err(PumpError::Message(reader.truncated().into())),
            HeaderProgress::NeedMore => {}
        }
    }
}

/// Opens all that follows the header. `length` is a guess at the bytes there are, and decides on the threads only.
/// Returns the bytes of plaintext; the message is proven whole when it does, and not before.
pub fn open_body(decryptor: Decryptor, source: impl Read + Send, length: u64, sink: Sink<'_>) -> Result<u64> {
    let DecryptorParts {
        scanner, opener, end, ..
    } = decryptor.into_parts();
    let mut reader = BodyReader {
        source,
        scanner,
        end,
        carry: Vec::new(),
        at_once: at_once(length),
        index: 0,
        plaintext: 0,
        last: None,
    };
    let out = Out::new(sink);
    for_each_batch(
        length,
        |buffer| reader.take(buffer),
        |buffer, batch: Batch| {
            let turn = out.turn(batch.index);
            open_batch(&opener, buffer, &batch)?;
            if out.is_nowhere() {
                return Ok(());
            }
            out.write(turn, batch.plaintext_offset, gathered(buffer, &batch))
        },
    )?;
    let (piece, mut bytes, offset) = reader.finish()?;
    opener.open(&piece, &mut bytes).map_err(PumpError::Message)?;
    let plaintext = bytes.get(piece.content()).unwrap_or_default();
    out.write_last(offset, plaintext)?;
    Ok(offset + plaintext.len() as u64)
}

/// Pieces that lie one after the other in a buffer.
struct Batch {
    index: u64,
    plaintext_offset: u64,
    pieces: Vec<Piece>,
}

struct BodyReader<R> {
    source: R,
    scanner: BodyScanner,
    end: MessageEnd,
    /// Bytes read that belong to no whole piece yet.
    carry: Vec<u8>,
    /// Bytes to read for a batch.
    at_once: usize,
    index: u64,
    /// Plaintext bytes of all batches taken.
    plaintext: u64,
    last: Option<(Piece, Vec<u8>)>,
}

impl<R: Read> BodyReader<R> {
    /// Reads a batch of regular frames; the last piece is put aside.
    fn take(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Batch>> {
        if self.last.is_some() {
            return Ok(None);
        }
        buffer.clear();
        buffer.append(&mut self.carry);
        let mut ended = read_up_to(&mut self.source, buffer, self.at_once)?;
        let (mut pieces, mut at) = (Vec::new(), 0);
        loop {
            match self
                .scanner
                .scan(buffer.get(at..).unwrap_or_default())
                .map_err(PumpError::Message)?
            {
                Scan::Piece(piece) if piece.is_last() => {
                    let from = at;
                    at += piece.size();
                    self.last = Some((piece, buffer.get(from..at).unwrap_or_default().to_vec()));
                    self.carry = buffer.get(at..).unwrap_or_default().to_vec();
                    buffer.truncate(from);
                    break;
                }
                Scan::Piece(piece) => {
                    at += piece.size();
                    pieces.push(piece);
                }
                Scan::NeedMore(_) if !pieces.is_empty() => {
                    self.carry = buffer.get(at..).unwrap_or_default().to_vec();
                    buffer.truncate(at);
                    break;
                }
                Scan::NeedMore(_) if ended => return Err(PumpError::Message(self.truncated(buffer.len()))),
                Scan::NeedMore(needed) => ended = read_up_to(&mut self.source, buffer, needed)?,
            }
        }
        self.end.update(buffer);
        let batch = Batch {
            index: self.index,
            plaintext_offset: self.plaintext,
            pieces,
        };
        self.index += 1;
        self.plaintext += batch
            .pieces
            .iter()
            .map(|piece| piece.content().len() as u64)
            .sum::<u64>();
        Ok(Some(batch))
    }

    /// Judges what follows the last piece, and gives that out with its plaintext's place.
    fn finish(mut self) -> Result<(Piece, Zeroizing<Vec<u8>>, u64)> {
        let Some((piece, bytes)) = self.last.take() else {
            return Err(PumpError::Message(self.truncated(0)));
        };
        self.end.update(&bytes);
        let mut rest = self.carry;
        let most = self.end.most(&[]).saturating_add(1);
        read_up_to(&mut self.source, &mut rest, most)?;
        self.end
            .finish(self.scanner.offset(), &rest)
            .map_err(PumpError::Message)?;
        Ok((piece, Zeroizing::new(bytes), self.plaintext))
    }

    fn truncated(&self, more: usize) -> DecryptError {
        DecryptError::Body {
            offset: self.scanner.offset().saturating_add(more as u64),
            fault: BodyFault::Truncated("the rest of the body"),
        }
    }
}

/// Fills the buffer up to a length, in as few reads as there can be; says whether the source ended before.
fn read_up_to(source: &mut impl Read, buffer: &mut Vec<u8>, length: usize) -> Result<bool> {
    let mut end = buffer.len();
    buffer.resize(length.max(end), 0);
    while end < length {
        match source.read(buffer.get_mut(end..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => end += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(PumpError::Read(error)),
        }
    }
    buffer.truncate(end);
    Ok(end < length)
}

/// A batch, and less of a short message, as a buffer is not for nothing; of an unknown length, a batch.
fn at_once(length: u64) -> usize {
    let wanted = if length == 0 { BATCH } else { length.min(BATCH) };
    usize::try_from(wanted).unwrap_or(usize::MAX)
}

/// Opens the pieces where they lie.
fn open_batch(opener: &FrameOpener, buffer: &mut [u8], batch: &Batch) -> Result<()> {
    let mut at = 0;
    for piece in &batch.pieces {
        let bytes = buffer.get_mut(at..at + piece.size()).unwrap_or_default();
        opener.open(piece, bytes).map_err(PumpError::Message)?;
        at += piece.size();
    }
    Ok(())
}

/// Moves the plaintexts of opened pieces together at the front.
fn gathered<'a>(buffer: &'a mut [u8], batch: &Batch) -> &'a [u8] {
    let (mut at, mut end) = (0, 0);
    for piece in &batch.pieces {
        let content = piece.content();
        buffer.copy_within(at + content.start..at + content.end, end);
        end += content.len();
        at += piece.size();
    }
    buffer.get(..end).unwrap_or_default()
}

/// The sink, shared by the threads.
enum Out<'a> {
    Nowhere,
    File(&'a File),
    Stream(InOrder<&'a mut (dyn Write + Send)>),
}

impl<'a> Out<'a> {
    fn new(sink: Sink<'a>) -> Self {
        match sink {
            Sink::Nowhere => Self::Nowhere,
            Sink::File(file) => Self::File(file),
            Sink::Stream(stream) => Self::Stream(InOrder::new(stream)),
        }
    }

    fn is_nowhere(&self) -> bool {
        matches!(self, Self::Nowhere)
    }

    /// Taken before a batch is opened: if that fails, no later batch reaches a stream.
    fn turn(&self, batch: u64) -> Option<Turn<'_, &'a mut (dyn Write + Send)>> {
        match self {
            Self::Stream(stream) => Some(stream.turn(batch)),
            Self::Nowhere | Self::File(_) => None,
        }
    }

    fn write(
        &self,
        turn: Option<Turn<'_, &'a mut (dyn Write + Send)>>,
        offset: u64,
        plaintext: &[u8],
    ) -> Result<()> {
        let written = match (self, turn) {
            (Self::File(file), _) => file.write_all_at(plaintext, offset),
            (_, Some(turn)) => turn.pass(|stream| stream.write_all(plaintext)).unwrap_or(Ok(())),
            _ => Ok(()),
        };
        written.map_err(PumpError::Write)
    }

    fn write_last(self, offset: u64, plaintext: &[u8]) -> Result<()> {
        let written: io::Result<()> = match self {
            Self::Nowhere => Ok(()),
            Self::File(file) => file.write_all_at(plaintext, offset),
            Self::Stream(stream) => stream.into_inner().write_all(plaintext),
        };
        written.map_err(PumpError::Write)
    }
}
