//! Encrypts files with the official AWS Encryption SDK for Rust, and a raw AES key of zeros.
//!
//! `official THREADS OUTPUT ERASE INPUT...`: one file at a time per thread, each whole in memory, as the crate takes it.
//! With `durable` for ERASE, each message is flushed and renamed, its folder flushed, and the plaintext overwritten and
//! unlinked; with `plain` it is only written.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_esdk::client::Client;
use aws_esdk::material_providers::client::Client as Providers;
use aws_esdk::material_providers::types::{AesWrappingAlg, EsdkAlgorithmSuiteId};
use aws_esdk::material_providers::types::material_providers_config::MaterialProvidersConfig;
use aws_esdk::types::aws_encryption_sdk_config::AwsEncryptionSdkConfig;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    let mut arguments = std::env::args_os().skip(1);
    let mut next = || arguments.next().ok_or("official THREADS OUTPUT ERASE INPUT...");
    let threads: usize = next()?.to_string_lossy().parse()?;
    let output = PathBuf::from(next()?);
    let durable = next()? == "durable";
    let inputs: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let taken = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| work(&inputs, &taken, &output, durable)))
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a thread panicked")?)
    })
}

fn work(inputs: &[PathBuf], taken: &AtomicUsize, output: &Path, durable: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::from_conf(AwsEncryptionSdkConfig::builder().build()?)?;
        let keyring = Providers::from_conf(MaterialProvidersConfig::builder().build()?)?
            .create_raw_aes_keyring()
            .key_name("key")
            .key_namespace("bench")
            .wrapping_key(vec![0; 32])
            .wrapping_alg(AesWrappingAlg::AlgAes256GcmIv12Tag16)
            .send()
            .await?;
        while let Some(input) = inputs.get(taken.fetch_add(1, Ordering::Relaxed)) {
            let plaintext = fs::read(input)?;
            let length = plaintext.len();
            let sealed = client
                .encrypt()
                .plaintext(plaintext)
                .keyring(keyring.clone())
                .algorithm_suite_id(EsdkAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKey)
                .frame_length(65_536)
                .send()
                .await?;
            let message = sealed.ciphertext.ok_or("no ciphertext")?;
            deliver(input, length, message.as_ref(), output, durable)?;
        }
        Ok(())
    })
}

fn deliver(input: &Path, length: usize, message: &[u8], output: &Path, durable: bool) -> Outcome {
    let name = input.file_name().ok_or("no name")?.to_string_lossy();
    let (staged, place) = (output.join(format!(".{name}")), output.join(&*name));
    let mut file = File::create(&staged)?;
    file.write_all(message)?;
    if durable {
        file.sync_all()?;
    }
    fs::rename(&staged, &place)?;
    if durable {
        File::open(output)?.sync_all()?;
        File::options().write(true).open(input)?.write_all_at(&vec![0xa5; length], 0)?;
        fs::remove_file(input)?;
    }
    Ok(())
}
