//! The kinds of values a key can have, and how each is written.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use toml::de::DeValue;

/// Reads a value, or says why it is none.
pub(super) trait FromToml: Sized {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String>;
}

fn text<'v>(value: &'v DeValue<'_>, wanted: &str) -> Result<&'v str, String> {
    value
        .as_str()
        .ok_or_else(|| format!("must be {wanted}, and is of type {}", value.type_str()))
}

impl FromToml for String {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        text(value, "a string").map(str::to_owned)
    }
}

impl FromToml for PathBuf {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match text(value, "a path in quotes")? {
            "" => Err("must not be empty".to_owned()),
            path if path.contains('\0') => Err("must not contain a NUL character".to_owned()),
            path => Ok(Self::from(path)),
        }
    }
}

impl FromToml for bool {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        value
            .as_bool()
            .ok_or_else(|| format!("must be true or false, and is of type {}", value.type_str()))
    }
}

impl FromToml for u64 {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let integer = value
            .as_integer()
            .ok_or_else(|| format!("must be a whole number, and is of type {}", value.type_str()))?;
        Self::from_str_radix(integer.as_str(), integer.radix())
            .map_err(|_| format!("must be a whole number from 0 to {}", Self::MAX))
    }
}

impl FromToml for NonZeroU64 {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        Self::new(u64::from_toml(value)?).ok_or_else(|| "must be at least 1".to_owned())
    }
}

impl FromToml for NonZeroUsize {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let number = NonZeroU64::from_toml(value)?;
        Self::try_from(number).map_err(|_| "is too large".to_owned())
    }
}

impl FromToml for Duration {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let wanted = "a duration such as \"10s\" or \"500ms\"";
        humantime::parse_duration(text(value, wanted)?).map_err(|error| format!("must be {wanted}: {error}"))
    }
}

impl FromToml for ByteSize {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let wanted = "a size such as \"64KiB\", \"16GiB\" or 4096";
        if value.is_integer() {
            return u64::from_toml(value).map(ByteSize);
        }
        text(value, wanted)?
            .parse()
            .map_err(|_| format!("must be {wanted}"))
    }
}

/// A frame length: 1 byte to 4 GiB - 1.
pub(super) struct FrameLength(pub(super) NonZeroU32);

impl FromToml for FrameLength {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let ByteSize(bytes) = ByteSize::from_toml(value)?;
        u32::try_from(bytes)
            .ok()
            .and_then(NonZeroU32::new)
            .map(Self)
            .ok_or_else(|| format!("must be from 1 to {} bytes", u32::MAX))
    }
}

/// The permission bits of a file, written as a string of octal digits.
pub(super) struct FileMode(pub(super) u32);

impl FromToml for FileMode {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let wanted = "octal digits in quotes such as \"0640\"";
        let mode = u32::from_str_radix(text(value, wanted)?, 8).map_err(|_| format!("must be {wanted}"))?;
        match mode {
            mode if mode & !0o777 != 0 => Err("must have permission bits only".to_owned()),
            mode if mode & 0o400 == 0 => Err("must let the owner read".to_owned()),
            mode => Ok(Self(mode)),
        }
    }
}

/// One string, or a list of them.
pub(super) struct OneOrMore(pub(super) Vec<String>);

impl FromToml for OneOrMore {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match value.as_str() {
            Some(one) => Ok(Self(vec![one.to_owned()])),
            None => Vec::from_toml(value).map(Self),
        }
    }
}

impl FromToml for Vec<String> {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let wrong = || "must be a list of strings".to_owned();
        let list = value.as_array().ok_or_else(wrong)?;
        list.iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned).ok_or_else(wrong))
            .collect()
    }
}
