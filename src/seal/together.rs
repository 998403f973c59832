//! Files that go their way side by side: all of them take one step before any takes the next, so that they share flushes.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::pump::lock;
use super::{SealError, Step};
use crate::fs::{Dir, FileIdentity, PathError};

/// Files at the same step of their way, or why one of them did not get there; in the order in which they came.
#[derive(Debug)]
pub(super) struct Together<T>(Vec<Result<T, SealError>>);

impl<T> Together<T> {
    pub(super) fn new(files: impl IntoIterator<Item = T>) -> Self {
        Self(files.into_iter().map(Ok).collect())
    }

    /// Takes each file one step further. One that fails, or hits a defect, leaves the others alone.
    pub(super) fn step<U>(self, step: Step, take: impl Fn(T) -> Result<U, SealError>) -> Together<U> {
        let take = |file| guarded(file, step, &take);
        Together(self.0.into_iter().map(take).collect())
    }

    /// The same with several of them at a time, where each waits for flushes of its own: those who wait together are served
    /// together.
    pub(super) fn step_at_once<U: Send>(
        self,
        step: Step,
        take: impl Fn(T) -> Result<U, SealError> + Sync,
    ) -> Together<U>
    where
        T: Send,
    {
        const AT_ONCE: usize = 8;
        let waiting: Vec<_> = self.0.into_iter().map(|file| Mutex::new(Some(file))).collect();
        let done: Vec<_> = waiting.iter().map(|_| Mutex::new(None)).collect();
        let next = AtomicUsize::new(0);
        let run = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some((waiting, done)) = waiting.get(index).zip(done.get(index)) else {
                    return;
                };
                let file = lock(waiting).take();
                *lock(done) = file.map(|file| guarded(file, step, &take));
            }
        };
        thread::scope(|scope| {
            for _ in 1..waiting.len().min(AT_ONCE) {
                // Without a thread the others do its share.
                let _ = thread::Builder::new().spawn_scoped(scope, run);
            }
            run();
        });
        let taken = |done: Mutex<Option<_>>| done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let none = || Err(SealError::Defect("a file was passed over".to_owned()));
        Together(
            done.into_iter()
                .map(|done| taken(done).unwrap_or_else(none))
                .collect(),
        )
    }

    /// The files that have come so far.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    pub(super) fn into_results(self) -> Vec<Result<T, SealError>> {
        self.0
    }
}

/// One file's step, if it has come so far.
fn guarded<T, U>(
    file: Result<T, SealError>,
    step: Step,
    take: impl Fn(T) -> Result<U, SealError>,
) -> Result<U, SealError> {
    let file = file?;
    match catch_unwind(AssertUnwindSafe(|| take(file))) {
        Ok(taken) => taken.map_err(step.failed()),
        Err(panic) => Err(SealError::Defect(panic_text(panic.as_ref()).to_owned())),
    }
}

/// What came of one flush of each of some directories.
#[derive(Debug, Default)]
pub(super) struct Flushed(Vec<((u64, u64), Result<(), PathError>)>);

impl Flushed {
    /// Flushes each directory once, under whatever descriptor it comes.
    pub(super) fn each<'a>(
        dirs: impl Iterator<Item = &'a Dir>,
        flush: impl Fn(&Dir) -> Result<(), PathError>,
    ) -> Self {
        let mut flushed = Self::default();
        for dir in dirs {
            let Ok(key) = key(dir) else { continue }; // told when somebody asks for it
            if !flushed.0.iter().any(|(known, _)| *known == key) {
                flushed.0.push((key, flush(dir)));
            }
        }
        flushed
    }

    /// What came of this one's.
    pub(super) fn of(&self, dir: &Dir) -> Result<(), PathError> {
        let key = key(dir)?;
        match self.0.iter().find(|(known, _)| *known == key) {
            Some((_, Ok(()))) => Ok(()),
            Some((_, Err(error))) => Err(again(error)),
            None => dir.sync(),
        }
    }
}

fn key(dir: &Dir) -> Result<(u64, u64), PathError> {
    let identity = FileIdentity::of(&dir.stat_self()?);
    Ok((identity.device, identity.inode))
}

/// The same error for another file.
fn again(error: &PathError) -> PathError {
    let source = match error.source.raw_os_error() {
        Some(errno) => io::Error::from_raw_os_error(errno),
        None => io::Error::new(error.source.kind(), error.source.to_string()),
    };
    PathError {
        action: error.action,
        path: error.path.clone(),
        source,
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_file_that_fails_or_hits_a_defect_leaves_the_others_alone() {
        let take = |number| match number {
            1 => Err(SealError::Gone("1".into())),
            2 => panic!("two"),
            _ => Ok(number + 10),
        };
        let one_by_one = Together::new(0..4).step(Step::Stage, take);
        let at_once = Together::new(0..4).step_at_once(Step::Stage, take);
        for results in [one_by_one, at_once].map(|files| files.step(Step::Verify, Ok).into_results()) {
            check(&results);
        }
    }

    fn check(results: &[Result<i32, SealError>]) {
        assert!(matches!(results[0], Ok(10)));
        assert!(matches!(&results[1], Err(error) if error.is_gone() && error.step() == Some(Step::Stage)));
        assert!(matches!(&results[2], Err(SealError::Defect(text)) if text == "two"));
        assert!(matches!(results[3], Ok(13)));
    }

    #[test]
    fn a_directory_is_flushed_once_and_its_error_is_everybodys() {
        let folder = tempfile::tempdir().unwrap();
        let dirs = [
            Dir::open(folder.path()).unwrap(),
            Dir::open(folder.path()).unwrap(),
        ];
        let flushes = Cell::new(0);
        let flush = |_: &Dir| {
            flushes.set(flushes.get() + 1);
            Err(PathError {
                action: "flush",
                path: folder.path().to_owned(),
                source: io::Error::from_raw_os_error(libc::EIO),
            })
        };
        let results = Flushed::each(dirs.iter(), flush);
        assert_eq!(flushes.get(), 1);
        for dir in &dirs {
            assert_eq!(
                results.of(dir).unwrap_err().source.raw_os_error(),
                Some(libc::EIO)
            );
        }
    }
}
