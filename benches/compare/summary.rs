//! The short table beside what was to be reached: docs/benchmarks/summary.md, and the README between two marks.

use std::fs;

use super::files::{LARGE, SMALL};
use super::process::project;
use super::report::Report;
use super::{SHARED_FLOOR, SIMPLE_FLOOR, backlog, bursts, exposure, one_large, one_shot, start};

const LOCAL: &str = "sealdrop (local key)";
const KMS: &str = "sealdrop (KMS emulator)";
const DAEMON: &str = "sealdrop (the daemon)";
const BEGIN: &str = "<!-- benchmarks: written by cargo bench --bench compare -->\n";
const END: &str = "<!-- /benchmarks -->\n";

pub(crate) fn write(report: &Report) {
    let mut lines = vec!["| | measured | to reach |".to_owned(), "|---|---|---|".to_owned()];
    let rows = [
        bursts_row(report, LARGE.name, "1.15"),
        bursts_row(report, SMALL.name, "1.25"),
    ];
    lines.extend(rows.into_iter().flatten());
    lines.extend(
        [
            large(report),
            exposed(report),
            memory(report),
            ready(report),
            cli(report),
        ]
        .into_iter()
        .flatten(),
    );
    let text = lines.join("\n") + "\n";
    fs::write(report.folder.join("summary.md"), &text).unwrap();
    if report.folder == project().join("docs/benchmarks") {
        into_readme(&text);
    }
}

fn into_readme(text: &str) {
    let path = project().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let Some((before, rest)) = readme.split_once(BEGIN) else {
        return;
    };
    let Some((_, after)) = rest.split_once(END) else {
        return;
    };
    fs::write(path, format!("{before}{BEGIN}\n{text}\n{END}{after}")).unwrap();
}

fn bursts_row(report: &Report, work: &str, goal: &str) -> Option<String> {
    let place = report
        .distinct(bursts::PART, |row| &row.place)
        .into_iter()
        .next()?;
    let key = [bursts::PART, work, place.as_str(), LOCAL];
    let time = report.median(key, "time")?;
    let (simple, shared) = (report.ratio(key, SIMPLE_FLOOR)?, report.ratio(key, SHARED_FLOOR)?);
    Some(format!(
        "| {work} on {place} | {time:.2} s: {simple:.2} × the same I/O alone, {shared:.2} × with shared flushes | {goal} × |"
    ))
}

fn large(report: &Report) -> Option<String> {
    let work = report
        .distinct(one_large::PART, |row| &row.work)
        .into_iter()
        .next()?;
    let key = [one_large::PART, work.as_str(), "tmpfs", DAEMON];
    let share = |floor| report.ratio(key, floor).map(|ratio| 100.0 / ratio);
    let (all, erased) = (share(one_large::FLOOR)?, share(one_large::FLOOR_ERASED)?);
    let time = report.median(key, "time")?;
    let encrypt = [one_large::PART, work.as_str(), "tmpfs", one_large::ENCRYPT];
    let encrypt = 100.0 / report.ratio(encrypt, one_large::FLOOR)?;
    Some(format!(
        "| {work}, tmpfs to tmpfs | `encrypt`: {encrypt:.0} % of copy + AES-GCM on all cores; the daemon {time:.2} s: {all:.0} %, and {erased:.0} % of the same with reading back and overwriting | 80 % |"
    ))
}

fn exposed(report: &Report) -> Option<String> {
    let place = report
        .distinct(exposure::PART, |row| &row.place)
        .into_iter()
        .next()?;
    let key = [exposure::PART, "4 KiB", place.as_str(), LOCAL];
    let at = |share: &str| report.median(key, &format!("{share} {}", exposure::OUTSIDE));
    let (middle, high, higher) = (at("median")?, at("99th")?, at("99.9th")?);
    Some(format!(
        "| 4 KiB on an idle daemon, rename to plaintext gone | median {middle:.2} ms, 99th {high:.2} ms, 99.9th {higher:.2} ms | 2 and 10 ms |"
    ))
}

fn memory(report: &Report) -> Option<String> {
    let parts = [bursts::PART, one_large::PART, backlog::PART];
    let daemons = report.rows.iter().filter(|row| {
        parts.contains(&row.part.as_str())
            && row.measure == "resident"
            && (row.who == LOCAL || row.who == DAEMON || row.who == KMS)
    });
    let most = daemons.filter_map(|row| row.value).reduce(f64::max)?;
    Some(format!(
        "| most memory of the daemon in all of this | {most:.0} MiB | 64 MiB |"
    ))
}

fn ready(report: &Report) -> Option<String> {
    let place = report
        .distinct(start::PART, |row| &row.place)
        .into_iter()
        .next()?;
    let time = report.median([start::PART, "start", &place, LOCAL], "ready")?;
    let woken = report.median([start::PART, "idle", &place, LOCAL], "wake-ups")?;
    Some(format!(
        "| from exec to READY | {time:.1} ms; then {woken:.1} wake-ups a second | 50 ms |"
    ))
}

fn cli(report: &Report) -> Option<String> {
    let place = report
        .distinct(one_shot::PART, |row| &row.place)
        .into_iter()
        .next()?;
    let times = ["encrypt", "decrypt"].map(|verb| {
        let time = |who| report.median([one_shot::PART, verb, &place, who], "time");
        Some((time(one_shot::PEER)?, time(one_shot::SAME)?))
    });
    let [Some(encrypt), Some(decrypt)] = times else {
        return None;
    };
    let [encrypt, decrypt] = [encrypt, decrypt].map(|(peer, own)| peer / own);
    Some(format!(
        "| `encrypt` and `decrypt` of the 200 files, beside aws-encryption-cli | {encrypt:.1} and {decrypt:.1} times as fast | |"
    ))
}
