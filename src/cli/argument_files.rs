//! `@FILE` on the command line of the one-shot commands stands for the arguments in that file.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use super::exit::Exit;
use super::failure::Failure;
use crate::fs::PathContext as _;

/// Files may name further files, but not for ever.
const DEEPEST: usize = 16;

/// Replaces each `@FILE` by the file's arguments: several on a line, quoted as for a shell, `#` begins
/// a comment, `~` and `$VARIABLE` are expanded.
pub(super) fn expand(arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let mut expanded = Vec::new();
    for argument in arguments {
        one(argument, DEEPEST, &mut expanded)?;
    }
    Ok(expanded)
}

fn one(argument: OsString, depth: usize, expanded: &mut Vec<OsString>) -> Result<(), Failure> {
    let Some(file) = argument.to_str().and_then(|text| text.strip_prefix('@')) else {
        expanded.push(argument);
        return Ok(());
    };
    if depth == 0 {
        return Err(Failure::usage(format!(
            "argument file {file:?} is named by itself"
        )));
    }
    let text = std::fs::read_to_string(file)
        .path_context("read the argument file", Path::new(file))
        .map_err(|error| Failure::new(Exit::of_reading(&error.source), error))?;
    for line in text.lines() {
        let words = shlex::split(line)
            .ok_or_else(|| Failure::usage(format!("argument file {file:?} has an open quote: {line}")))?;
        for word in words {
            one(with_variables(&word).into(), depth - 1, expanded)?;
        }
    }
    Ok(())
}

/// `~/`, `$NAME` and `${NAME}`; a variable that is not set stays as it is written.
fn with_variables(word: &str) -> String {
    let home = env::var("HOME").unwrap_or_default();
    let mut rest = word;
    let mut text = String::new();
    if !home.is_empty() && (word == "~" || word.starts_with("~/")) {
        text.push_str(&home);
        rest = rest.get(1..).unwrap_or_default();
    }
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        let (name, written, left) = variable(after);
        match env::var(name) {
            Ok(value) if !name.is_empty() => text.push_str(&value),
            _ => {
                text.push('$');
                text.push_str(written);
            }
        }
        rest = left;
    }
    text + rest
}

/// A variable's name, how it is written behind the `$`, and what follows it.
fn variable(after: &str) -> (&str, &str, &str) {
    if let Some((name, left)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        let written = after.get(..name.len() + 2).unwrap_or_default();
        return (name, written, left);
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
    let (name, left) = after.split_at(end);
    (name, name, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_may_name_files_and_have_quotes_comments_and_variables() {
        let folder = tempfile::tempdir().unwrap();
        let (outer, inner) = (folder.path().join("outer"), folder.path().join("inner"));
        std::fs::write(&inner, "-c 'a=b c' # why\n\n# nothing\n").unwrap();
        std::fs::write(
            &outer,
            format!("-i ~/x $NOT_SET_ANYWHERE ${{HOME}}.y\n@{}\n", inner.display()),
        )
        .unwrap();
        let home = env::var("HOME").unwrap();
        let expanded = expand(vec!["encrypt".into(), format!("@{}", outer.display()).into()]).unwrap();
        let expected = [
            "encrypt",
            "-i",
            &format!("{home}/x"),
            "$NOT_SET_ANYWHERE",
            &format!("{home}.y"),
            "-c",
            "a=b c",
        ];
        assert_eq!(expanded, expected);
    }

    #[test]
    fn a_file_that_names_itself_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, format!("@{}", file.display())).unwrap();
        let failure = expand(vec![format!("@{}", file.display()).into()]).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
    }
}
