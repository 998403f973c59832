//! Reads a TOML table key by key and notes every fault with its line, instead of stopping at the first.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::units::FromToml;

/// The text that is read, and what was found wrong with it so far.
#[derive(Debug)]
pub(super) struct Report<'t> {
    text: &'t str,
    faults: RefCell<Vec<Fault>>,
    warnings: RefCell<Vec<Fault>>,
    /// The text is not TOML throughout, so what seems missing may only be unread.
    torn: Cell<bool>,
}

impl<'t> Report<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            faults: RefCell::default(),
            warnings: RefCell::default(),
            torn: Cell::new(false),
        }
    }

    /// Parses the text; what is not TOML is noted, and the rest comes back.
    pub(super) fn parse(&self) -> Spanned<DeTable<'t>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            self.torn.set(true);
            let span = error.span().unwrap_or_default();
            let line = self
                .text
                .lines()
                .nth(self.line(span.start) - 1)
                .unwrap_or_default();
            self.note(self.line(span.start), shorten(line.trim()), error.message(), None);
        }
        table
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or(self.text);
        before.bytes().filter(|&byte| byte == b'\n').count() + 1
    }

    fn source(&self, span: Range<usize>) -> String {
        shorten(self.text.get(span).unwrap_or_default())
    }

    fn note(&self, line: usize, what: String, why: impl Into<String>, hint: Option<String>) {
        let mut faults = self.faults.borrow_mut();
        if self.torn.get() && faults.iter().any(|fault| fault.line == line) {
            return; // what follows from a line that is no TOML is noise
        }
        faults.push(Fault {
            line,
            what,
            why: why.into(),
            hint,
        });
    }

    /// Faults and warnings in the order of their lines.
    pub(super) fn into_faults(self) -> (Vec<Fault>, Vec<Fault>) {
        let sorted = |faults: RefCell<Vec<Fault>>| {
            let mut faults = faults.into_inner();
            faults.sort_by_key(|fault| fault.line);
            faults
        };
        (sorted(self.faults), sorted(self.warnings))
    }
}

/// One line, not too long, nothing that a terminal would obey.
fn shorten(source: &str) -> String {
    let line = printable(source.lines().next().unwrap_or_default());
    if line.chars().count() <= 60 && source.lines().count() <= 1 {
        return line;
    }
    line.chars().take(57).chain("...".chars()).collect()
}

fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// The key or value that was probably meant.
pub(super) fn near_miss<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(given, known), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known.to_owned())
}

/// One table of the file, and the keys it may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'t> {
    report: &'t Report<'t>,
    entries: &'t DeTable<'t>,
    header: &'t str,
    start: usize,
}

impl<'t> Table<'t> {
    /// The whole file.
    pub(super) fn root(report: &'t Report<'t>, table: &'t Spanned<DeTable<'t>>) -> Self {
        Self {
            report,
            entries: table.get_ref(),
            header: "the file",
            start: 0,
        }
    }

    /// Notes every key that is not among `keys`; `whose` says whose keys they are.
    pub(super) fn only(&self, keys: &[&str], whose: &str) {
        for (key, value) in self.entries {
            let name = key.get_ref().as_ref();
            if !keys.contains(&name) {
                let hint = near_miss(name, keys.iter().copied());
                self.note(
                    key.span().start,
                    name,
                    value,
                    &format!("unknown key{whose}"),
                    hint,
                );
            }
        }
    }

    /// The value of a key, read as a `T`; a value that is none is noted.
    pub(super) fn read<T: FromToml>(&self, key: &str) -> Option<T> {
        let (key, value) = self.entries.get_key_value(key)?;
        match T::from_toml(value.get_ref()) {
            Ok(read) => Some(read),
            Err(why) => {
                self.note(key.span().start, key.get_ref(), value, &why, None);
                None
            }
        }
    }

    /// Like [`Table::read`], and a key that is not there is noted.
    pub(super) fn required<T: FromToml>(&self, key: &str) -> Option<T> {
        if !self.has(key) {
            self.fault_here(&format!("{key} is missing"));
        }
        self.read(key)
    }

    /// Like [`Table::read`], with a default.
    pub(super) fn or<T: FromToml>(&self, key: &str, default: T) -> T {
        self.read(key).unwrap_or(default)
    }

    /// Reads one of several names.
    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let given: String = self.read(key)?;
        let found = choices.iter().find(|(name, _)| *name == given);
        if found.is_none() {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
            let hint = near_miss(&given, choices.iter().map(|(name, _)| *name));
            self.fault_with_hint(key, &format!("is none of {}", names.join(", ")), hint);
        }
        found.map(|(_, choice)| *choice)
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// A table below this one.
    pub(super) fn child(&self, key: &str) -> Option<Self> {
        let (key, value) = self.entries.get_key_value(key)?;
        self.descend(key, value)
    }

    /// The tables below this one, each with its key.
    pub(super) fn children(&self) -> Vec<(&'t str, Self)> {
        let each = self.entries.iter();
        each.filter_map(|(key, value)| Some((key.get_ref().as_ref(), self.descend(key, value)?)))
            .collect()
    }

    /// The tables of an array (`[[drop]]`).
    pub(super) fn array(&self, key: &str) -> Vec<Self> {
        let Some((key, value)) = self.entries.get_key_value(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            let why = format!("must be written as [[{}]]", key.get_ref());
            self.note(key.span().start, key.get_ref(), value, &why, None);
            return Vec::new();
        };
        array
            .iter()
            .filter_map(|value| self.descend(key, value))
            .collect()
    }

    fn descend(
        &self,
        key: &'t Spanned<toml::de::DeString<'t>>,
        value: &'t Spanned<DeValue<'t>>,
    ) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            self.note(key.span().start, key.get_ref(), value, "must be a table", None);
            return None;
        };
        Some(Self {
            report: self.report,
            entries: table,
            header: key.get_ref(),
            start: value.span().start,
        })
    }

    /// The keys of the table.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'t str> {
        self.entries.keys().map(|key| key.get_ref().as_ref())
    }

    /// Notes that the value of a key will not do.
    pub(super) fn fault(&self, key: &str, why: &str) {
        self.fault_with_hint(key, why, None);
    }

    /// The same with the value that was probably meant.
    pub(super) fn fault_with_hint(&self, key: &str, why: &str, hint: Option<String>) {
        match self.entries.get_key_value(key) {
            Some((key, value)) => self.note(key.span().start, key.get_ref(), value, why, hint),
            None => self.fault_here(&format!("{key} {why}")),
        }
    }

    /// Notes a fault of the table as a whole, unless it may only be unread.
    pub(super) fn fault_here(&self, why: &str) {
        if !self.report.torn.get() {
            let (line, what) = (self.report.line(self.start), self.what());
            self.report.note(line, what, why, None);
        }
    }

    /// Notes what works but may surprise.
    pub(super) fn warn(&self, key: &str, why: String) {
        let Some((key, value)) = self.entries.get_key_value(key) else {
            return;
        };
        self.report.warnings.borrow_mut().push(Fault {
            line: self.report.line(key.span().start),
            what: format!("{} = {}", key.get_ref(), self.report.source(value.span())),
            why,
            hint: None,
        });
    }

    fn what(&self) -> String {
        let line = self.report.text.lines().nth(self.report.line(self.start) - 1);
        match line.map(str::trim) {
            Some(line) if line.starts_with('[') => shorten(line),
            _ => self.header.to_owned(),
        }
    }

    fn note(&self, start: usize, key: &str, value: &Spanned<DeValue<'_>>, why: &str, hint: Option<String>) {
        let source = self.report.source(value.span());
        let what = if value.get_ref().is_table() && source.starts_with('[') {
            source
        } else {
            format!("{} = {source}", printable(key))
        };
        self.report.note(self.report.line(start), what, why, hint);
    }
}
