//! `KEY=VALUE` arguments.

use std::collections::BTreeMap;

use crate::cli::failure::Failure;

/// Splits at the first `=`; neither side may be empty.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key.to_owned(), value.to_owned())),
        Some(_) => Err(format!("{text:?} has an empty key or value")),
        None => Err(format!("{text:?} is not KEY=VALUE")),
    }
}

/// Pairs whose keys may be given once.
pub(super) fn unique_pairs(
    pairs: &[(String, String)],
    option: &str,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut unique = BTreeMap::new();
    for (key, value) in pairs {
        if let Some(other) = unique.insert(key.clone(), value.clone())
            && other != *value
        {
            return Err(Failure::usage(format!(
                "{option} has {key:?} twice, with different values"
            )));
        }
    }
    Ok(unique)
}
