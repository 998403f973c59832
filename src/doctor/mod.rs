//! What this host and the configured folders, file systems and keyrings are good for.
//!
//! It looks and tries, and changes nothing: no folder or key is made, no lock is taken. Trials use files that have no
//! name, or one that begins with `.sealdrop-` and is gone at once, so it may run beside the daemon.

use std::time::Duration;

use serde::Serialize;

use crate::config::Settings;

mod clock;
mod environment;
mod erasure;
mod finding;
mod folders;
mod keys;
mod leases;
mod memory;
mod names;
mod roots;
mod space;
mod subfolders;
mod swap;
mod viewer;
mod watches;

pub use finding::{Finding, Grade, Trouble};
use viewer::Viewer;

/// Everything that was found, in the order it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// No finding is a problem.
    pub healthy: bool,
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    fn of(findings: Vec<Finding>) -> Self {
        let healthy = findings.iter().all(|finding| finding.grade != Grade::Problem);
        Self { healthy, findings }
    }
}

/// Examines the host for these settings. `daemon` is the process of the running daemon, if one answers: then its user,
/// capabilities and limits count, else this process's own. `patience` is how long a key service may take.
pub async fn examine(settings: &Settings, daemon: Option<u32>, patience: Duration) -> Report {
    let viewer = Viewer::of(daemon);
    let mut findings = vec![viewer.finding(settings)];
    findings.extend([
        memory::cores(&viewer),
        memory::locked(&viewer),
        swap::finding(&viewer),
    ]);
    findings.extend([clock::finding(), watches::finding(settings)]);
    findings.extend(environment::findings(settings));
    for drop in &settings.drops {
        findings.extend(folders::findings(drop, &viewer));
        findings.extend(leases::finding(drop, &viewer));
        findings.extend(subfolders::finding(drop, &viewer));
        findings.extend(erasure::finding(drop));
        findings.extend(space::findings(drop));
    }
    findings.extend(keys::findings(settings, patience).await);
    Report::of(findings)
}
