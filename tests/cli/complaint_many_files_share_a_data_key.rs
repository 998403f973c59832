//! aws-encryption-sdk-javascript#1665, #421: a cache that is asked by many at once makes one data key,
//! and opening asks once for each.

use super::support::{SideBySide, data_keys, noise};

#[test]
fn also_when_they_are_sealed_and_opened_at_the_same_time() {
    let Some(both) = SideBySide::new() else { return };
    for index in 0..60 {
        both.place.write(&format!("in/{index}"), noise(5000));
    }
    let key = format!("key={}", both.key);
    let cache = ["-w", &key, "--caching", "capacity=10", "max_age=1h"];
    let encrypt = ["encrypt", "-r", "-i", "in", "-o", "out", "--metadata-output", "m"];
    both.sealdrop(encrypt.into_iter().chain(cache)).ok();
    assert_eq!(data_keys(&both.place.lines("m")).len(), 1);
    let decrypt = [
        "decrypt",
        "-r",
        "-i",
        "out",
        "-o",
        "back",
        "--strip-suffix",
        "--json",
    ];
    let ran = both.sealdrop(decrypt.into_iter().chain(cache)).ok();
    let summary: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(
        (&summary["files"], &summary["key_calls"]),
        (&60.into(), &1.into())
    );
    assert_eq!(
        (both.kms.calls("GenerateDataKey"), both.kms.calls("Decrypt")),
        (1, 1)
    );
}
