//! The same durable I/O with no encryption and no daemon.
//!
//! Each file is read, written and flushed, its sidecar too, both are renamed, the folder is flushed, and only then is the
//! source overwritten and unlinked: what any program with sealdrop's promises has to do.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::fs::{Advice, fadvise};

use super::files::{fresh, prepare};

const SIDECAR: usize = 1_200;

/// How flushes are spent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) threads: usize,
    /// Files that a thread has under way at once. Their writes are started together, so that the flushes find most of
    /// the work done; 1 and no shared folder flush is the simple way.
    pub(crate) batch: usize,
    /// Whether threads that wait for a flush of the folder wait for the same one.
    pub(crate) shared: bool,
}

/// The time from the first file to the last.
pub(crate) fn run(root: &Path, files: usize, size: usize, way: Way) -> Duration {
    let (input, output) = (fresh(root.join("in")), fresh(root.join("out")));
    prepare(&input, files, size);
    let next = AtomicUsize::new(0);
    let folder = Folder::new(&output);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..way.threads {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(way.batch, Ordering::Relaxed);
                    if first >= files {
                        return;
                    }
                    let numbers: Vec<usize> = (first..files.min(first + way.batch)).collect();
                    one_batch(&input, &output, &numbers, &folder, way);
                }
            });
        }
    });
    begun.elapsed()
}

fn one_batch(input: &Path, output: &Path, numbers: &[usize], folder: &Folder, way: Way) {
    let sidecar = [b'j'; SIDECAR];
    let mut staged = Vec::with_capacity(2 * numbers.len());
    for number in numbers {
        let content = fs::read(input.join(number.to_string())).unwrap();
        for (suffix, bytes) in [("", content.as_slice()), (".json", &sidecar)] {
            let path = output.join(format!(".{number}{suffix}"));
            let mut file = File::create(&path).unwrap();
            file.write_all(bytes).unwrap();
            if way.batch > 1 {
                // Starts the writing and waits for nothing.
                fadvise(&file, 0, None, Advice::DontNeed).unwrap();
            }
            staged.push((file, path, output.join(format!("{number}{suffix}"))));
        }
    }
    for (file, from, to) in staged {
        file.sync_all().unwrap();
        fs::rename(from, to).unwrap();
    }
    if way.shared {
        folder.flush_with_others();
    } else {
        folder.file.sync_all().unwrap();
    }
    for number in numbers {
        let path = input.join(number.to_string());
        let file = File::options().write(true).open(&path).unwrap();
        let size = usize::try_from(file.metadata().unwrap().len()).unwrap();
        file.write_all_at(&vec![0xa5; size], 0).unwrap();
        fs::remove_file(path).unwrap();
    }
}

/// A folder whose flush serves all who came before it began.
struct Folder {
    file: File,
    turns: Mutex<Turns>,
    turned: Condvar,
}

#[derive(Default)]
struct Turns {
    begun: u64,
    done: u64,
}

impl Folder {
    fn new(path: &Path) -> Self {
        Self {
            file: File::open(path).unwrap(),
            turns: Mutex::default(),
            turned: Condvar::new(),
        }
    }

    fn flush_with_others(&self) {
        let mut turns = self.turns.lock().unwrap();
        let mine = turns.begun + 1;
        while turns.done < mine {
            if turns.begun == turns.done {
                turns.begun += 1;
                let turn = turns.begun;
                drop(turns);
                self.file.sync_all().unwrap();
                turns = self.turns.lock().unwrap();
                turns.done = turn;
                self.turned.notify_all();
            } else {
                turns = self.turned.wait(turns).unwrap();
            }
        }
    }
}
