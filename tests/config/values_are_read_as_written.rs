use std::path::PathBuf;
use std::time::Duration;

use sealdrop::config::{Collision, Erase, KeyringSettings, Lease, Listen, LogFormat};
use sealdrop::keyring::KmsConnection;

use super::support::{Case, one_drop};

#[test]
fn durations_sizes_modes_and_names() {
    let text = one_drop(
        r#"quiet = "1500ms"
max_size = "2 GiB"
rescan = "5m"
recursive = true
remove_empty_folders = true
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
    assert_eq!(drop.rescan, Duration::from_mins(5));
    assert!(drop.recursive && drop.remove_empty_folders);
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
    let KeyringSettings::AwsKms(options) = &settings.keyrings["main"] else {
        panic!("not an aws-kms keyring")
    };
    let keys = options.keys.iter().map(ToString::to_string);
    assert_eq!(keys.collect::<Vec<_>>(), ["alias/a", "alias/b"]);
}

#[test]
fn how_the_key_service_is_reached_is_the_operators_choice() {
    let with = |text: &str| one_drop("").replace("\"alias/ingest\"", &format!("\"alias/ingest\", {text}"));
    let text = with(
        "region = \"eu-west-1\", profile = \"p\", grant_tokens = [\"t\"], use_fips = true, \
         use_dual_stack = false, connect_timeout = \"1s\", attempt_timeout = \"2s\", \
         operation_timeout = \"3s\", max_attempts = 4",
    );
    let settings = Case::new().parse(&text).unwrap().settings;
    let KeyringSettings::AwsKms(options) = &settings.keyrings["main"] else {
        panic!("not an aws-kms keyring")
    };
    assert_eq!(options.grant_tokens, ["t"]);
    let expected = KmsConnection {
        region: Some("eu-west-1".into()),
        profile: Some("p".into()),
        endpoint_url: None,
        use_fips: Some(true),
        use_dual_stack: Some(false),
        connect_timeout: Duration::from_secs(1),
        attempt_timeout: Duration::from_secs(2),
        operation_timeout: Duration::from_secs(3),
        max_attempts: 4,
    };
    assert_eq!(options.connection, expected);
    for (text, why) in [
        ("attempt_timeout = \"20s\"", "shorter than one attempt"),
        ("connect_timeout = \"0s\"", "longer than nothing"),
        ("max_attempts = 0", "from 1 to 10"),
    ] {
        let faults = Case::new().faults(&with(text));
        assert!(faults[0].contains(why), "{faults:?}");
    }
}

#[test]
fn without_the_table_there_is_no_cache() {
    assert_eq!(
        Case::new().parse(&one_drop("")).unwrap().settings.data_key_cache,
        None
    );
}
