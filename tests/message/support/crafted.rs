//! The key of the crafted messages.

use sealdrop::message::Header;

use super::raw_keys::{RawKey, unwrap};

/// The data key of a crafted message.
pub(crate) fn data_key(header: &Header) -> Vec<u8> {
    let key = RawKey::Aes {
        name: "key-1".into(),
        key: (0..32).collect(),
    };
    unwrap(header, "sealdrop-example", &[key]).unwrap()
}
