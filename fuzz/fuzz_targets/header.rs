//! Any bytes, in any pieces, are a header or a fault with its offset: the same one whatever the pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sealdrop::message::{DecryptOptions, HeaderError, HeaderProgress, HeaderReader, HeaderRecord, UnverifiedHeader};

fn in_pieces(bytes: &[u8], size: usize, options: &DecryptOptions) -> Result<UnverifiedHeader, HeaderError> {
    let mut reader = HeaderReader::new(options);
    for piece in bytes.chunks(size) {
        if let HeaderProgress::Complete { header, consumed } = reader.update(piece)? {
            assert!(consumed <= piece.len());
            return Ok(*header);
        }
    }
    Err(reader.truncated())
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let options = DecryptOptions {
        max_header_length: 4096,
        ..DecryptOptions::inspect()
    };
    let whole = HeaderReader::parse(bytes, &options);
    let pieces = in_pieces(bytes, usize::from(size).max(1), &options);
    match (whole, pieces) {
        (Ok((whole, length)), Ok(pieces)) => {
            assert_eq!(whole.bytes(), &bytes[..length]);
            assert_eq!(whole.header(), pieces.header());
            assert!(length <= options.max_header_length);
            serde_json::to_string(&HeaderRecord::from(whole.header())).unwrap();
        }
        (Err(whole), Err(pieces)) => assert_eq!(whole, pieces),
        (whole, pieces) => panic!("{whole:?} at once, {pieces:?} in pieces"),
    }
});
