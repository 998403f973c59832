//! A key service of our own for a test: started on a free port, gone when the test is.
//!
//! A test crate takes it in with `#[path = "../support/kms.rs"] mod kms;`.
#![allow(dead_code, reason = "no test crate uses everything")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// The region of keys whose region does not matter.
pub(crate) const REGION: &str = "us-east-1";

/// The running emulator; dropping it ends it.
#[derive(Debug)]
pub(crate) struct KmsEmulator {
    /// `http://127.0.0.1:PORT`
    pub(crate) endpoint: String,
    port: u16,
    child: Child,
}

/// The Python that `tests/setup` has prepared, which is called if need be; `None`, said loudly, where
/// that is impossible.
pub(crate) fn python(test: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (wanted, installed) = ("tests/support/requirements.txt", "target/venv/.installed");
    let wanted = std::fs::read(root.join(wanted)).unwrap();
    if std::fs::read(root.join(installed)).is_ok_and(|installed| installed == wanted) {
        return Some(root.join("target/venv/bin/python"));
    }
    let set_up = Command::new(root.join("tests/setup"))
        .stdout(Stdio::null())
        .status();
    if set_up.is_ok_and(|status| status.success()) {
        Some(root.join("target/venv/bin/python"))
    } else {
        eprintln!("SKIPPED {test}: tests/setup failed, there is no Python with moto");
        None
    }
}

impl KmsEmulator {
    /// Starts one, or says that it cannot.
    pub(crate) fn start() -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/kms-emulator.py");
        let mut child = Command::new(python("a test with the KMS emulator")?)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the emulator starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port: u16 = line
            .strip_prefix("ready ")
            .and_then(|port| port.trim().parse().ok())
            .expect("the emulator says its port");
        Some(Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            port,
            child,
        })
    }

    /// A new key's ARN in [`REGION`].
    pub(crate) fn create_key(&self) -> String {
        self.create_key_in(REGION, false)
    }

    /// A new key's ARN.
    pub(crate) fn create_key_in(&self, region: &str, multi_region: bool) -> String {
        let answer = self.call(region, "CreateKey", &json!({ "MultiRegion": multi_region }));
        answer["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    /// The ARN of a multi-Region key's replica in another region.
    pub(crate) fn replicate(&self, arn: &str, to: &str) -> String {
        let request = json!({ "KeyId": id_of(arn), "ReplicaRegion": to });
        let answer = self.call(region_of(arn), "ReplicateKey", &request);
        answer["ReplicaKeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    /// `name` begins with `alias/`.
    pub(crate) fn create_alias(&self, name: &str, arn: &str) {
        let request = json!({ "AliasName": name, "TargetKeyId": arn });
        self.call(region_of(arn), "CreateAlias", &request);
    }

    /// Disables a key.
    pub(crate) fn disable(&self, arn: &str) {
        self.call(region_of(arn), "DisableKey", &json!({ "KeyId": id_of(arn) }));
    }

    /// Enables it again.
    pub(crate) fn enable(&self, arn: &str) {
        self.call(region_of(arn), "EnableKey", &json!({ "KeyId": id_of(arn) }));
    }

    /// Schedules a key's deletion, which makes it unusable at once.
    pub(crate) fn schedule_deletion(&self, arn: &str) {
        self.call(
            region_of(arn),
            "ScheduleKeyDeletion",
            &json!({ "KeyId": id_of(arn) }),
        );
    }

    /// How often each operation was called, well or badly, the tests' own preparations included.
    pub(crate) fn all_calls(&self) -> BTreeMap<String, u64> {
        let calls = self.request("GET /_calls HTTP/1.1\r\n", "");
        let mut counts = BTreeMap::new();
        for call in calls.as_array().unwrap() {
            *counts
                .entry(call["operation"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        counts
    }

    /// How often one was.
    pub(crate) fn calls(&self, operation: &str) -> u64 {
        self.all_calls().get(operation).copied().unwrap_or(0)
    }

    /// What a child process needs in its environment to find this key service and nothing else.
    pub(crate) fn environment(&self) -> [(&'static str, &str); 7] {
        [
            ("AWS_ENDPOINT_URL_KMS", self.endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ]
    }

    /// Any operation, for preparations.
    pub(crate) fn call(&self, region: &str, operation: &str, request: &Value) -> Value {
        let scope = format!("AWS4-HMAC-SHA256 Credential=testing/20260101/{region}/kms/aws4_request");
        let head = format!(
            "POST / HTTP/1.1\r\nX-Amz-Target: TrentService.{operation}\r\nAuthorization: {scope}\r\n\
             Content-Type: application/x-amz-json-1.1\r\n"
        );
        self.request(&head, &request.to_string())
    }

    fn request(&self, head: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        write!(
            stream,
            "{head}Host: 127.0.0.1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap_or(Value::Null)
    }
}

/// For operations for which moto takes nothing else.
fn id_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

fn region_of(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap()
}

impl Drop for KmsEmulator {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
