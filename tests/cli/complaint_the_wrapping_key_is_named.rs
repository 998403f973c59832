//! aws-encryption-sdk-cli#130.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::support::SideBySide;

#[test]
fn the_one_that_opened_the_message_not_the_first_one_in_it() {
    let Some(both) = SideBySide::new() else { return };
    let second = both.kms.create_key();
    let (first, other) = (format!("key={}", both.key), format!("key={second}"));
    both.place.write("a", "content");
    both.sealdrop(["encrypt", "-i", "a", "-o", "a.enc", "-w", &first, "-w", &other])
        .ok();
    both.kms.disable(&both.key);
    both.sealdrop([
        "decrypt",
        "-i",
        "a.enc",
        "-o",
        "b",
        "-w",
        &first,
        &other,
        "--metadata-output",
        "m",
    ])
    .ok();
    let key = &both.place.lines("m")[0]["sealdrop"]["wrapping_key"];
    let text = |name: &str| String::from_utf8(STANDARD.decode(key[name].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(
        (text("provider_id"), text("key_info")),
        ("aws-kms".to_owned(), second)
    );
}
