use std::path::PathBuf;
use std::time::Duration;

use sealdrop::config::{Collision, Erase, KeyringSettings, Lease, Listen, LogFormat};

use super::support::{Case, one_drop};

#[test]
fn durations_sizes_modes_and_names() {
    let text = one_drop(
        r#"quiet = "1500ms"
max_size = "2 GiB"
frame_length = 4096
output_mode = "0600"
erase = "keep"
keep = "@/kept"
lease = "require"
collision = "hold"
encryption_context = { purpose = "claims", "line of business" = "life" }
algorithm = "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384"
[data_key_cache]
max_age = "1m 30s"
max_bytes_encrypted = "16GiB"
[metrics]
listen = "127.0.0.1:9464"
[log]
format = "json"
"#,
    );
    let case = Case::new();
    let settings = case.parse(&text).unwrap().settings;
    let drop = &settings.drops[0];
    assert_eq!(drop.quiet, Duration::from_millis(1500));
    assert_eq!(drop.max_size, 2 << 30);
    assert_eq!(drop.frame_length.get(), 4096);
    assert_eq!(drop.output_mode, 0o600);
    assert_eq!(drop.erase, Erase::Keep(case.path("kept")));
    assert_eq!((drop.lease, drop.collision), (Lease::Require, Collision::Hold));
    assert_eq!(drop.encryption_context.get("line of business"), Some("life"));
    assert!(drop.algorithm.signature().is_some());
    let cache = settings.data_key_cache.unwrap();
    assert_eq!(
        (cache.max_age, cache.max_bytes_encrypted),
        (Duration::from_secs(90), 16 << 30)
    );
    assert_eq!(
        settings.metrics,
        Some(Listen::Tcp("127.0.0.1:9464".parse().unwrap()))
    );
    assert_eq!(
        (settings.log, settings.status),
        (LogFormat::Json, None::<PathBuf>)
    );
}

#[test]
fn a_key_may_be_a_list() {
    let text = one_drop("").replace("\"alias/ingest\"", "[\"alias/a\", \"alias/b\"]");
    let settings = Case::new().parse(&text).unwrap().settings;
    let KeyringSettings::AwsKms { keys, .. } = &settings.keyrings["main"] else {
        panic!("not an aws-kms keyring")
    };
    assert_eq!(keys, &["alias/a", "alias/b"]);
}

#[test]
fn without_the_table_there_is_no_cache() {
    assert_eq!(
        Case::new().parse(&one_drop("")).unwrap().settings.data_key_cache,
        None
    );
}
