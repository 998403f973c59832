//! How fast a message is sealed and opened in memory, per suite, frame length and number of threads,
//! beside the raw AEAD over the same frames in the same run. Plain text on stdout:
//!
//!     cargo bench --bench message [MEGABYTES]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a benchmark may fail by panicking, and prints its table"
)]

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use sealdrop::message::{
    Aead, AlgorithmSuite, DecryptOptions, DecryptionMaterials, Decryptor, EncryptedDataKey,
    EncryptionContext, EncryptionMaterials, Encryptor, FINAL_OVERHEAD, FrameLength, HeaderReader,
    PlaintextDataKey, REGULAR_OVERHEAD, Scan,
};

const ROUNDS: usize = 5;

fn main() {
    // `cargo test --all-targets` runs benchmarks too, but without this word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let megabytes: usize = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(64);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut threads = vec![1, 2, 4, 8, 16, cores];
    threads.retain(|&count| count <= cores);
    threads.sort_unstable();
    threads.dedup();
    println!("{megabytes} MB of plaintext, median of {ROUNDS} rounds, GB/s");
    println!("suite frame threads |  seal   raw  share |  open   raw  share | raw aes-gcm");
    for suite in [
        AlgorithmSuite::Aes128GcmIv12Tag16HkdfSha256,
        AlgorithmSuite::Aes256GcmHkdfSha512CommitKey,
        AlgorithmSuite::Aes256GcmHkdfSha512CommitKeyEcdsaP384,
    ] {
        for frame_length in [1 << 10, 4 << 10, 64 << 10, 1 << 20] {
            for &threads in &threads {
                let bench = Bench::new(suite, frame_length, threads, megabytes * 1_000_000);
                bench.print();
            }
        }
    }
}

struct Bench {
    suite: AlgorithmSuite,
    materials: EncryptionMaterials,
    frame_length: FrameLength,
    threads: usize,
    frames: usize,
}

impl Bench {
    fn new(suite: AlgorithmSuite, frame_length: u32, threads: usize, bytes: usize) -> Self {
        let mut context = EncryptionContext::default();
        let signing_key = EncryptionMaterials::prepare_signing(suite, &mut context).unwrap();
        let key = EncryptedDataKey {
            provider_id: "bench".into(),
            provider_info: Vec::new(),
            ciphertext: Vec::new(),
        };
        Self {
            suite,
            materials: EncryptionMaterials {
                algorithm_suite: suite,
                encryption_context: context,
                encrypted_data_keys: vec![key],
                plaintext_data_key: data_key(suite),
                signing_key,
                required_encryption_context_keys: BTreeSet::new(),
            },
            frame_length: FrameLength::new(frame_length).unwrap(),
            threads,
            frames: bytes / frame_length as usize,
        }
    }

    fn print(&self) {
        let (sealed, seal) = self.seal();
        let open = self.open(&sealed);
        let (raw_seal, raw_open) = self.raw(Aead::bulk);
        let (other_seal, _) = self.raw(Aead::new);
        println!(
            " {:04x} {:>5}K {:>7} | {seal:5.2} {raw_seal:5.2} {:4.0} % | {open:5.2} {raw_open:5.2} {:4.0} % | {other_seal:5.2}",
            self.suite.id(),
            self.frame_length.get() / 1024,
            self.threads,
            100.0 * seal / raw_seal,
            100.0 * open / raw_open,
        );
    }

    fn slot(&self) -> usize {
        self.frame_length.regular_frame_size()
    }

    /// Frames for each thread.
    fn share(&self) -> usize {
        self.frames.div_ceil(self.threads)
    }

    fn speed(&self, mut rounds: Vec<Duration>) -> f64 {
        rounds.sort();
        (self.frames * self.frame_length.size()) as f64 / rounds[rounds.len() / 2].as_secs_f64() / 1e9
    }

    fn seal(&self) -> (Vec<u8>, f64) {
        let mut message = Vec::new();
        let mut body = vec![0; self.frames * self.slot()];
        let rounds = (0..ROUNDS).map(|_| {
            let start = Instant::now();
            let encryptor = match Encryptor::new(&self.materials, self.frame_length) {
                Ok(encryptor) => encryptor,
                Err(_) => self.uncommitted(),
            };
            let mut parts = encryptor.into_parts();
            thread::scope(|scope| {
                for slots in body.chunks_mut(self.share() * self.slot()) {
                    let count = slots.len() / self.slot();
                    let numbers = parts.sequence_numbers.split_off(u32::try_from(count).unwrap());
                    let sealer = &parts.sealer;
                    scope.spawn(move || {
                        for (slot, number) in slots.chunks_exact_mut(self.slot()).zip(numbers) {
                            sealer.seal_regular(number, slot).unwrap();
                        }
                    });
                }
            });
            let mut last = [0; FINAL_OVERHEAD];
            parts
                .sealer
                .seal_final(parts.sequence_numbers.next().unwrap(), &mut last)
                .unwrap();
            let footer = parts.signer.take().map(|mut signer| {
                signer.update(&body);
                signer.update(&last);
                signer.finish().unwrap()
            });
            let time = start.elapsed();
            drop(footer);
            message = [&parts.header_bytes[..], &body].concat();
            time
        });
        let rounds = rounds.collect();
        (message, self.speed(rounds))
    }

    fn uncommitted(&self) -> Encryptor {
        let id = sealdrop::message::MessageId::generate(self.suite.message_version()).unwrap();
        Encryptor::with_message_id(&self.materials, self.frame_length, id).unwrap()
    }

    fn open(&self, sealed: &[u8]) -> f64 {
        let options = DecryptOptions::inspect();
        let rounds = (0..ROUNDS).map(|_| {
            let mut message = sealed.to_vec();
            let start = Instant::now();
            let (received, length) = HeaderReader::parse(&message, &options).unwrap();
            let context = received.header().encryption_context.clone();
            let materials = DecryptionMaterials::new(self.suite, context, data_key(self.suite)).unwrap();
            let mut parts = Decryptor::new(received, &materials, &options)
                .unwrap()
                .into_parts();
            let body = &mut message[length..];
            parts.end.update(body);
            let mut pieces = Vec::with_capacity(self.frames);
            for slot in body.chunks_exact(self.slot()) {
                let Scan::Piece(piece) = parts.scanner.scan(slot).unwrap() else {
                    continue;
                };
                pieces.push(piece);
            }
            let opener = &parts.opener;
            thread::scope(|scope| {
                let groups = body.chunks_mut(self.share() * self.slot());
                for (slots, pieces) in groups.zip(pieces.chunks(self.share())) {
                    scope.spawn(move || {
                        for (slot, piece) in slots.chunks_exact_mut(self.slot()).zip(pieces) {
                            opener.open(piece, slot).unwrap();
                        }
                    });
                }
            });
            start.elapsed()
        });
        let rounds = rounds.collect();
        self.speed(rounds)
    }

    /// The cipher alone over as many frames of the same length, with a body AAD's length of AAD.
    fn raw(&self, cipher: fn(&[u8]) -> Result<Aead, sealdrop::message::AeadError>) -> (f64, f64) {
        let aead = &cipher(data_key(self.suite).expose()).unwrap();
        let mut body = vec![0; self.frames * self.slot()];
        let run = |body: &mut [u8], open: bool| {
            let start = Instant::now();
            thread::scope(|scope| {
                for slots in body.chunks_mut(self.share() * self.slot()) {
                    scope.spawn(move || {
                        for slot in slots.chunks_exact_mut(self.slot()) {
                            let (_, rest) = slot.split_at_mut(REGULAR_OVERHEAD - 16);
                            let (text, tag) = rest.split_last_chunk_mut().unwrap();
                            if open {
                                aead.open(&[0; 12], &[0; 72], text, tag).unwrap();
                            } else {
                                *tag = aead.seal(&[0; 12], &[0; 72], text).unwrap();
                            }
                        }
                    });
                }
            });
            start.elapsed()
        };
        let (seals, opens) = (0..ROUNDS)
            .map(|_| (run(&mut body, false), run(&mut body, true)))
            .unzip();
        (self.speed(seals), self.speed(opens))
    }
}

fn data_key(suite: AlgorithmSuite) -> PlaintextDataKey {
    PlaintextDataKey::from_bytes(suite, &[7; 32][..suite.data_key_length()]).unwrap()
}
