//! Spares: the empty folders of claims that are over. The next claims take them by a rename, which costs a journal less than
//! making and removing one for each file.
//!
//! On the disk a spare is a claim without a file, which is what recovery removes.

use std::ffi::{OsStr, OsString};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::home::remove_tree_of_dirs;
use crate::fs::{Dir, PathError, Replace};

/// Spares that are kept open; others are removed.
const MOST: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Spares(Mutex<Vec<Spare>>);

#[derive(Debug)]
struct Spare {
    name: OsString,
    state: State,
}

#[derive(Debug)]
enum State {
    /// For the next claim.
    Open(Dir),
    /// To be removed.
    Closed,
    /// Left to the next start, as the end of its claim may not be durable; the error until it is told.
    Left(Option<PathError>),
}

impl Spares {
    /// Makes a spare the folder of this name, if there is one.
    pub(super) fn take(&self, claims: &Dir, name: &OsStr) -> Option<Dir> {
        let mut spares = self.lock();
        let is_open = |spare: &Spare| matches!(spare.state, State::Open(_));
        let index = spares.iter().rposition(is_open)?;
        let spare = spares.swap_remove(index);
        drop(spares);
        let State::Open(dir) = spare.state else {
            return None;
        };
        // One that somebody has removed is none.
        claims.rename(&spare.name, claims, name, Replace::Never).ok()?;
        Some(dir.renamed(claims.path().join(name)))
    }

    /// Keeps a folder, or removes it where there are enough.
    pub(super) fn put(&self, claims: &Dir, name: OsString, dir: Option<Dir>) {
        let state = match dir.filter(|_| self.lock().len() < MOST) {
            Some(dir) => State::Open(dir),
            None if remove_tree_of_dirs(claims, &name).is_ok() => return,
            None => State::Closed,
        };
        self.lock().push(Spare { name, state });
    }

    /// Leaves a folder to the next start.
    pub(super) fn leave(&self, name: OsString, error: PathError) {
        let state = State::Left(Some(error));
        self.lock().push(Spare { name, state });
    }

    pub(super) fn has(&self, name: &OsStr) -> bool {
        self.lock().iter().any(|spare| spare.name == name)
    }

    /// Removes all. What cannot be removed stays; how many, and the first error that was not told yet.
    pub(super) fn remove(&self, claims: &Dir) -> Result<(), (usize, PathError)> {
        let mut first = None;
        let mut spares = self.lock();
        spares.retain_mut(|spare| {
            let error = match &mut spare.state {
                State::Left(error) => error.take(),
                State::Open(_) | State::Closed => remove_tree_of_dirs(claims, &spare.name).err(),
            };
            let stays = error.is_some() || matches!(spare.state, State::Left(_));
            first = first.take().or(error);
            stays
        });
        let left = spares.len();
        drop(spares);
        first.map_or(Ok(()), |error| Err((left, error)))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Spare>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
