//! What a keyring's table says of endpoints, profiles and grants is what the real client does: seen in
//! the name it asks TLS for, and in the request it signs.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use crate::fault_proxy::FaultProxy;
use crate::kms::KmsEmulator;

const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012";

/// Seals one file with this keyring, by a command that becomes ours and with nothing of AWS in its
/// environment but this.
fn seal(folder: &Path, wrapper: &[&str], keyring: &str, environment: &[(&str, &str)]) -> Output {
    let root = folder.to_str().unwrap();
    let config = folder.join("config.toml");
    let drop = format!(
        "[[drop]]\nname = \"drop\"\ninput = \"{root}/in\"\noutput = \"{root}/out\"\nkeyring = \"main\"\n\
         create = true\n"
    );
    fs::write(
        &config,
        format!("[keyring.main]\ntype = \"aws-kms\"\n{keyring}\n{drop}"),
    )
    .unwrap();
    fs::write(folder.join("plain"), "content").unwrap();
    let words = [wrapper, &[env!("CARGO_BIN_EXE_sealdrop")]].concat();
    let inherited = std::env::vars().filter(|(name, _)| name.starts_with("AWS_"));
    let mut command = Command::new(words[0]);
    for (name, _) in inherited {
        command.env_remove(name);
    }
    command
        .args(&words[1..])
        .args([
            "encrypt",
            "-S",
            "-i",
            "plain",
            "-o",
            "sealed",
            "--keyring",
            "main",
            "--config",
        ])
        .arg(&config)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap()
}

const CREDENTIALS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "testing"),
    ("AWS_SECRET_ACCESS_KEY", "testing"),
];

/// Where nobody else listens; the names lead there in the client's own view of the file system.
const ADDRESS: &str = "127.77.0.1";

/// Becomes the command that follows, with another /etc/hosts. Needs root.
fn with_hosts(hosts: &Path) -> [String; 5] {
    let script = format!("mount --bind '{}' /etc/hosts && exec \"$@\"", hosts.display());
    ["unshare", "-m", "sh", "-c", &script].map(str::to_owned)
}

/// One connection after the other: what the client says first, the server's name in the clear in it.
fn hellos(listener: TcpListener) -> std::sync::mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut hello = vec![0; 4096];
            let length = stream.unwrap().read(&mut hello).unwrap();
            hello.truncate(length);
            if sender.send(hello).is_err() {
                return;
            }
        }
    });
    receiver
}

#[test]
fn fips_and_dual_stack_are_names_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    let names = [
        ("", "kms.us-east-1.amazonaws.com"),
        ("use_fips = true", "kms-fips.us-east-1.amazonaws.com"),
        ("use_dual_stack = true", "kms.us-east-1.api.aws"),
        (
            "use_fips = true\nuse_dual_stack = true",
            "kms-fips.us-east-1.api.aws",
        ),
    ];
    let line = |(_, name): &(_, &str)| format!("{ADDRESS} {name}\n");
    fs::write(&hosts, names.iter().map(line).collect::<String>()).unwrap();
    let wrapper = with_hosts(&hosts);
    let mut words: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    words.push("sh");
    let may = Command::new(words[0]).args(&words[1..]).arg("true").output();
    let listener = TcpListener::bind((ADDRESS, 443));
    let (true, Ok(listener)) = (may.is_ok_and(|output| output.status.success()), listener) else {
        eprintln!("SKIPPED fips_and_dual_stack_are_names_of_their_own: needs root, unshare and port 443");
        return;
    };
    let hellos = hellos(listener);
    for (options, name) in names {
        let keyring = format!("key = \"{KEY}\"\nmax_attempts = 1\n{options}");
        let output = seal(folder.path(), &words, &keyring, &CREDENTIALS);
        assert_eq!(output.status.code(), Some(69), "{output:?}");
        let hello = hellos.recv().unwrap();
        let asked = |name: &str| {
            let with_length = [&[0, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
            hello
                .windows(with_length.len())
                .any(|window| window == with_length)
        };
        for (_, other) in names {
            assert_eq!(asked(other), other == name, "{other} with {options:?}");
        }
        assert!(hellos.try_recv().is_err(), "one attempt, as configured");
    }
}

#[test]
fn a_profile_and_grant_tokens_are_in_the_request_and_the_tables_endpoint_goes_first() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let proxy = FaultProxy::start(&emulator.endpoint);
    let folder = tempfile::tempdir().unwrap();
    let profiles = folder.path().join("profiles");
    let text = "[profile ingest]\naws_access_key_id = INGEST\naws_secret_access_key = secret\n\
                [default]\naws_access_key_id = DEFAULT\naws_secret_access_key = secret\n";
    fs::write(&profiles, text).unwrap();
    let key = emulator.create_key();
    let environment = [
        ("AWS_CONFIG_FILE", profiles.to_str().unwrap()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1"),
    ];
    let run = |options: &str| {
        let keyring = format!(
            "key = \"{key}\"\nendpoint_url = \"{}\"\n{options}",
            proxy.endpoint
        );
        let output = seal(folder.path(), &[], &keyring, &environment);
        assert!(output.status.success(), "{output:?}");
        fs::remove_file(folder.path().join("sealed")).unwrap();
        proxy.latest_request()
    };
    let plain = run("");
    assert!(plain.contains("Credential=DEFAULT/"), "{plain}");
    assert!(!plain.contains("GrantTokens"), "{plain}");
    let ours = run("profile = \"ingest\"\ngrant_tokens = [\"first-token\", \"second-token\"]");
    assert!(ours.contains("Credential=INGEST/"), "{ours}");
    assert!(ours.contains("/us-east-1/kms/aws4_request"), "{ours}");
    assert!(
        ours.contains(r#""GrantTokens":["first-token","second-token"]"#),
        "{ours}"
    );
    assert_eq!(emulator.calls("GenerateDataKey"), 2);
}
