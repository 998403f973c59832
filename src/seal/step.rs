//! The steps of a file's way, for who reads why it ended early.

use super::SealError;

/// What was being done with a file when its way ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Making it durable that the file is ours.
    Claim,
    /// Reading, encrypting and flushing into the output folder.
    Stage,
    /// Reading the staged message back.
    Verify,
    /// Giving it its final name.
    Publish,
    /// Erasing the plaintext.
    Erase,
    /// Writing the metadata record.
    Record,
}

impl Step {
    /// One stable word for the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Stage => "stage",
            Self::Verify => "verify",
            Self::Publish => "publish",
            Self::Erase => "erase",
            Self::Record => "record",
        }
    }

    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Claim => "claim the file",
            Self::Stage => "write the message",
            Self::Verify => "verify the message",
            Self::Publish => "publish the message",
            Self::Erase => "erase the plaintext",
            Self::Record => "write the record",
        }
    }

    /// Names the step in an error.
    pub(super) fn failed(self) -> impl FnOnce(SealError) -> SealError {
        move |error| SealError::Step {
            step: self,
            source: Box::new(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::fs::PathError;

    fn full(path: &str) -> SealError {
        SealError::Output(PathError {
            action: "flush",
            path: path.into(),
            source: io::Error::from(io::ErrorKind::StorageFull),
        })
    }

    #[test]
    fn a_step_names_itself_and_leaves_the_reason_as_it_is() {
        let error = Step::Publish.failed()(full("/out"));
        assert_eq!(error.to_string(), "failed to publish the message");
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "failed to flush \"/out\"");
        assert_eq!(error.step(), Some(Step::Publish));
        assert_eq!((error.reason(), full("/out").step()), ("no_space", None));

        let gone = |path: &str| Step::Stage.failed()(SealError::Gone(path.into()));
        assert!(gone("/a").is_gone() && !gone("/a").is_producer_active());
        let changed = Step::Erase.failed()(SealError::Changed("/a".into()));
        assert!(changed.is_producer_active() && !changed.is_gone());
    }
}
