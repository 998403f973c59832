//! `sealdrop verify`: are messages whole, and can this keyring open them?

use std::sync::Arc;

use clap::Args;

use super::Outcome;
use super::oneshot::{
    CacheOption, ContextOption, Files, KeyCounts, KeyOptions, Limits, Naming, OnSignal, Opening, Plan,
    RecordOptions, Talk, run_jobs, runtime,
};
use super::telemetry;

/// Prove messages whole and readable; nothing is written
#[derive(Debug, Args)]
#[command(
    infer_long_args = true,
    after_help = "\
Examples:
  sealdrop verify -i report.csv.encrypted -w key=ARN
  sealdrop verify -r -i var/out --config config/quickstart.toml --keyring main

In folders, sealdrop's own metadata records are left out. Exit status: 0 if every message holds, else 65."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: Files,
    /// In folders, leave out what does not have this suffix
    #[arg(long, value_name = "SUFFIX", num_args = 0..=1, default_missing_value = ".encrypted", help_heading = "Files")]
    strip_suffix: Option<String>,
    #[command(flatten)]
    keys: KeyOptions,
    #[command(flatten)]
    cache: CacheOption,
    #[command(flatten)]
    context: ContextOption,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    records: RecordOptions,
    #[command(flatten)]
    talk: Talk,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    telemetry::start_oneshot(&arguments.talk);
    let naming = Naming {
        suffix: String::new(),
        strip: arguments.strip_suffix.clone(),
        skip_records: true,
    };
    let mut settings = arguments
        .limits
        .settings(&arguments.keys, &arguments.context, &arguments.cache)?;
    settings.decode = arguments.files.decode;
    let plan = Plan::to_nowhere(&arguments.files, &naming)?;
    let counts = Arc::new(KeyCounts::default());
    let keyring = arguments.keys.keyring(false, &counts)?;
    let runtime = runtime(OnSignal::EndAtOnce)?;
    let opening = Opening::new("verify", runtime.handle().clone(), keyring, settings);
    run_jobs(&opening, &plan, &arguments.records, &arguments.talk, &counts)
}
