//! The metrics for readers that know Prometheus' older text format alone (`promtool check metrics`, many agents).
//!
//! The formats differ in this: the older one gives a counter's description under its full name, has gauges for
//! information, and knows neither units nor an end.

use std::collections::BTreeMap;

/// Whether the client asks for this one: it takes plain text, and no `OpenMetrics`.
pub(super) fn is_wanted(request: &str) -> bool {
    let accepts = request
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("accept"))
        .map(|(_, value)| value.to_ascii_lowercase())
        .collect::<Vec<_>>()
        .join(",");
    accepts.contains("text/plain") && !accepts.contains("application/openmetrics-text")
}

/// The same metrics.
pub(super) fn of(open_metrics: &str) -> String {
    let types: BTreeMap<&str, &str> = open_metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    let mut text = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines() {
        let described = ["# HELP ", "# TYPE "].into_iter().find_map(|kind| {
            let (name, rest) = line.strip_prefix(kind)?.split_once(' ')?;
            Some((kind, name, rest))
        });
        if let Some((kind, name, rest)) = described {
            let (suffix, rest) = match (types.get(name), kind) {
                (Some(&"counter"), _) => ("_total", rest),
                (Some(&"info"), "# TYPE ") => ("_info", "gauge"),
                (Some(&"info"), _) => ("_info", rest),
                _ => ("", rest),
            };
            text.extend([kind, name, suffix, " ", rest, "\n"]);
        } else if !line.starts_with('#') {
            text.extend([line, "\n"]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_information_are_named_in_full() {
        let open = "# HELP files Files.\n# TYPE files counter\nfiles_total{a=\"b\"} 1\n# HELP build B.\n\
                    # TYPE build info\nbuild_info{v=\"1\"} 1\n# TYPE held gauge\n# UNIT held files\nheld 0\n# EOF\n";
        let plain = "# HELP files_total Files.\n# TYPE files_total counter\nfiles_total{a=\"b\"} 1\n\
                     # HELP build_info B.\n# TYPE build_info gauge\nbuild_info{v=\"1\"} 1\n# TYPE held gauge\nheld 0\n";
        assert_eq!(of(open), plain);
    }

    #[test]
    fn only_who_asks_for_it_gets_it() {
        assert!(is_wanted(
            "GET / HTTP/1.1\r\naccept: text/plain;version=0.0.4\r\n\r\n"
        ));
        assert!(!is_wanted("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"));
        assert!(!is_wanted(
            "GET / HTTP/1.1\r\nAccept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n"
        ));
    }
}
