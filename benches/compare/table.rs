//! All medians as Markdown: docs/benchmarks/table.md.

use std::fmt::Write as _;
use std::fs;

use super::report::Report;
use super::{SHARED_FLOOR, SIMPLE_FLOOR, backlog, bursts, exposure, one_large, one_shot, peers, start};

pub(crate) fn write(report: &Report) {
    let mut text = String::from(
        "# Measured\n\nWritten by `cargo bench --bench compare`; [how](../benchmarks.md).\n\n```text\n",
    );
    text += &fs::read_to_string(report.folder.join("machine.txt")).unwrap_or_default();
    text += "```\n";
    let floors = [SIMPLE_FLOOR, SHARED_FLOOR];
    for (title, part) in [("Bursts", bursts::PART), ("A backlog", backlog::PART)] {
        section(&mut text, report, part, title, &floors);
    }
    section(&mut text, report, peers::PART, "Peers on the same files", &[]);
    section(
        &mut text,
        report,
        one_shot::PART,
        "One-shot commands, 200 files of 5.12 MB",
        &[one_shot::PEER],
    );
    let most = [
        one_large::FLOOR,
        one_large::FLOOR_READ_BACK,
        one_large::FLOOR_ERASED,
    ];
    section(&mut text, report, one_large::PART, "One large file", &most);
    exposures(&mut text, report);
    starts(&mut text, report);
    fs::write(report.folder.join("table.md"), text).unwrap();
}

/// Times, memory, and the ratios to each of the others, in the same rounds.
fn section(text: &mut String, report: &Report, part: &str, title: &str, others: &[&str]) {
    let works = report.distinct(part, |row| &row.work);
    if works.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "\n## {title}\n\n| work | on | who | median, s | rounds | MiB resident |"
    );
    for other in others {
        let _ = write!(text, " by \"{other}\" |");
    }
    let _ = writeln!(
        text,
        " |\n|---|---|---|---|---|---|{}---|",
        "---|".repeat(others.len())
    );
    for work in &works {
        for place in &report.distinct(part, |row| &row.place) {
            for who in &report.distinct(part, |row| &row.who) {
                let key = [part, work, place, who];
                let remark = report.remark(key);
                let times = report.values(key, "time");
                let Some(time) = report.median(key, "time") else {
                    if !remark.is_empty() {
                        let _ = writeln!(
                            text,
                            "| {work} | {place} | {who} | – | | |{} {remark} |",
                            " |".repeat(others.len())
                        );
                    }
                    continue;
                };
                let resident = report.values(key, "resident").into_iter().reduce(f64::max);
                let resident = resident.map_or(String::new(), |most| format!("{most:.1}"));
                let _ = write!(
                    text,
                    "| {work} | {place} | {who} | {time:.2} | {} | {resident} |",
                    times.len()
                );
                for other in others {
                    let ratio = report.ratio(key, other).filter(|_| who != other);
                    let _ = write!(
                        text,
                        " {} |",
                        ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"))
                    );
                }
                let _ = writeln!(text, " {remark} |");
            }
        }
    }
}

fn exposures(text: &mut String, report: &Report) {
    let part = exposure::PART;
    if report.rows.iter().all(|row| row.part != part) {
        return;
    }
    *text += "\n## Exposure of single files on an idle daemon, ms\n\n\
              | file | on | who | | median | 99th | 99.9th | most | files | new data keys |\n\
              |---|---|---|---|---|---|---|---|---|---|\n";
    for work in &report.distinct(part, |row| &row.work) {
        for place in &report.distinct(part, |row| &row.place) {
            for who in &report.distinct(part, |row| &row.who) {
                let key = [part, work, place, who];
                let waited = report.median(key, "new data keys").unwrap_or_default();
                for source in [exposure::RECORDS, exposure::OUTSIDE] {
                    let at = |name: &str| {
                        let value = report.median(key, &format!("{name} {source}"));
                        value.map_or("–".to_owned(), |value| format!("{value:.2}"))
                    };
                    let [middle, high, higher, most] = ["median", "99th", "99.9th", "most"].map(at);
                    let files = report.remark(key);
                    let _ = writeln!(
                        text,
                        "| {work} | {place} | {who} | {source} | {middle} | {high} | {higher} | {most} | {files} | {waited} |"
                    );
                }
            }
        }
    }
}

fn starts(text: &mut String, report: &Report) {
    let part = start::PART;
    if report.rows.iter().all(|row| row.part != part) {
        return;
    }
    *text += "\n## Start and idleness\n\n| who | measure | median | rounds |\n|---|---|---|---|\n";
    for work in &report.distinct(part, |row| &row.work) {
        for place in &report.distinct(part, |row| &row.place) {
            for who in &report.distinct(part, |row| &row.who) {
                for (measure, told) in [
                    ("ready", "exec to READY, ms"),
                    ("wake-ups", "idle: wake-ups per second, all threads"),
                    ("resident", "idle: MiB resident"),
                ] {
                    let key = [part, work, place, who];
                    if let Some(value) = report.median(key, measure) {
                        let rounds = report.values(key, measure).len();
                        let _ = writeln!(text, "| {who} | {told} | {value:.1} | {rounds} |");
                    }
                }
            }
        }
    }
}
