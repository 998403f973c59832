//! `sealdrop doctor`: is this host fit for it?

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::check::count as counted;
use super::exit::Exit;
use super::failure::Failure;
use super::{Outcome, as_daemon, output, status};
use crate::config;
use crate::doctor::{self, Finding, Grade, Report, Trouble};

/// Probe this host, the configured folders and keyrings, and say what to change
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealdrop doctor --config config/quickstart.toml
  sealdrop doctor
  sealdrop doctor --json | jq '.findings[] | select(.grade != \"ok\")'

It makes no folder and no key and takes no lock, so it may run beside the daemon, whose user, capabilities and
limits then count. It asks each keyring for one real data key. Root sees with the daemon's rights: the command then
goes on as the daemon's user, or the drop folder's owner if no daemon answers.

Exit status, the worst of what was found: 0 nothing that stops sealing (warnings too); 69 the key service gives no
data key; 73 no room for output; 77 a permission is missing; 78 the configuration, or a folder or key that it names,
will not do.")]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "/etc/sealdrop/sealdrop.toml")]
    config: PathBuf,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Longer than a call to the key service takes with its attempts.
const PATIENCE: Duration = Duration::from_mins(1);
/// Columns of a line, and where its text begins.
const WIDTH: usize = 110;
const INDENT: usize = 9;

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let loaded = config::load(&arguments.config)?;
    let settings = loaded.settings;
    let daemon = settings.status.as_deref().and_then(status::process);
    as_daemon::instead_of_root(&settings, daemon);
    output::warnings(&arguments.config, &loaded.warnings);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Io, error))?;
    let report = runtime.block_on(doctor::examine(&settings, daemon, PATIENCE));
    let exit = exit(&report);
    if arguments.json {
        output::line(json(&report, exit));
    } else {
        output::line(output::printable(screen(&report).trim_end()));
    }
    Ok(exit)
}

/// The worst of the problems.
fn exit(report: &Report) -> Exit {
    let troubles = report.findings.iter().filter_map(|finding| finding.trouble);
    let exits = troubles.map(|trouble| match trouble {
        Trouble::KeyService => Exit::Unavailable,
        Trouble::Permission => Exit::Permission,
        Trouble::Configuration => Exit::Config,
        Trouble::Output => Exit::CannotCreate,
    });
    exits.max().unwrap_or_default()
}

fn json(report: &Report, exit: Exit) -> serde_json::Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "healthy": report.healthy,
        "exit": exit.code(),
        "findings": report.findings,
    })
}

/// A block per thing, a line per finding, and what to change below it.
fn screen(report: &Report) -> String {
    let mut text = String::new();
    let mut about = "";
    for finding in &report.findings {
        if finding.about != about {
            about = &finding.about;
            let _ = writeln!(text, "{about}"); // a String takes everything
        }
        row(&mut text, finding);
    }
    let count = |grade| {
        let found = report.findings.iter().filter(|finding| finding.grade == grade);
        found.count()
    };
    let _ = writeln!(
        text,
        "{} ok, {}, {}",
        count(Grade::Ok),
        counted(count(Grade::Warning), "warning"),
        counted(count(Grade::Problem), "problem")
    );
    text
}

fn row(text: &mut String, finding: &Finding) {
    let grade = match finding.grade {
        Grade::Ok => "ok",
        Grade::Warning => "WARNING",
        Grade::Problem => "PROBLEM",
    };
    let found = format!("{}: {}", finding.probe, finding.found);
    wrapped(text, grade, &found);
    if let Some(advice) = &finding.advice {
        wrapped(text, "", &format!("-> {advice}"));
    }
}

/// Words in lines of [`WIDTH`], with a mark before the first.
fn wrapped(text: &mut String, mark: &str, words: &str) {
    let mut line = format!("  {mark:<INDENT$}");
    let start = line.len();
    for word in words.split(' ') {
        let used = line.chars().count();
        if used > start && used + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(start);
        }
        if line.len() > start {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(text, "{}", line.trim_end());
}
