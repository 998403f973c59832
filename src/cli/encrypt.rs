//! `sealdrop encrypt`: files into messages, once.

use std::sync::Arc;

use clap::Args;
use tokio::runtime::Handle;

use super::Outcome;
use super::failure::Failure;
use super::oneshot::{
    CacheOption, ContextOption, EraseSettings, Erasing, Files, KeyCounts, KeyOptions, Naming, OnSignal,
    Outputs, Plan, RecordOptions, Sealing, Talk, commitment_policy, run_jobs, runtime,
};
use super::telemetry;
use crate::materials::MaterialsManager;
use crate::message::{AlgorithmSuite, FrameLength};

/// Encrypt files into AWS Encryption SDK messages
///
/// Takes aws-encryption-cli's options and writes what it writes. Outputs appear whole or not at all;
/// a file that fails does not stop the others.
#[derive(Debug, Args)]
#[command(
    infer_long_args = true,
    after_help = "\
Examples:
  sealdrop encrypt -i report.csv -o report.csv.encrypted -w key=alias/ingest
  sealdrop encrypt -r -i in -o out -w key=ARN -c purpose=claims --metadata-output out.json \\
      --caching capacity=1 max_age=10 max_messages_encrypted=100
  sealdrop encrypt -i - -o - --config config/quickstart.toml --keyring main < a > a.encrypted
  sealdrop encrypt @arguments.txt"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    outputs: Outputs,
    /// Append this to the names of outputs in a folder; nothing without a value [default: .encrypted]
    #[arg(long, value_name = "SUFFIX", num_args = 0..=1, default_missing_value = "", help_heading = "Files")]
    suffix: Option<String>,
    /// Erase each input once its message is durable and verified, as the daemon does, and put a metadata
    /// record beside it; the output must be another folder. Outputs get mode 0600
    #[arg(long, conflicts_with_all = ["encode", "decode", "follow_symlinks"], help_heading = "Files")]
    erase_input: bool,
    #[command(flatten)]
    keys: KeyOptions,
    #[command(flatten)]
    cache: CacheOption,
    #[command(flatten)]
    context: ContextOption,
    /// The algorithm suite; it must commit to its key
    #[arg(
        long,
        value_name = "NAME",
        default_value = "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384"
    )]
    algorithm: String,
    /// Plaintext bytes per frame
    #[arg(long, value_name = "N", default_value_t = 4096)]
    frame_length: u32,
    /// Which suites may be written
    #[arg(
        long,
        value_name = "POLICY",
        default_value = "require-encrypt-require-decrypt"
    )]
    commitment_policy: String,
    #[command(flatten)]
    records: RecordOptions,
    #[command(flatten)]
    talk: Talk,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    telemetry::start_oneshot(&arguments.talk);
    let suite = arguments.suite()?;
    let frame_length = arguments.frame_length()?;
    let (context, required) = arguments.context.to_write()?;
    let cache = arguments.cache.limits()?;
    let naming = Naming {
        suffix: arguments.suffix(),
        strip: None,
        skip_records: false,
    };
    let plan = Plan::to_output(&arguments.files, arguments.outputs.path(), &naming)?;
    let counts = Arc::new(KeyCounts::default());
    let keyring = arguments.keys.keyring(true, &counts)?;
    let on_signal = if arguments.erase_input {
        OnSignal::FinishFiles
    } else {
        OnSignal::EndAtOnce
    };
    let runtime = runtime(on_signal)?;
    let manager = MaterialsManager::new(keyring, suite, context, cache)
        .with_required_keys(required)
        .with_observer(Arc::<KeyCounts>::clone(&counts));
    if arguments.erase_input {
        return arguments.erase(runtime.handle(), manager, frame_length, &plan, &counts);
    }
    let sealing = Sealing {
        runtime: runtime.handle().clone(),
        manager,
        frame_length,
        max_encrypted_data_keys: arguments.keys.max_encrypted_data_keys,
        decode: arguments.files.decode,
        encode: arguments.outputs.encode,
        existing: arguments.outputs.existing(),
    };
    run_jobs(&sealing, &plan, &arguments.records, &arguments.talk, &counts)
}

impl Arguments {
    fn suffix(&self) -> String {
        self.suffix.clone().unwrap_or_else(|| ".encrypted".to_owned())
    }

    fn erase(
        &self,
        runtime: &Handle,
        manager: MaterialsManager,
        frame_length: FrameLength,
        plan: &Plan,
        counts: &Arc<KeyCounts>,
    ) -> Outcome {
        plan.make_folders()?;
        let settings = EraseSettings {
            output: self.outputs.path(),
            suffix: self.suffix(),
            frame_length,
            existing: self.outputs.existing(),
        };
        if settings.suffix.is_empty() || !settings.output.is_dir() {
            return Err(Failure::usage(
                "--erase-input needs a folder as its output, and a suffix",
            ));
        }
        let erasing = Erasing::open(runtime.clone(), manager, &self.files, settings)?;
        run_jobs(&erasing, plan, &self.records, &self.talk, counts)
    }

    fn suite(&self) -> Result<AlgorithmSuite, Failure> {
        let name = &self.algorithm;
        let policy = commitment_policy(&self.commitment_policy)?;
        let suite = AlgorithmSuite::from_name(name).ok_or_else(|| {
            let names = AlgorithmSuite::ALL
                .into_iter()
                .filter(|suite| suite.commits())
                .map(AlgorithmSuite::name);
            Failure::usage(format!("there is no algorithm suite {name:?}"))
                .with_help(names.collect::<Vec<_>>().join(", "))
        })?;
        if suite.commits() && policy.allows_encrypt(suite) {
            return Ok(suite);
        }
        Err(
            Failure::usage("sealdrop writes no message that does not commit to its key").with_help(
                "a reader must support message format 2: version 2.0 of any AWS Encryption SDK, or later",
            ),
        )
    }

    fn frame_length(&self) -> Result<FrameLength, Failure> {
        match FrameLength::new(self.frame_length) {
            Some(length) if length.get() <= FrameLength::MAX_WRITTEN => Ok(length),
            Some(_) => Err(Failure::usage(format!(
                "--frame-length is more than {}",
                FrameLength::MAX_WRITTEN
            ))),
            None => Err(
                Failure::usage("--frame-length 0 would make a message without frames").with_help(
                    "such messages are read, but not written: readers must hold them in memory as a whole",
                ),
            ),
        }
    }
}
