//! The same command lines, with `aws-encryption-cli --encrypt` replaced by `sealdrop encrypt`, on the same
//! data and in front of the same key service: same names, same numbers, same metadata, and each tool reads
//! what the other has written.

use serde_json::Value;

use super::support::{SideBySide, data_keys, noise};

const FILES: usize = 200;

/// Encrypts `in` into `out-TOOL` with both tools; the calls of the key service that each has made.
fn encrypt(both: &SideBySide, more: &[&str]) -> [u64; 2] {
    let key = format!("key={}", both.key);
    let calls = |tool: &str| {
        let (out, metadata) = (format!("out-{tool}"), format!("{tool}.json"));
        std::fs::create_dir(both.place.path(&out)).unwrap();
        let mut options = vec![
            "-r",
            "-i",
            "in",
            "-o",
            &out,
            "--wrapping-keys",
            &key,
            "--metadata-output",
            &metadata,
        ];
        options.extend(["--encryption-context", "purpose=tests", "stage=one"]);
        options.extend(more);
        let before = both.kms.calls("GenerateDataKey");
        match tool {
            "aws" => both.aws(["--encrypt"].into_iter().chain(options)).ok(),
            _ => both.sealdrop(["encrypt"].into_iter().chain(options)).ok(),
        };
        both.kms.calls("GenerateDataKey") - before
    };
    ["aws", "sealdrop"].map(calls)
}

fn decrypt_crosswise(both: &SideBySide) {
    let key = format!("key={}", both.key);
    std::fs::create_dir(both.place.path("back-aws")).unwrap();
    let options = |from: &str, to: &str| -> Vec<String> {
        let fixed = [
            "-r",
            "-i",
            from,
            "-o",
            to,
            "-w",
            &key,
            "-c",
            "purpose=tests",
            "--suffix",
            ".back",
        ];
        fixed.into_iter().map(str::to_owned).collect()
    };
    let mut aws = vec![
        "--decrypt".to_owned(),
        "--metadata-output".to_owned(),
        "d-aws.json".to_owned(),
    ];
    aws.extend(options("out-sealdrop", "back-aws"));
    both.aws(&aws).ok();
    let mut ours = vec![
        "decrypt".to_owned(),
        "--metadata-output".to_owned(),
        "d-sealdrop.json".to_owned(),
    ];
    ours.extend(options("out-aws", "back-sealdrop"));
    both.sealdrop(&ours).ok();
}

/// The names in each metadata object, with what must be the same in both.
fn shape(line: &Value) -> Value {
    let mut line = line.clone();
    let header = line["header"].as_object_mut().unwrap();
    for random in ["message_id", "commitment_key"] {
        assert_eq!(header[random].as_str().unwrap().len(), 44);
        header[random] = Value::Null;
    }
    header["encryption_context"]["aws-crypto-public-key"] = Value::Null;
    for key in header["encrypted_data_keys"].as_array_mut().unwrap() {
        assert!(key["encrypted_data_key"].is_string());
        key["encrypted_data_key"] = Value::Null;
    }
    for name in ["input", "output"] {
        let path = line[name]
            .as_str()
            .unwrap()
            .replace("-aws", "")
            .replace("-sealdrop", "");
        line[name] = path.into();
    }
    if let Some(authentication) = line.get_mut("header_auth") {
        assert_eq!(authentication["iv"], "AAAAAAAAAAAAAAAA");
        authentication["tag"] = Value::Null;
    }
    line.as_object_mut().unwrap().remove("sealdrop");
    line
}

fn shapes(both: &SideBySide, file: &str) -> Vec<Value> {
    let mut shapes: Vec<Value> = both.place.lines(file).iter().map(shape).collect();
    shapes.sort_by_key(|line| line["input"].as_str().unwrap().to_owned());
    shapes
}

#[test]
fn with_a_cache_as_many_data_keys_the_same_names_and_the_same_metadata() {
    let Some(both) = SideBySide::new() else { return };
    for index in 0..FILES {
        both.place
            .write(&format!("in/file-{index:03}"), noise(1000 + index));
    }
    let caching = [
        "--caching",
        "capacity=1",
        "max_age=600",
        "max_messages_encrypted=100",
    ];
    assert_eq!(encrypt(&both, &caching), [2, 2]);
    assert_eq!(both.place.names("out-aws"), both.place.names("out-sealdrop"));
    for metadata in ["aws.json", "sealdrop.json"] {
        let lines = both.place.lines(metadata);
        assert_eq!((lines.len(), data_keys(&lines).len()), (FILES, 2), "{metadata}");
    }
    assert_eq!(shapes(&both, "aws.json"), shapes(&both, "sealdrop.json"));

    decrypt_crosswise(&both);
    for index in 0..FILES {
        let content = noise(1000 + index);
        for tool in ["aws", "sealdrop"] {
            let back = both
                .place
                .read(format!("back-{tool}/file-{index:03}.encrypted.back"));
            assert!(back == content, "{tool} {index}");
        }
    }
    assert_eq!(shapes(&both, "d-aws.json"), shapes(&both, "d-sealdrop.json"));
}

#[test]
fn without_a_cache_each_file_has_its_own_data_key() {
    let Some(both) = SideBySide::new() else { return };
    for index in 0..20 {
        both.place
            .write(&format!("in/file-{index:03}"), noise(4096 * (index % 3)));
    }
    assert_eq!(encrypt(&both, &[]), [20, 20]);
    for metadata in ["aws.json", "sealdrop.json"] {
        assert_eq!(data_keys(&both.place.lines(metadata)).len(), 20, "{metadata}");
    }
    decrypt_crosswise(&both);
}

#[test]
fn old_spellings_other_suites_and_base64() {
    let Some(both) = SideBySide::new() else { return };
    both.place.write("a", noise(10_000));
    let key = format!("key={}", both.key);
    let suite = [
        "--algorithm",
        "AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
        "--frame-length",
        "1024",
        "--encode",
        "-S",
    ];
    let of_files = ["-i", "a", "-o", "a.b64"];
    both.sealdrop(
        ["encrypt", "--master-key", &key]
            .into_iter()
            .chain(of_files)
            .chain(suite),
    )
    .ok();
    both.aws([
        "--decrypt",
        "-i",
        "a.b64",
        "-o",
        "a.aws",
        "-w",
        &key,
        "--decode",
        "-S",
    ])
    .ok();
    assert!(both.place.read("a.aws") == both.place.read("a"));

    both.aws(["--encrypt", "-w", &key].into_iter().chain(of_files).chain(suite))
        .ok();
    let decrypt = [
        "decrypt", "-i", "a.b64", "-o", "a.back", "-m", &key, "--decode", "-S", "--buffer",
    ];
    both.sealdrop(decrypt).ok();
    assert!(both.place.read("a.back") == both.place.read("a"));
}
