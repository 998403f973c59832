//! The daemon as its users run it: its own defaults, one drop, one cached data key per 100 messages.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::files::{fresh, most_resident};
use super::kms::KmsEmulator;
use super::process::sealdrop;

/// Longer than any single event may take.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Who wraps the data keys.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keys<'a> {
    Local,
    Kms(&'a KmsEmulator, &'a str),
}

impl Keys<'_> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Local => "sealdrop (local key)",
            Self::Kms(..) => "sealdrop (KMS emulator)",
        }
    }
}

/// A running daemon; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    events: Receiver<String>,
    /// From exec to READY.
    pub(crate) ready: Duration,
}

impl Daemon {
    /// With `in` and `out` below the root; `staging` beside them is the producer's.
    pub(crate) fn start(root: &Path, keys: Keys<'_>) -> Result<Self, String> {
        let config = root.join("sealdrop.toml");
        fs::write(&config, configuration(root, keys)).map_err(|error| error.to_string())?;
        let place = root.join("notify");
        let _ = fs::remove_file(&place);
        let notify = UnixDatagram::bind(&place).map_err(|error| error.to_string())?;
        notify
            .set_read_timeout(Some(PATIENCE))
            .map_err(|error| error.to_string())?;
        let mut command = Command::new(sealdrop());
        command
            .args(["run", "--config"])
            .arg(&config)
            .env("NOTIFY_SOCKET", &place);
        if let Keys::Kms(emulator, _) = keys {
            command.envs(emulator.environment());
        }
        let begun = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let log = BufReader::new(child.stderr.take().unwrap());
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut daemon = Self {
            child,
            events,
            ready: Duration::ZERO,
        };
        wait_until_ready(&notify)?;
        daemon.ready = begun.elapsed();
        // Nobody reads it any more, and a full socket would hold the daemon.
        let _ = fs::remove_file(&place);
        Ok(daemon)
    }

    /// The next line of the log with an event's name.
    pub(crate) fn wait_for(&mut self, event: &str) -> Result<String, String> {
        loop {
            let line = self.events.recv_timeout(PATIENCE);
            let line = line.map_err(|error| format!("no event {event}: {error}"))?;
            if line.contains(event) {
                return Ok(line);
            }
        }
    }

    /// Until this many more are sealed.
    pub(crate) fn wait_for_sealed(&mut self, files: usize) -> Result<(), String> {
        (0..files).try_for_each(|_| self.wait_for("\"sealed\"").map(drop))
    }

    pub(crate) fn most_resident(&self) -> f64 {
        most_resident(self.child.id()).unwrap_or_default()
    }

    /// How often its threads have gone to sleep so far, all together.
    pub(crate) fn switches(&self) -> u64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        tasks
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("status")).ok())
            .filter_map(|status| {
                let line = status.lines().find(|line| line.starts_with("voluntary_ctxt"))?;
                line.split_whitespace().nth(1)?.parse::<u64>().ok()
            })
            .sum()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let asked = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if asked.elapsed() > PATIENCE {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn wait_until_ready(notify: &UnixDatagram) -> Result<(), String> {
    let mut message = [0; 4_096];
    loop {
        let length = notify
            .recv(&mut message)
            .map_err(|error| format!("never ready: {error}"))?;
        let text = message.get(..length).unwrap_or_default();
        if text.starts_with(b"READY=1") || text.windows(8).any(|window| window == b"\nREADY=1") {
            return Ok(());
        }
    }
}

/// Empty folders, and no key of an earlier run.
pub(crate) fn clear(root: &Path) {
    for name in ["staging", "in", "out"] {
        fresh(root.join(name));
    }
    let _ = fs::remove_file(root.join("key"));
}

fn configuration(root: &Path, keys: Keys<'_>) -> String {
    let root = root.display();
    let keyring = match keys {
        Keys::Local => format!(
            "type = \"raw-aes\"\nnamespace = \"bench\"\nname = \"key\"\nkey_file = \"{root}/key\"\ncreate = true\n"
        ),
        Keys::Kms(_, arn) => format!("type = \"aws-kms\"\nkey = \"{arn}\"\n"),
    };
    format!(
        "[keyring.main]\n{keyring}[data_key_cache]\nmax_age = \"60s\"\nmax_messages_encrypted = 100\n\
         [[drop]]\nname = \"bench\"\ninput = \"{root}/in\"\noutput = \"{root}/out\"\nkeyring = \"main\"\n\
         [log]\nformat = \"json\"\n"
    )
}
