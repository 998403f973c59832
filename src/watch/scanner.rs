//! The truth: what lies in the drop folder, a bounded window at a time.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::FileType;

use super::walk::{Pass, Window};
use super::{Candidate, Cause, DirectoryWatcher, Folder, FoundBy, HeldReason, Look, Options, Scan};
use crate::fs::PathError;

/// Lists the drop folder, by descriptors only: no link is followed, no mount crossed. What it remembers between two
/// calls is where it stands, so that every name is met, however many there are.
#[derive(Debug)]
pub struct Scanner {
    folder: Folder,
    options: Options,
    pass: Option<Pass>,
    wanted: Option<Cause>,
    /// What the last pass found, if that is why another one is wanted.
    found_before: Option<u64>,
    subtree: Option<Pass>,
    subtrees: VecDeque<PathBuf>,
}

/// More new folders than this at once are left to a pass over everything.
const SUBTREES: usize = 1024;

impl Scanner {
    /// A scanner that wants its first pass.
    pub fn new(folder: Folder, options: Options) -> Self {
        Self {
            folder,
            options,
            pass: None,
            wanted: Some(Cause::Start),
            found_before: None,
            subtree: None,
            subtrees: VecDeque::new(),
        }
    }

    /// Asks for a pass over the whole folder that begins after now.
    pub fn request(&mut self, cause: Cause) {
        if self.wanted.is_none_or(|wanted| wanted.weight() < cause.weight()) {
            self.wanted = Some(cause);
            self.found_before = None;
        }
    }

    /// Whether a pass is under way or asked for.
    pub fn is_pending(&self) -> bool {
        self.pass.is_some() || self.wanted.is_some() || self.subtree.is_some() || !self.subtrees.is_empty()
    }

    /// Looks at one path of the folder, for a hint.
    pub fn look(&mut self, relative: &Path, at: SystemTime) -> Look {
        let Some(stat) = self.stat(relative) else {
            return Look::Gone;
        };
        let file_type = FileType::from_raw_mode(stat.st_mode);
        if file_type == FileType::Directory {
            if !self.options.recursive || !self.options.filter.enters_folder(relative) {
                return Look::Ignored;
            }
            self.request_subtree(relative);
            return Look::Folder;
        }
        if !self.options.filter.takes_file(relative) {
            return Look::Ignored;
        }
        match HeldReason::of_type(file_type) {
            Some(reason) => Look::Held(reason),
            None => Look::Candidate(Candidate::new(
                relative.to_owned(),
                FoundBy::Hint,
                Some(at),
                &stat,
            )),
        }
    }

    fn stat(&self, relative: &Path) -> Option<rustix::fs::Stat> {
        let (name, parent) = (relative.file_name()?, relative.parent()?);
        let folder = self.folder.dir();
        if parent.as_os_str().is_empty() {
            return folder.stat(name).ok();
        }
        folder.open_dir_beneath(parent).ok()?.stat(name).ok()
    }

    fn request_subtree(&mut self, relative: &Path) {
        if self.subtrees.iter().any(|queued| relative.starts_with(queued)) {
            return;
        }
        if self.subtrees.len() >= SUBTREES {
            self.request(Cause::Backlog);
        } else {
            self.subtrees.push_back(relative.to_owned());
        }
    }

    /// Goes on with what was asked for, new folders first, until `limit` candidates or as many held names are met.
    /// `skip` says which paths are already being dealt with.
    pub fn scan(
        &mut self,
        limit: usize,
        watcher: &mut impl DirectoryWatcher,
        skip: impl Fn(&Path) -> bool,
    ) -> Result<Scan, PathError> {
        let mut window = Window::new(limit, skip);
        while !window.is_full() && self.begin() {
            if let Some(pass) = &mut self.subtree {
                if pass.go_on(&self.folder, &self.options, &mut window, watcher)? {
                    self.subtree = None;
                }
            } else if let Some(pass) = &mut self.pass
                && pass.go_on(&self.folder, &self.options, &mut window, watcher)?
            {
                watcher.pass_ended();
                window.scan.ended = Some(pass.end());
                self.pass_ended();
                break;
            }
        }
        let mut scan = window.scan;
        scan.more = self.is_pending();
        scan.candidates.sort_by_key(|candidate| candidate.changed);
        Ok(scan)
    }

    /// Makes sure that a pass is under way if one is asked for.
    fn begin(&mut self) -> bool {
        if self.subtree.is_none() {
            let next = self.subtrees.pop_front();
            self.subtree = next.map(|path| Pass::new(Cause::NewFolder, path));
        }
        if self.subtree.is_none() && self.pass.is_none() {
            let next = self.wanted.take();
            self.pass = next.map(|cause| Pass::new(cause, PathBuf::new()));
        }
        self.subtree.is_some() || self.pass.is_some()
    }

    /// A pass that found something is followed by another, for as long as each finds less than the one before.
    fn pass_ended(&mut self) {
        let found = self.pass.take().map_or(0, |pass| pass.end().found);
        let before = self.found_before.take();
        if found > 0 && before.is_none_or(|before| found < before) && self.wanted.is_none() {
            self.wanted = Some(Cause::Backlog);
            self.found_before = Some(found);
        }
    }
}
