//! `sealdrop doctor` for a site.

use serde_json::Value;

use crate::daemon::{Site, sealdrop};

/// How it ended, and its findings.
pub(crate) struct Examined {
    pub(crate) code: Option<i32>,
    pub(crate) answer: Value,
}

impl Examined {
    /// The one finding of a probe.
    #[track_caller]
    pub(crate) fn finding(&self, probe: &str) -> &Value {
        let findings = self.answer["findings"].as_array().unwrap();
        let mut found = findings.iter().filter(|finding| finding["probe"] == probe);
        let one = found.next();
        assert!(found.next().is_none(), "{probe} twice in {:#}", self.answer);
        one.unwrap_or_else(|| panic!("no {probe} in {:#}", self.answer))
    }

    /// A finding has this grade and says this.
    #[track_caller]
    pub(crate) fn says(&self, probe: &str, grade: &str, text: &str) {
        let finding = self.finding(probe);
        assert_eq!(finding["grade"], grade, "{finding:#}");
        assert!(finding["found"].as_str().unwrap().contains(text), "{finding:#}");
        let must_advise = grade != "ok";
        assert!(!must_advise || finding["advice"].is_string(), "{finding:#}");
    }
}

/// `sealdrop doctor --json`
pub(crate) fn doctor(site: &Site) -> Examined {
    doctor_with(site, &[])
}

/// The same with an environment.
pub(crate) fn doctor_with(site: &Site, environment: &[(&str, &str)]) -> Examined {
    let output = sealdrop()
        .args(["doctor", "--json", "--config"])
        .arg(&site.config)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let answer = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    Examined {
        code: output.status.code(),
        answer,
    }
}
