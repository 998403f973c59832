use std::os::unix::fs::symlink;

use super::support::{Case, KEYRING, one_drop};

fn two_drops(first: (&str, &str, &str), second: (&str, &str, &str)) -> String {
    let drop = |name: &str, (input, output, more): (&str, &str, &str)| {
        format!(
            "[[drop]]\nname = \"{name}\"\ninput = \"@/{input}\"\noutput = \"@/{output}\"\nkeyring = \"main\"\n{more}\n"
        )
    };
    format!("{KEYRING}{}{}", drop("a", first), drop("b", second))
}

#[test]
fn an_output_inside_a_recursive_input() {
    let text = one_drop("recursive = true\n").replace("@/out", "@/in/out");
    assert_eq!(
        Case::new().faults(&text),
        [
            "c.toml:5: output = \"@/in/out\": lies in the recursive input of drop \"a\", so it would be sealed again"
        ]
    );
    let flat = one_drop("").replace("@/out", "@/in/out");
    assert!(
        Case::new().parse(&flat).is_ok(),
        "what lies below a flat input is not taken"
    );
}

#[test]
fn an_output_that_is_the_input_by_another_path() {
    let case = Case::new();
    symlink(case.make("in"), case.path("link")).unwrap();
    for other in ["@/link", "@/in/../in/.", "@/link/../in"] {
        let faults = case.faults(&one_drop("").replace("@/out", other));
        assert_eq!(
            faults,
            [format!(
                "c.toml:5: output = \"{other}\": is the input of drop \"a\", so it would be sealed again"
            )]
        );
    }
}

#[test]
fn an_output_in_the_claim_folder() {
    let faults = Case::new().faults(&one_drop("").replace("@/out", "@/in/.sealdrop/out"));
    assert_eq!(
        faults,
        ["c.toml:5: output = \"@/in/.sealdrop/out\": lies in the claim folder of drop \"a\""]
    );
}

#[test]
fn equal_and_nested_inputs_and_shared_outputs() {
    let case = Case::new();
    symlink(case.make("in"), case.path("link")).unwrap();
    assert_eq!(
        case.faults(&two_drops(("in", "out", ""), ("link", "out2", ""))),
        ["c.toml:10: input = \"@/link\": is the input of drop \"a\" too"]
    );
    assert_eq!(
        case.faults(&two_drops(("in", "out", ""), ("link/sub", "out2", ""))),
        ["c.toml:10: input = \"@/link/sub\": and the input of drop \"a\" lie one inside the other"]
    );
    assert_eq!(
        case.faults(&two_drops(("in", "out", ""), ("in2", "x/../out", ""))),
        ["c.toml:11: output = \"@/x/../out\": is the output of drop \"a\" too"]
    );
    assert!(
        case.parse(&two_drops(("in", "out", ""), ("in2", "out2", "")))
            .is_ok()
    );
    assert!(
        case.parse(&two_drops(("in", "out", ""), ("in2", "in-more", "")))
            .is_ok(),
        "a common beginning of two names is no nesting"
    );
}

#[test]
fn one_drop_feeding_another() {
    assert_eq!(
        Case::new().faults(&two_drops(("in", "in2", ""), ("in2", "out", ""))),
        ["c.toml:5: output = \"@/in2\": is the input of drop \"b\", so it would be sealed again"]
    );
}

#[test]
fn a_keep_folder_where_plaintext_must_not_be() {
    let keep =
        |folder: &str| Case::new().faults(&one_drop(&format!("erase = \"keep\"\nkeep = \"@/{folder}\"\n")));
    assert_eq!(
        keep("out"),
        ["c.toml:8: keep = \"@/out\": is the output, where plaintext must not appear"]
    );
    assert_eq!(
        keep("in"),
        ["c.toml:8: keep = \"@/in\": is the input of drop \"a\", so it would be sealed again"]
    );
}

#[test]
fn a_key_file_that_would_be_sealed_and_erased() {
    let text = format!(
        "[keyring.k]\ntype = \"raw-aes\"\nnamespace = \"n\"\nname = \"n\"\nkey_file = \"@/in/key\"\ncreate = true\n{}",
        one_drop("")
            .replace("main", "k")
            .replace("keyring.k = { type = \"aws-kms\", key = \"alias/ingest\" }", "")
    );
    assert_eq!(
        Case::new().faults(&text),
        ["c.toml:10: input = \"@/in\": contains \"@/in/key\", which would be sealed and erased"]
    );
}

#[test]
fn an_input_that_others_can_write_gives_a_warning_unless_it_is_sticky() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let case = Case::new();
    let input = case.make("in");
    for (mode, warnings) in [(0o777, 1), (0o770, 1), (0o3770, 0), (0o755, 0)] {
        set_permissions(&input, Permissions::from_mode(mode)).unwrap();
        assert_eq!(
            case.parse(&one_drop("")).unwrap().warnings.len(),
            warnings,
            "{mode:o}"
        );
    }
}
