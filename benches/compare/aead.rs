//! What the cores can do at most with one large file: read, AES-GCM in place, write; nothing else.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

const FRAME: usize = 64 << 10;
const PIECE: usize = 1 << 20;
const TAG: usize = 16;
const SEALED_PIECE: usize = PIECE / FRAME * (FRAME + TAG);

/// How much more than copying and encrypting is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    Copy,
    /// What was written is read back and opened, once all is written.
    ReadBack,
    /// Then the source is overwritten and removed.
    Erase,
}

/// Each thread takes the next MiB.
pub(crate) fn copy(from: &Path, to: &Path, threads: usize, extent: Extent) -> Duration {
    let (source, target) = (
        File::open(from).unwrap(),
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(to)
            .unwrap(),
    );
    let pieces = source.metadata().unwrap().len() / PIECE as u64;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let begun = Instant::now();
    in_threads(threads, pieces, |piece, buffer| {
        let (plain, sealed) = buffer.split_at_mut(PIECE);
        source.read_exact_at(plain, piece * PIECE as u64).unwrap();
        for ((number, frame), place) in plain
            .chunks_mut(FRAME)
            .enumerate()
            .zip(sealed.chunks_mut(FRAME + TAG))
        {
            let tag = key
                .seal_in_place_separate_tag(nonce(piece, number), Aad::from([0; 64]), frame)
                .unwrap();
            let (body, end) = place.split_at_mut(FRAME);
            body.copy_from_slice(frame);
            end.copy_from_slice(tag.as_ref());
        }
        target.write_all_at(sealed, piece * SEALED_PIECE as u64).unwrap();
    });
    if extent >= Extent::ReadBack {
        in_threads(threads, pieces, |piece, buffer| {
            let sealed = &mut buffer[PIECE..];
            target.read_exact_at(sealed, piece * SEALED_PIECE as u64).unwrap();
            for (number, frame) in sealed.chunks_mut(FRAME + TAG).enumerate() {
                key.open_in_place(nonce(piece, number), Aad::from([0; 64]), frame)
                    .unwrap();
            }
        });
    }
    if extent == Extent::Erase {
        drop(source);
        let source = File::options().write(true).open(from).unwrap();
        in_threads(threads, pieces, |piece, buffer| {
            source
                .write_all_at(&buffer[..PIECE], piece * PIECE as u64)
                .unwrap();
        });
        std::fs::remove_file(from).unwrap();
    }
    begun.elapsed()
}

fn in_threads(threads: usize, pieces: u64, work: impl Fn(u64, &mut [u8]) + Sync) {
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut buffer = vec![0; PIECE + SEALED_PIECE];
                loop {
                    let piece = next.fetch_add(1, Ordering::Relaxed);
                    if piece >= pieces {
                        return;
                    }
                    work(piece, &mut buffer);
                }
            });
        }
    });
}

fn nonce(piece: u64, frame: usize) -> Nonce {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&(piece * (PIECE / FRAME) as u64 + frame as u64).to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}
