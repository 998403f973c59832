use super::support::{Case, KEYRING, one_drop};

#[test]
fn with_file_line_key_value_and_reason_in_the_order_of_lines() {
    let faults = Case::new().faults(
        r#"wokers = 4
[keyring.main]
type = "aws-kns"
[keyring.other]
type = "aws-kms"
key = "arn:aws:s3:us-east-1:123456789012:key/x"
endpoint_url = "127.0.0.1"
[data_key_cache]
max_age = "10 parsecs"
max_messages_encrypted = 0
[[drop]]
name = "claims"
intput = "/in"
output = "/out"
keyring = "mian"
suffix = ""
frame_length = "64 elephants"
encryption_context = { aws-crypto-public-key = "x", purpose = 7 }
erase = "shred"
output_mode = 640
exclude = ["[a"]
[log]
format = "jounald"
"#,
    );
    let expected = r#"c.toml:1: wokers = 4: unknown key (did you mean "workers"?)
c.toml:3: type = "aws-kns": is none of "aws-kms", "raw-aes", "raw-rsa", "multi" (did you mean "aws-kms"?)
c.toml:6: key = "arn:aws:s3:us-east-1:123456789012:key/x": "arn:aws:s3:us-east-1:123456789012:key/x" is no KMS key: an ARN reads arn:<partition>:kms:<region>:<account>:key/<id>
c.toml:7: endpoint_url = "127.0.0.1": must start with http:// or https://
c.toml:9: max_age = "10 parsecs": must be a duration such as "10s" or "500ms": unknown time unit "parsecs", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)
c.toml:10: max_messages_encrypted = 0: must be at least 1
c.toml:11: [[drop]]: input is missing
c.toml:13: intput = "/in": unknown key of [[drop]] (did you mean "input"?)
c.toml:15: keyring = "mian": there is no [keyring.mian] (did you mean "main"?)
c.toml:16: suffix = "": must not be empty, or a message could take its plaintext's name
c.toml:17: frame_length = "64 elephants": must be a size such as "64KiB", "16GiB" or 4096
c.toml:18: aws-crypto-public-key = "x": encryption context key "aws-crypto-public-key" is reserved: keys must not start with "aws-crypto-"
c.toml:18: purpose = 7: must be a string, and is of type integer
c.toml:19: erase = "shred": is none of "overwrite", "unlink", "keep"
c.toml:20: output_mode = 640: must be octal digits in quotes such as "0640", and is of type integer
c.toml:21: exclude = ["[a"]: "[a" is no pattern: unclosed character class; missing ']'
c.toml:23: format = "jounald": is none of "auto", "journald", "json", "text" (did you mean "journald"?)"#;
    assert_eq!(faults.join("\n"), expected);
}

#[test]
fn also_behind_a_line_that_is_no_toml() {
    let faults = Case::new().faults("workers = \n[log]\nformt = \"text\"\n");
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].starts_with("c.toml:1: workers ="), "{faults:?}");
    assert_eq!(
        faults[1],
        "c.toml:3: formt = \"text\": unknown key of [log] (did you mean \"format\"?)"
    );
}

#[test]
fn a_key_of_another_keyring_type_is_unknown() {
    let faults = Case::new().faults(&one_drop("").replace("key = ", "key_file = \"x\", key = "));
    assert_eq!(
        faults,
        ["c.toml:1: key_file = \"x\": unknown key of a keyring of type \"aws-kms\" (did you mean \"key\"?)"]
    );
}

#[test]
fn a_keyring_that_contains_itself_is_refused() {
    let text = one_drop(
        "[keyring.x]\ntype = \"multi\"\ngenerator = \"y\"\n[keyring.y]\ntype = \"multi\"\ngenerator = \"x\"\n",
    );
    let faults = Case::new().faults(&text);
    assert_eq!(
        faults,
        [
            "c.toml:7: [keyring.x]: the keyring contains itself",
            "c.toml:10: [keyring.y]: the keyring contains itself"
        ]
    );
}

#[test]
fn a_key_given_twice_and_a_file_without_drops_are_faults() {
    assert_eq!(
        Case::new().faults(&format!("{KEYRING}workers = 1\n")),
        ["c.toml:1: the file: there is no [[drop]], so there is nothing to do"]
    );
    let twice = Case::new().faults(&one_drop("recursive = true\nrecursive = false\n"));
    assert_eq!(twice, ["c.toml:8: recursive = false: duplicate key"]);
}

#[test]
fn a_region_that_contradicts_the_arn_is_refused_and_none_is_fine() {
    let text = one_drop("").replace(
        "alias/ingest\"",
        "arn:aws:kms:eu-west-1:123456789012:alias/x\", region = \"us-east-1\"",
    );
    assert_eq!(
        Case::new().faults(&text),
        ["c.toml:1: region = \"us-east-1\": is not the region of the key's ARN, \"eu-west-1\""]
    );
    assert!(Case::new().parse(&one_drop("")).is_ok());
}
