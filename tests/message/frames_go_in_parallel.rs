//! The frames of one message sealed, and opened, by several threads are the same message.

use std::thread;

use sealdrop::message::{
    AlgorithmSuite, DecryptionMaterials, Decryptor, EncryptorParts, FINAL_CONTENT_OFFSET, FINAL_OVERHEAD,
    HeaderReader, PlaintextDataKey, REGULAR_CONTENT_OFFSET, Scan, TAG_LENGTH,
};

use crate::support::materials::{any_suite, data_key, encryptor, materials};
use crate::support::open;

const FRAME_LENGTH: usize = 100;
const THREADS: usize = 4;
const FRAMES_PER_THREAD: usize = 5;

fn plaintext() -> Vec<u8> {
    (0..=255)
        .cycle()
        .take(THREADS * FRAMES_PER_THREAD * FRAME_LENGTH + 33)
        .collect()
}

fn seal_in_parallel(suite: AlgorithmSuite) -> Vec<u8> {
    let encryptor = encryptor(&materials(suite, &[]), 100);
    let EncryptorParts {
        header_bytes,
        sealer,
        mut sequence_numbers,
        mut signer,
    } = encryptor.into_parts();
    let slot_size = sealer.frame_length().regular_frame_size();
    let plaintext = plaintext();
    let (regular, last) = plaintext.split_at(plaintext.len() / FRAME_LENGTH * FRAME_LENGTH);
    let mut body = vec![0; regular.len() / FRAME_LENGTH * slot_size];
    for (frame, slot) in regular.chunks(FRAME_LENGTH).zip(body.chunks_mut(slot_size)) {
        slot[REGULAR_CONTENT_OFFSET..][..FRAME_LENGTH].copy_from_slice(frame);
    }
    thread::scope(|scope| {
        for slots in body.chunks_mut(slot_size * FRAMES_PER_THREAD) {
            let numbers = sequence_numbers.split_off(u32::try_from(FRAMES_PER_THREAD).unwrap());
            scope.spawn(|| {
                for (slot, number) in slots.chunks_mut(slot_size).zip(numbers) {
                    sealer.seal_regular(number, slot).unwrap();
                }
            });
        }
    });
    let mut slot = vec![0; last.len() + FINAL_OVERHEAD];
    slot[FINAL_CONTENT_OFFSET..][..last.len()].copy_from_slice(last);
    sealer
        .seal_final(sequence_numbers.next().unwrap(), &mut slot)
        .unwrap();
    body.extend(slot);
    let footer = signer.take().map(|mut signer| {
        signer.update(&body);
        signer.finish().unwrap()
    });
    [header_bytes, body, footer.unwrap_or_default()].concat()
}

fn open_in_parallel(suite: AlgorithmSuite, message: &[u8]) -> Vec<u8> {
    let (received, length) = HeaderReader::parse(message, &any_suite()).unwrap();
    let key = PlaintextDataKey::from_bytes(suite, data_key(suite)).unwrap();
    let context = received.header().encryption_context.clone();
    let materials = DecryptionMaterials::new(suite, context, key).unwrap();
    let mut parts = Decryptor::new(received, &materials, &any_suite())
        .unwrap()
        .into_parts();
    let mut body = message[length..].to_vec();
    let mut rest = &mut body[..];
    let mut pieces = Vec::new();
    loop {
        let Scan::Piece(piece) = parts.scanner.scan(rest).unwrap() else {
            panic!("the message is cut")
        };
        let (bytes, after) = rest.split_at_mut(piece.size());
        parts.end.update(bytes);
        rest = after;
        let last = piece.is_last();
        pieces.push((piece, bytes));
        if last {
            break;
        }
    }
    thread::scope(|scope| {
        for group in pieces.chunks_mut(FRAMES_PER_THREAD) {
            scope.spawn(|| {
                for (piece, bytes) in group {
                    parts.opener.open(piece, bytes).unwrap();
                }
            });
        }
    });
    let plaintext: Vec<u8> = pieces
        .iter()
        .flat_map(|(piece, bytes)| bytes[piece.content()].to_vec())
        .collect();
    parts.end.finish(parts.scanner.offset(), rest).unwrap();
    plaintext
}

#[test]
fn what_threads_seal_is_one_message() {
    for suite in AlgorithmSuite::ALL {
        let message = seal_in_parallel(suite);
        assert_eq!(
            open(&message, data_key(suite), &any_suite()).unwrap(),
            plaintext()
        );
    }
}

#[test]
fn what_threads_open_is_the_plaintext() {
    for suite in AlgorithmSuite::ALL {
        assert_eq!(open_in_parallel(suite, &seal_in_parallel(suite)), plaintext());
    }
}

#[test]
fn a_frame_read_as_regular_becomes_the_final_one_in_its_slot() {
    let suite = AlgorithmSuite::Aes256GcmHkdfSha512CommitKey;
    let mut parts = encryptor(&materials(suite, &[]), 100).into_parts();
    let mut slot = vec![
        0;
        parts
            .sealer
            .frame_length()
            .regular_frame_size()
            .max(33 + FINAL_OVERHEAD)
    ];
    slot[REGULAR_CONTENT_OFFSET..][..33].fill(9);
    let last = sealdrop::message::FrameSealer::make_final(&mut slot, 33).unwrap();
    assert_eq!(last.len(), FINAL_CONTENT_OFFSET + 33 + TAG_LENGTH);
    parts
        .sealer
        .seal_final(parts.sequence_numbers.next().unwrap(), last)
        .unwrap();
    let message = [parts.header_bytes, last.to_vec()].concat();
    assert_eq!(open(&message, data_key(suite), &any_suite()).unwrap(), [9; 33]);
}

#[test]
fn a_slot_of_another_size_is_refused() {
    let suite = AlgorithmSuite::Aes256GcmHkdfSha512CommitKey;
    let mut parts = encryptor(&materials(suite, &[]), 100).into_parts();
    for size in [0, 131, 133] {
        let number = parts.sequence_numbers.next().unwrap();
        assert!(parts.sealer.seal_regular(number, &mut vec![0; size]).is_err());
    }
    // 140 would be a full final frame, which aws-encryption-cli does not read.
    for size in [0, 39, 140] {
        let number = parts.sequence_numbers.next().unwrap();
        assert!(parts.sealer.seal_final(number, &mut vec![0; size]).is_err());
    }
}
