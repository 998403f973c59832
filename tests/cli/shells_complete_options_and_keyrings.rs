use super::support::Place;

fn complete(place: &Place, words: &[&str]) -> Vec<String> {
    let index = (words.len() - 1).to_string();
    let environment = [
        ("COMPLETE", "bash"),
        ("_CLAP_COMPLETE_INDEX", &index),
        ("_CLAP_COMPLETE_COMP_TYPE", "9"),
        ("_CLAP_IFS", "\n"),
    ];
    let arguments = ["--"].iter().chain(words);
    let ran = place.run_with(arguments, &environment, b"").ok();
    String::from_utf8(ran.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn keyring_names_come_from_the_configuration_on_the_line() {
    let place = Place::new();
    let words = ["sealdrop", "decrypt", "--config", "c.toml", "--keyring", ""];
    assert_eq!(complete(&place, &words), ["local", "other"]);
    let words = ["sealdrop", "decrypt", "--config", "c.toml", "--keyring", "o"];
    assert_eq!(complete(&place, &words), ["other"]);
}

#[test]
fn options_of_the_subcommand_are_offered() {
    let found = complete(&Place::new(), &["sealdrop", "decrypt", "--str"]);
    assert_eq!(found, ["--strip-suffix"]);
}

#[test]
fn each_shell_has_its_script() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = String::from_utf8(place.run(["completions", shell]).ok().stdout).unwrap();
        assert!(script.contains("sealdrop"), "{script}");
    }
    place.run(["completions", "tcsh"]).ended(64);
}
