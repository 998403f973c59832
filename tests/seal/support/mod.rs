//! One drop taken through one mishap: what must hold in the middle of it, and at the end.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::daemon::{Daemon, LOCAL_KEY, Site, files_below};

pub const CONTENT: &str = "plaintext of one drop, ";

/// How the producer leaves the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// Renamed in at once: no block is allocated for it yet.
    Fresh,
    /// Flushed first, and in a folder of the drop folder.
    Flushed,
}

/// A site in a folder of its own below `root`.
pub fn site(root: &Path) -> Site {
    fs::create_dir_all(root).unwrap();
    let cache = "[data_key_cache]\ncapacity = 1\nmax_age = \"60s\"\nmax_messages_encrypted = 100\n";
    Site::at(root, &format!("{LOCAL_KEY}\n{cache}"), "recursive = true\n")
}

/// The same with one worker, whose system calls are to be counted.
pub fn site_of_one_worker(root: &Path) -> Site {
    let site = site(root);
    let config = fs::read_to_string(&site.config).unwrap();
    fs::write(&site.config, config.replace("workers = 8", "workers = 1")).unwrap();
    site
}

pub fn content() -> String {
    CONTENT.repeat(1000)
}

pub fn drop_one(site: &Site, kind: Drop) {
    let staging = site.root.join("staging");
    fs::write(&staging, content()).unwrap();
    let folder = match kind {
        Drop::Fresh => site.input.clone(),
        Drop::Flushed => {
            fs::File::open(&staging).unwrap().sync_all().unwrap();
            let folder = site.input.join("sub");
            fs::create_dir(&folder).unwrap();
            folder
        }
    };
    fs::rename(staging, folder.join("report.csv")).unwrap();
}

/// Whether nothing of the daemon's own is left, and nothing waits.
pub fn is_settled(site: &Site) -> bool {
    let own = |path: &PathBuf| {
        path.file_name()
            .unwrap()
            .as_encoded_bytes()
            .starts_with(b".sealdrop-")
    };
    site.left_in_input().is_empty()
        && fs::read_dir(site.input.join(".sealdrop")).is_ok_and(|mut claims| claims.next().is_none())
        && !files_below(&site.output).iter().any(own)
}

/// Waits until everything is sealed and tidied.
pub fn wait_until_settled(site: &Site, daemon: &Daemon, records: usize, what: &str) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !(is_settled(site) && site.records().len() == records) {
        daemon.seen_of("");
        assert!(
            Instant::now() < deadline,
            "{what}: still there: {:#?}\n{:#?}\n{:#?}",
            files_below(&site.input),
            files_below(&site.output),
            daemon.seen_of("held"),
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for something that the daemon will do.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The promises at any moment: the plaintext is whole, or its message is.
pub fn assert_not_lost(site: &Site, what: &str) {
    let plaintext_is_whole = files_below(&site.input)
        .iter()
        .any(|path| fs::read(path).is_ok_and(|found| found == content().as_bytes()));
    if plaintext_is_whole {
        return;
    }
    let messages = messages(site);
    assert_eq!(
        messages.len(),
        1,
        "{what}: neither plaintext nor message: {:?}",
        files_below(&site.root)
    );
    assert_eq!(site.decrypt(&messages[0]), content().as_bytes(), "{what}");
}

/// The promises at the end: one message, one record, nothing else.
pub fn assert_sealed_once(site: &Site, what: &str) {
    let messages = messages(site);
    assert_eq!(messages.len(), 1, "{what}: {messages:?}");
    assert_eq!(
        files_below(&site.output).len(),
        2,
        "{what}: {:?}",
        files_below(&site.output)
    );
    let records = site.records();
    assert_eq!(records.len(), 1, "{what}");
    assert_eq!(
        records[0]["output"].as_str().unwrap(),
        messages[0].to_str().unwrap(),
        "{what}"
    );
    assert!(records[0]["sealdrop"]["erasure"]["outcome"].is_string(), "{what}");
    assert_eq!(site.decrypt(&messages[0]), content().as_bytes(), "{what}");
}

pub fn messages(site: &Site) -> Vec<PathBuf> {
    let mut files = files_below(&site.output);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "encrypted"));
    files
}

/// Waits for a child that is to die.
pub fn wait_for_death(child: &mut Child, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

/// strace(1) on a running daemon, told to inject something; or just to write down what it sees.
pub struct Strace(Child);

impl Strace {
    pub fn is_there() -> Result<(), String> {
        let found = Command::new("strace").arg("--version").output();
        found.map(drop).map_err(|error| format!("strace: {error}"))
    }

    pub fn attach(daemon: &Daemon, arguments: &[&str]) -> Self {
        let mut child = Command::new("strace")
            .args(["-f", "-p", &daemon.child.id().to_string()])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert!(first.contains("attached"), "{first}");
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self(child)
    }

    /// Waits for its end, which follows the daemon's.
    pub fn wait(mut self) {
        self.0.wait().unwrap();
    }

    pub fn detach(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        self.0.wait().unwrap();
    }
}

/// The calls that change anything on the disk, or make it durable.
pub const CALLS: [&str; 8] = [
    "mkdirat",
    "renameat2",
    "unlinkat",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "fchmod",
    "pwrite64",
];

/// How often one thread makes each of the calls for one drop.
pub fn count_calls(root: &Path, kind: Drop, calls: &[&str]) -> Vec<(String, usize)> {
    let site = site_of_one_worker(root);
    let daemon = site.start();
    let log = site.root.join("strace");
    let trace = format!("trace={}", calls.join(","));
    let strace = Strace::attach(&daemon, &["-e", &trace, "-o", log.to_str().unwrap()]);
    drop_one(&site, kind);
    wait_until_settled(&site, &daemon, 1, "counting");
    strace.detach();
    let mut counts = std::collections::BTreeMap::<(String, String), usize>::new();
    for line in fs::read_to_string(log).unwrap().lines() {
        let Some((pid, rest)) = line.split_once(' ') else {
            continue;
        };
        let Some((call, _)) = rest.trim_start().split_once('(') else {
            continue;
        };
        *counts.entry((call.to_owned(), pid.to_owned())).or_default() += 1;
    }
    let most = |call: &str| {
        counts
            .iter()
            .filter(|((of, _), _)| of == call)
            .map(|(_, n)| *n)
            .max()
    };
    let found: Vec<_> = calls
        .iter()
        .map(|call| ((*call).to_owned(), most(call).unwrap_or(0)))
        .collect();
    eprintln!("{kind:?}: {found:?}");
    found
}

/// Runs every case, a few at a time, as they mostly wait.
pub fn for_each<T: Send + Sync>(cases: &[T], run: impl Fn(usize, &T) + Sync) {
    let next = Mutex::new(0..cases.len());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let taken = next.lock().unwrap().next();
                    let Some(index) = taken else { return };
                    run(index, &cases[index]);
                }
            });
        }
    });
}

/// Whether the long form of a test was asked for.
pub fn long() -> bool {
    std::env::var_os("SEALDROP_LONG").is_some_and(|value| value == "1")
}
