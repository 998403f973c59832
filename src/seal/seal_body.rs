//! A plaintext file becomes a message file.
//!
//! Every frame's place in both files follows from its number, so each thread reads, seals and writes its own
//! batches; only a signature is taken in order.

use std::fs::File;
use std::io::IoSliceMut;
use std::os::unix::fs::FileExt;

use rustix::io::Errno;

use super::pump::{BATCH, InOrder, PumpError, expect_end, for_each_batch, read_exact};
use crate::message::{
    EncryptError, Encryptor, EncryptorParts, FINAL_CONTENT_OFFSET, FINAL_OVERHEAD, FrameSealer,
    MessageSigner, REGULAR_CONTENT_OFFSET, REGULAR_OVERHEAD, SequenceNumber, SequenceNumbers, TAG_LENGTH,
};

type Result<T> = std::result::Result<T, PumpError<EncryptError>>;

/// Where everything stands: all of it follows from the plaintext's length.
struct Layout {
    frame_length: u64,
    regular_frames: u64,
    header_length: u64,
}

/// A run of whole frames; they count from 0.
struct Batch {
    index: u64,
    first_frame: u64,
    numbers: Vec<SequenceNumber>,
}

impl Layout {
    /// Hands out the next batch with its frames' numbers.
    fn take(&self, index: u64, numbers: &mut SequenceNumbers) -> Result<Option<Batch>> {
        let per_batch = (BATCH / self.frame_length).max(1);
        let first_frame = index * per_batch;
        let frames = per_batch.min(self.regular_frames.saturating_sub(first_frame));
        if frames == 0 {
            return Ok(None);
        }
        let numbers: Vec<_> = (0..frames).map_while(|_| numbers.next()).collect();
        if numbers.len() as u64 != frames {
            return Err(PumpError::Message(EncryptError::TooManyFrames));
        }
        Ok(Some(Batch {
            index,
            first_frame,
            numbers,
        }))
    }

    fn frame_offset(&self, frame: u64) -> u64 {
        self.header_length + frame * (self.frame_length + REGULAR_OVERHEAD as u64)
    }
}

/// Encrypts `length` bytes of `source` into `sink`, from its beginning. A source that is shorter or longer is an error.
pub fn seal_file(encryptor: Encryptor, source: &File, length: u64, sink: &File) -> Result<()> {
    let EncryptorParts {
        header_bytes,
        sealer,
        mut sequence_numbers,
        signer,
    } = encryptor.into_parts();
    let frame_length = u64::from(sealer.frame_length().get());
    let layout = Layout {
        frame_length,
        regular_frames: length / frame_length,
        header_length: header_bytes.len() as u64,
    };
    let signer = signer.map(InOrder::new);
    let mut tail = if layout.regular_frames == 0 {
        header_bytes
    } else {
        sink.write_all_at(&header_bytes, 0).map_err(PumpError::Write)?;
        Vec::new()
    };
    let mut index = 0..;
    for_each_batch(
        length,
        |_| layout.take(index.next().unwrap_or(u64::MAX), &mut sequence_numbers),
        |buffer, batch: Batch| {
            let turn = signer.as_ref().map(|signer| signer.turn(batch.index));
            let offset = layout.frame_offset(batch.first_frame);
            seal_batch(&sealer, &layout, source, buffer, batch)?;
            if let Some(turn) = turn {
                turn.pass(|signer| signer.update(buffer));
            }
            sink.write_all_at(buffer, offset).map_err(PumpError::Write)
        },
    )?;
    let number = sequence_numbers
        .next()
        .ok_or(PumpError::Message(EncryptError::TooManyFrames))?;
    let from = tail.len();
    seal_last(&sealer, number, source, length, &mut tail)?;
    sign_last(signer.map(InOrder::into_inner), from, &mut tail)?;
    let offset = layout.frame_offset(layout.regular_frames) - from as u64;
    sink.write_all_at(&tail, offset).map_err(PumpError::Write)
}

/// Reads the plaintext of a batch, each frame into its slot, and seals it there: the slots cover every plaintext byte
/// that was read.
fn seal_batch(
    sealer: &FrameSealer,
    layout: &Layout,
    source: &File,
    buffer: &mut Vec<u8>,
    batch: Batch,
) -> Result<()> {
    let frame_length = sealer.frame_length().size();
    let slot_size = sealer.frame_length().regular_frame_size();
    buffer.resize(batch.numbers.len() * slot_size, 0);
    let content = REGULAR_CONTENT_OFFSET..REGULAR_CONTENT_OFFSET + frame_length;
    let mut frames: Vec<_> = buffer
        .chunks_exact_mut(slot_size)
        .filter_map(|slot| slot.get_mut(content.clone()))
        .map(IoSliceMut::new)
        .collect();
    read_frames(source, &mut frames, batch.first_frame * layout.frame_length)?;
    for (slot, number) in buffer.chunks_exact_mut(slot_size).zip(batch.numbers) {
        sealer.seal_regular(number, slot).map_err(PumpError::Message)?;
    }
    Ok(())
}

/// Fills the frames from one run of the file, in as few reads as the kernel takes.
fn read_frames(source: &File, mut frames: &mut [IoSliceMut<'_>], mut offset: u64) -> Result<()> {
    const MOST: usize = 1024; // IOV_MAX of Linux
    while !frames.is_empty() {
        let at_once = frames.len().min(MOST);
        let read = match rustix::io::preadv(source, frames.get_mut(..at_once).unwrap_or_default(), offset) {
            Ok(0) => return Err(PumpError::LengthChanged),
            Ok(read) => read,
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(PumpError::Read(errno.into())),
        };
        offset += read as u64;
        IoSliceMut::advance_slices(&mut frames, read);
    }
    Ok(())
}

/// Appends the final frame: what is left over after whole frames, which may be nothing.
fn seal_last(
    sealer: &FrameSealer,
    number: SequenceNumber,
    source: &File,
    length: u64,
    out: &mut Vec<u8>,
) -> Result<()> {
    let left = usize::try_from(length % u64::from(sealer.frame_length().get())).unwrap_or(usize::MAX);
    let start = out.len();
    out.resize(start + FINAL_OVERHEAD + left, 0);
    let slot = out.get_mut(start..).unwrap_or_default();
    let end = slot.len() - TAG_LENGTH;
    let plaintext = slot.get_mut(FINAL_CONTENT_OFFSET..end).unwrap_or_default();
    read_exact(source, plaintext, length - left as u64)?;
    expect_end(source, length)?;
    sealer.seal_final(number, slot).map_err(PumpError::Message)
}

fn sign_last(signer: Option<MessageSigner>, from: usize, tail: &mut Vec<u8>) -> Result<()> {
    if let Some(mut signer) = signer {
        signer.update(tail.get(from..).unwrap_or_default());
        tail.extend(
            signer
                .finish()
                .map_err(|error| PumpError::Message(error.into()))?,
        );
    }
    Ok(())
}
