//! Bars as SVG: one scale for each panel, the value written at each bar.

use std::fmt::Write as _;
use std::fs;

use super::files::{LARGE, SMALL};
use super::report::Report;
use super::{SHARED_FLOOR, SIMPLE_FLOOR, bursts, exposure, one_large, peers};

struct Panel {
    title: String,
    unit: &'static str,
    bars: Vec<(String, f64)>,
}

pub(crate) fn write(report: &Report) {
    for (name, panels) in [
        ("bursts", with_peers(report)),
        ("file-systems", file_systems(report)),
        ("exposure", exposures(report)),
        ("large", large(report)),
    ] {
        let panels: Vec<Panel> = panels
            .into_iter()
            .filter(|panel| !panel.bars.is_empty())
            .collect();
        if !panels.is_empty() {
            fs::write(report.folder.join(format!("{name}.svg")), svg(&panels)).unwrap();
        }
    }
}

/// On the disk's own file system.
fn with_peers(report: &Report) -> Vec<Panel> {
    let panel = |work: &str| {
        let disk = report.distinct(bursts::PART, |row| &row.place).into_iter().next();
        let disk = disk.unwrap_or_default();
        let mut bars = times(report, bursts::PART, work, &disk);
        bars.extend(times(report, peers::PART, work, &disk));
        Panel {
            title: format!("{work}, {disk}: seconds until all are safe"),
            unit: "s",
            bars,
        }
    };
    vec![panel(LARGE.name), panel(SMALL.name)]
}

fn file_systems(report: &Report) -> Vec<Panel> {
    let mut panels = Vec::new();
    for work in [LARGE.name, SMALL.name] {
        for place in report.distinct(bursts::PART, |row| &row.place) {
            let bars = times(report, bursts::PART, work, &place);
            panels.push(Panel {
                title: format!("{work}, {place}"),
                unit: "s",
                bars,
            });
        }
    }
    panels
}

fn times(report: &Report, part: &str, work: &str, place: &str) -> Vec<(String, f64)> {
    let who = report.distinct(part, |row| &row.who).into_iter();
    who.filter_map(|who| Some((who.clone(), report.median([part, work, place, &who], "time")?)))
        .collect()
}

fn exposures(report: &Report) -> Vec<Panel> {
    let part = exposure::PART;
    let mut panels = Vec::new();
    for work in report.distinct(part, |row| &row.work) {
        let mut bars = Vec::new();
        for place in report.distinct(part, |row| &row.place) {
            for who in report.distinct(part, |row| &row.who) {
                for share in ["median", "99th", "99.9th"] {
                    let measure = format!("{share} {}", exposure::OUTSIDE);
                    if let Some(value) = report.median([part, &work, &place, &who], &measure) {
                        bars.push((format!("{who}: {share}"), value));
                    }
                }
            }
        }
        let title = format!(
            "{work} on an idle daemon: rename to plaintext gone, {}",
            exposure::OUTSIDE
        );
        panels.push(Panel {
            title,
            unit: "ms",
            bars,
        });
    }
    panels
}

fn large(report: &Report) -> Vec<Panel> {
    let part = one_large::PART;
    let works = report.distinct(part, |row| &row.work).into_iter();
    let panel = |work: String| {
        let mebibytes: f64 = work
            .split_whitespace()
            .find_map(|word| word.parse().ok())
            .unwrap_or_default();
        let gigabytes = mebibytes * 1.048_576 / 1_000.0;
        let bars = times(report, part, &work, "tmpfs").into_iter();
        let bars = bars.map(|(who, seconds)| (who, gigabytes / seconds)).collect();
        Panel {
            title: format!("{work}, tmpfs to tmpfs"),
            unit: "GB/s",
            bars,
        }
    };
    works.map(panel).collect()
}

const WIDTH: f64 = 860.0;
const LABELS: f64 = 330.0;
const LINE: f64 = 22.0;
const FONT: &str = "font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#222\"";

fn svg(panels: &[Panel]) -> String {
    let height: f64 = panels
        .iter()
        .map(|panel| LINE * (panel.bars.len() as f64 + 2.0))
        .sum();
    let mut body = String::new();
    let mut top = 0.0;
    for panel in panels {
        top += LINE;
        let title = escape(&panel.title);
        let _ = writeln!(
            body,
            "<text x=\"10\" y=\"{top}\" {FONT} font-weight=\"bold\">{title}</text>"
        );
        let most = panel.bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        for (label, value) in &panel.bars {
            top += LINE;
            let colour = if label.starts_with("sealdrop") {
                "#1b7f5c"
            } else if [
                SIMPLE_FLOOR,
                SHARED_FLOOR,
                one_large::FLOOR,
                one_large::FLOOR_READ_BACK,
                one_large::FLOOR_ERASED,
            ]
            .contains(&label.as_str())
            {
                "#9aa5b1"
            } else {
                "#c77d3a"
            };
            let length = (value / most * (WIDTH - LABELS - 90.0)).max(1.0);
            let (label, end) = (escape(label), LABELS + length + 6.0);
            let _ = writeln!(
                body,
                "<text x=\"{}\" y=\"{top}\" text-anchor=\"end\" {FONT}>{label}</text>\
                 <rect x=\"{LABELS}\" y=\"{}\" width=\"{length:.1}\" height=\"15\" fill=\"{colour}\"/>\
                 <text x=\"{end:.1}\" y=\"{top}\" {FONT}>{value:.2} {}</text>",
                LABELS - 8.0,
                top - 12.0,
                panel.unit
            );
        }
        top += LINE;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
