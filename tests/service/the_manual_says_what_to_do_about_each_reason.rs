use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The words of a function that tells variants apart: `Self::Symlink => "symlink",`.
fn words(source: &str, function: &str) -> BTreeSet<String> {
    let text = read(source);
    let body = text.split(function).nth(1).unwrap();
    let body = body.split("\n    }\n").next().unwrap();
    let quoted = body.split('"').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

#[test]
fn that_a_file_can_be_held_for() {
    let mut reasons = words("src/watch/candidate.rs", "fn label(");
    reasons.extend(words("src/seal/error.rs", "fn reason("));
    let of_io = read("src/seal/error.rs");
    let of_io = of_io.split("fn io_reason(").nth(1).unwrap();
    let of_io = of_io.split("\n}\n").next().unwrap();
    reasons.extend(of_io.split('"').skip(1).step_by(2).map(str::to_owned));
    reasons.extend(["no_data_key", "defect"].map(str::to_owned));
    assert!(reasons.len() > 25, "{reasons:?}");
    // These pass by themselves, without anybody being told.
    let told = reasons
        .iter()
        .filter(|word| !["gone", "changed", "busy", "key_aged_out"].contains(&word.as_str()));

    let page = read("docs/man/sealdrop.8");
    let page = page.split(".SH HELD FILES").nth(1).unwrap();
    let page = page.split(".SH ").next().unwrap();
    let heads: BTreeSet<&str> = page
        .lines()
        .filter(|line| line.starts_with(".B"))
        .flat_map(|line| line.split([' ', '"', ',']))
        .collect();
    let missing: Vec<_> = told.filter(|reason| !heads.contains(reason.as_str())).collect();
    assert!(missing.is_empty(), "sealdrop(8), HELD FILES lacks {missing:?}");
}
