//! `sealdrop decrypt`: messages into files, once.

use std::sync::Arc;

use clap::Args;

use super::Outcome;
use super::oneshot::{
    CacheOption, ContextOption, Files, KeyCounts, KeyOptions, Limits, Naming, OnSignal, Opening, Outputs,
    Plan, RecordOptions, Talk, run_jobs, runtime,
};
use super::telemetry;

/// Decrypt AWS Encryption SDK messages
///
/// Takes aws-encryption-cli's options. An output appears once its message is proven whole, with the
/// message's own permission bits; no byte of a bad message is left, and a good output is never lost.
#[derive(Debug, Args)]
#[command(
    infer_long_args = true,
    after_help = "\
Examples:
  sealdrop decrypt -i report.csv.encrypted -o report.csv -w key=ARN
  sealdrop decrypt -r -i var/out -o restored --strip-suffix --config config/quickstart.toml --keyring main
  sealdrop decrypt -i a.encrypted -o - -w discovery=true -c purpose=claims

Folders are restored with -r --strip-suffix; sealdrop's own metadata records in them are left out, and
no path is ever taken from one."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    outputs: Outputs,
    /// Append this to the names of outputs in a folder; nothing without a value [default: .decrypted, or
    /// nothing with --strip-suffix]
    #[arg(long, value_name = "SUFFIX", num_args = 0..=1, default_missing_value = "", help_heading = "Files")]
    suffix: Option<String>,
    /// Take this off the names of inputs first; in folders, leave out what does not have it
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
        suffix: match (&arguments.suffix, &arguments.strip_suffix) {
            (Some(suffix), _) => suffix.clone(),
            (None, Some(_)) => String::new(),
            (None, None) => ".decrypted".to_owned(),
        },
        strip: arguments.strip_suffix.clone(),
        skip_records: true,
    };
    let mut settings = arguments
        .limits
        .settings(&arguments.keys, &arguments.context, &arguments.cache)?;
    settings.decode = arguments.files.decode;
    settings.encode = arguments.outputs.encode;
    settings.existing = arguments.outputs.existing();
    let plan = Plan::to_output(&arguments.files, arguments.outputs.path(), &naming)?;
    let counts = Arc::new(KeyCounts::default());
    let keyring = arguments.keys.keyring(false, &counts)?;
    let runtime = runtime(OnSignal::EndAtOnce)?;
    let opening = Opening::new("decrypt", runtime.handle().clone(), keyring, settings);
    run_jobs(&opening, &plan, &arguments.records, &arguments.talk, &counts)
}
