//! Every round's number, kept in one CSV file that a later run of some parts adds to.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const HEAD: &str = "part,work,place,who,measure,unit,round,value,note";

/// One number of one round. An empty value says why there is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) part: String,
    pub(crate) work: String,
    pub(crate) place: String,
    pub(crate) who: String,
    pub(crate) measure: String,
    pub(crate) unit: String,
    pub(crate) round: usize,
    pub(crate) value: Option<f64>,
    pub(crate) note: String,
}

impl Row {
    pub(crate) fn new(part: &str, work: &str, place: &str, who: &str) -> Self {
        Self {
            part: part.into(),
            work: work.into(),
            place: place.into(),
            who: who.into(),
            ..Self::default()
        }
    }

    /// The same with a number in it.
    pub(crate) fn with(&self, measure: &str, unit: &str, round: usize, value: f64) -> Self {
        Self {
            measure: measure.into(),
            unit: unit.into(),
            round,
            value: Some(value),
            ..self.clone()
        }
    }

    pub(crate) fn seconds(&self, round: usize, time: Duration) -> Self {
        self.with("time", "s", round, time.as_secs_f64())
    }

    pub(crate) fn note(mut self, note: &str) -> Self {
        note.clone_into(&mut self.note);
        self
    }

    /// What could not be measured, and why.
    pub(crate) fn absent(&self, why: &str) -> Self {
        self.clone().note(&format!("not here: {why}"))
    }

    fn line(&self) -> String {
        let value = self.value.map_or(String::new(), |value| format!("{value:.6}"));
        let round = self.round.to_string();
        let fields = [
            &self.part,
            &self.work,
            &self.place,
            &self.who,
            &self.measure,
            &self.unit,
            &round,
            &value,
            &self.note,
        ];
        // No name has a comma; a note may.
        let clean = |field: &&String| field.replace(',', ";").replace(['\n', '\r'], " ");
        fields.iter().map(clean).collect::<Vec<_>>().join(",")
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.splitn(9, ',').map(str::to_owned);
        let mut next = || fields.next();
        Some(Self {
            part: next()?,
            work: next()?,
            place: next()?,
            who: next()?,
            measure: next()?,
            unit: next()?,
            round: next()?.parse().ok()?,
            value: next()?.parse().ok(),
            note: next()?,
        })
    }
}

/// What is known so far.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) folder: PathBuf,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    /// What earlier runs left, without the parts that are measured anew.
    pub(crate) fn open(folder: &Path, anew: &[String]) -> Self {
        fs::create_dir_all(folder).unwrap();
        let text = fs::read_to_string(folder.join("rounds.csv")).unwrap_or_default();
        let rows = text.lines().skip(1).filter_map(Row::parse);
        Self {
            folder: folder.to_owned(),
            rows: rows.filter(|row| !anew.contains(&row.part)).collect(),
        }
    }

    /// Prints it and writes it down at once, for a run that is ended half-way.
    pub(crate) fn add(&mut self, row: Row) {
        println!("{}", row.line());
        self.rows.push(row);
        let lines: Vec<String> = self.rows.iter().map(Row::line).collect();
        fs::write(
            self.folder.join("rounds.csv"),
            format!("{HEAD}\n{}\n", lines.join("\n")),
        )
        .unwrap();
    }

    pub(crate) fn values(&self, key: [&str; 4], measure: &str) -> Vec<f64> {
        self.matching(key)
            .filter(|row| row.measure == measure)
            .filter_map(|row| row.value)
            .collect()
    }

    pub(crate) fn median(&self, key: [&str; 4], measure: &str) -> Option<f64> {
        median(self.values(key, measure))
    }

    /// The median over the rounds of one's time by the other's in the same round.
    pub(crate) fn ratio(&self, key: [&str; 4], to: &str) -> Option<f64> {
        let [part, work, place, _] = key;
        let own = self.values(key, "time");
        let other = self.values([part, work, place, to], "time");
        median(own.iter().zip(&other).map(|(own, other)| own / other).collect())
    }

    /// The first note of the rows, which is the reason if there is no value.
    pub(crate) fn remark(&self, key: [&str; 4]) -> String {
        let remark = self.matching(key).find(|row| !row.note.is_empty());
        remark.map_or(String::new(), |row| row.note.clone())
    }

    fn matching<'a>(&'a self, [part, work, place, who]: [&'a str; 4]) -> impl Iterator<Item = &'a Row> {
        let rows = self.rows.iter();
        rows.filter(move |row| row.part == part && row.work == work && row.place == place && row.who == who)
    }

    /// The different values of a column among the rows of a part, in their order.
    pub(crate) fn distinct(&self, part: &str, column: impl Fn(&Row) -> &String) -> Vec<String> {
        let mut found = Vec::new();
        for row in self.rows.iter().filter(|row| row.part == part) {
            if !found.contains(column(row)) {
                found.push(column(row).clone());
            }
        }
        found
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
