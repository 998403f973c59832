use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::daemon::{Daemon, Site};
use crate::kms::{KmsEmulator, REGION};

const NAMES: [&str; 16] = [
    "sealdrop_files_sealed_total",
    "sealdrop_bytes_sealed_total",
    "sealdrop_files_failed_total",
    "sealdrop_files_held",
    "sealdrop_queue_files",
    "sealdrop_oldest_plaintext_age_seconds",
    "sealdrop_exposure_seconds_bucket",
    "sealdrop_erasure_total",
    "sealdrop_rescans_total",
    "sealdrop_files_missed_by_events_total",
    "sealdrop_kms_requests_total",
    "sealdrop_kms_request_seconds_bucket",
    "sealdrop_data_key_uses_total",
    "sealdrop_data_keys_generated_total",
    "sealdrop_build_info",
    "sealdrop_config_reloads_total",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs promtool on something that comes from its standard input; `None`, said loudly, where it is not installed.
fn promtool(arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let streams = Command::new("promtool")
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = streams else {
        eprintln!("SKIPPED prometheus_scrapes_and_its_alerts_fire: promtool is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn get(port: u16, path: &str, accept: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nAccept: {accept}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.contains(" 200 ").then(|| body.to_owned())
}

/// A site whose key service the test can end, and whose metrics are on a port.
fn site(emulator: &KmsEmulator) -> (Site, u16) {
    let port = free_port();
    let tables = format!(
        "[keyring.main]\ntype = \"aws-kms\"\nkey = \"{}\"\nregion = \"{REGION}\"\nendpoint_url = \"{}\"\n\
         [metrics]\nlisten = \"127.0.0.1:{port}\"\n",
        emulator.create_key(),
        emulator.endpoint
    );
    let mut site = Site::with(&tables, "");
    site.set_environment(emulator.environment().map(|(key, value)| (key, value.to_owned())));
    (site, port)
}

/// A real one, with our rules on a shorter clock.
struct Prometheus {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Prometheus {
    fn start(metrics: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rules = std::fs::read_to_string(root().join("systemd/sealdrop.rules.yml")).unwrap();
        let rules = [
            ("for: 10m", "for: 1s"),
            ("for: 5m", "for: 0s"),
            ("for: 1m", "for: 0s"),
            ("> 300", "> 3"),
            ("[5m]", "[20s]"),
        ]
        .into_iter()
        .fold(rules, |text, (from, to)| text.replace(from, to));
        std::fs::write(folder.path().join("rules.yml"), rules).unwrap();
        let settings = format!(
            "global: {{scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}}\n\
             rule_files: [rules.yml]\nscrape_configs:\n- job_name: sealdrop\n  static_configs:\n  \
             - targets: ['127.0.0.1:{metrics}']\n"
        );
        let settings_file = folder.path().join("prometheus.yml");
        std::fs::write(&settings_file, settings).unwrap();
        let port = free_port();
        let option = |name: &str, value: PathBuf| format!("--{name}={}", value.display());
        let child = Command::new("prometheus")
            .arg(option("config.file", settings_file))
            .arg(option("storage.tsdb.path", folder.path().join("data")))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            child,
            port,
            _folder: folder,
        }
    }

    fn ask(&self, path: &str) -> Value {
        get(self.port, path, "*/*").map_or(Value::Null, |body| serde_json::from_str(&body).unwrap())
    }

    fn wait(&self, what: &str, path: &str, is_so: impl Fn(&Value) -> bool) {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let answer = self.ask(path);
            if is_so(&answer["data"]) {
                return;
            }
            assert!(Instant::now() < deadline, "no {what}: {answer:#}");
            std::thread::sleep(Duration::from_millis(100)); // Prometheus has no way to be waited for
        }
    }

    fn wait_for_alert(&self, name: &str) {
        self.wait(name, "/api/v1/alerts", |data| {
            let alerts = data["alerts"].as_array().into_iter().flatten();
            alerts
                .into_iter()
                .any(|alert| alert["labels"]["alertname"] == name && alert["state"] == "firing")
        });
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_rules_hold_what_they_promise() {
    for arguments in [
        ["check", "rules", "systemd/sealdrop.rules.yml"],
        ["test", "rules", "tests/prometheus/rules.test.yml"],
    ] {
        let Some((good, said)) = promtool(&arguments, "") else {
            return;
        };
        assert!(good, "{said}");
    }
}

fn one_sealed(site: &Site) -> Daemon {
    let daemon = site.start();
    site.drop_file("one", "content");
    daemon.wait_for("sealed", 1);
    daemon
}

#[test]
fn its_linter_finds_nothing() {
    if promtool(&["--version"], "").is_none() {
        return;
    }
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let (site, port) = site(&emulator);
    let _daemon = one_sealed(&site);
    let text = get(port, "/metrics", "text/plain;version=0.0.4").unwrap();
    let (good, said) = promtool(&["check", "metrics"], &text).unwrap();
    assert!(good && said.is_empty(), "{said}\n{text}");
}

#[test]
fn when_the_key_service_is_stopped() {
    if promtool(&["--version"], "").is_none() {
        return;
    }
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let (site, port) = site(&emulator);
    let daemon = one_sealed(&site);
    let prometheus = Prometheus::start(port);
    for name in NAMES {
        let path = format!("/api/v1/query?query={name}");
        prometheus.wait(name, &path, |data| {
            data["result"].as_array().is_some_and(|found| !found.is_empty())
        });
    }
    prometheus.wait("good target", "/api/v1/targets", |data| {
        data["activeTargets"][0]["health"] == "up"
    });
    let alerts = prometheus.ask("/api/v1/alerts");
    assert_eq!(
        alerts["data"]["alerts"].as_array().unwrap().len(),
        0,
        "{alerts:#}"
    );

    drop(emulator);
    site.drop_file("two", "content");
    for name in [
        "SealdropKeyServiceFailing",
        "SealdropPlaintextOld",
        "SealdropFilesHeld",
    ] {
        prometheus.wait_for_alert(name);
    }
    daemon.kill();
    prometheus.wait_for_alert("SealdropDown");
}
