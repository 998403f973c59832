//! One finding: about what, how it is, what was seen, and what to change.

use serde::Serialize;

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// As it should be.
    Ok,
    /// Files are sealed, and something about it could be better or go wrong.
    Warning,
    /// Files are not sealed, or the daemon does not start.
    Problem,
}

/// What a problem is in terms of exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The key service gives no data key.
    KeyService,
    /// The daemon may not do what it has to.
    Permission,
    /// The configuration names what is not there or will not do.
    Configuration,
    /// Nothing more can be written.
    Output,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `host`, `drop NAME` or `keyring NAME`.
    pub about: String,
    /// Which probe it comes from, in one word that scripts may rely on.
    pub probe: &'static str,
    /// How it is.
    pub grade: Grade,
    /// What kind of problem, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// What was seen.
    pub found: String,
    /// What to change, or what would be stronger.
    pub advice: Option<String>,
}

/// What the host as a whole is called.
pub(super) const HOST: &str = "host";

impl Finding {
    /// As it should be.
    pub(super) fn ok(about: impl Into<String>, probe: &'static str, found: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            probe,
            grade: Grade::Ok,
            trouble: None,
            found: found.into(),
            advice: None,
        }
    }

    /// Something to know or to change.
    pub(super) fn warning(about: impl Into<String>, probe: &'static str, found: impl Into<String>) -> Self {
        Self {
            grade: Grade::Warning,
            ..Self::ok(about, probe, found)
        }
    }

    /// Something that stops sealing.
    pub(super) fn problem(
        about: impl Into<String>,
        probe: &'static str,
        trouble: Trouble,
        found: impl Into<String>,
    ) -> Self {
        Self {
            grade: Grade::Problem,
            trouble: Some(trouble),
            ..Self::ok(about, probe, found)
        }
    }

    #[must_use]
    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}
