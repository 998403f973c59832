//! Reads the encryption context of a header (`structures`, "Encryption Context", "Serialization").

use super::EncryptionContext;
use super::header_error::{HeaderError, HeaderFault};
use super::wire::Fields;

/// Reads a whole AAD field that starts at `offset`. No bytes are no pairs; so is a count of 0, a form
/// that is read and never written. Any order is read, as older JavaScript writers sort otherwise.
pub(super) fn read_context(bytes: &[u8], offset: usize) -> Result<EncryptionContext, HeaderError> {
    let mut context = EncryptionContext::default();
    if bytes.is_empty() {
        return Ok(context);
    }
    let at = |read: usize, fault| HeaderError {
        offset: offset + read,
        fault,
    };
    let mut fields = Fields::new(bytes);
    let pairs = fields.u16().unwrap_or_default();
    for _ in 0..pairs {
        let start = fields.read();
        let (Some(key), Some(value)) = (fields.field(), fields.field()) else {
            let length = bytes.len();
            return Err(at(start, HeaderFault::ContextTooShort { pairs, length }));
        };
        let text = |bytes, what| {
            let text = std::str::from_utf8(bytes).map_err(|_| at(start, HeaderFault::Utf8(what)))?;
            Ok(text.to_owned())
        };
        let key = text(key, "a key of the encryption context")?;
        let value = text(value, "a value of the encryption context")?;
        if context.get(&key).is_some() {
            return Err(at(start, HeaderFault::DuplicateKey(key)));
        }
        // Cannot fail: the only fault of an insertion was just looked for.
        let _ = context.insert(key, value);
    }
    match fields.left() {
        0 => Ok(context),
        left => Err(at(fields.read(), HeaderFault::ContextTooLong { pairs, left })),
    }
}
