//! Base64 on the way in and on the way out (`--decode`, `--encode`).

use std::io::{self, Read, Write};

use base64::engine::general_purpose::{GeneralPurpose, STANDARD};
use base64::read::DecoderReader;
use base64::write::EncoderWriter;

/// The bytes behind base64 text; line ends and blanks in the text are skipped.
pub(super) struct Decoded<R: Read>(DecoderReader<'static, GeneralPurpose, Unspaced<R>>);

impl<R: Read> Decoded<R> {
    pub(super) fn new(text: R) -> Self {
        Self(DecoderReader::new(Unspaced(text), &STANDARD))
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// Text without its white space.
struct Unspaced<R>(R);

impl<R: Read> Read for Unspaced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(buffer)?;
            let mut kept = 0;
            for from in 0..read {
                let byte = buffer.get(from).copied().unwrap_or_default();
                if !byte.is_ascii_whitespace()
                    && let Some(to) = buffer.get_mut(kept)
                {
                    *to = byte;
                    kept += 1;
                }
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

/// Writes as base64 text without line ends; [`Encoded::finish`] writes the last group.
pub(super) struct Encoded<W: Write>(EncoderWriter<'static, GeneralPurpose, W>);

impl<W: Write> Encoded<W> {
    pub(super) fn new(text: W) -> Self {
        Self(EncoderWriter::new(text, &STANDARD))
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write> Write for Encoded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_also_when_it_was_folded_into_lines() {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_001).collect();
        let mut encoded = Encoded::new(Vec::new());
        encoded.write_all(&bytes).unwrap();
        let text = encoded.finish().unwrap();
        assert!(!text.contains(&b'\n'));
        let folded: Vec<u8> = text
            .chunks(76)
            .flat_map(|line| [line, b"\r\n"].concat())
            .collect();
        let mut decoded = Vec::new();
        Decoded::new(folded.as_slice()).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, bytes);
    }
}
