//! aws-encryption-sdk-cli#195, #191, #202, aws-encryption-sdk-python#310, #311.

use super::support::SideBySide;

#[test]
fn and_so_do_an_id_and_the_arn() {
    let Some(both) = SideBySide::new() else { return };
    both.kms.create_alias("alias/tests", &both.key);
    both.place.write("a", "content");
    let id = both.key.rsplit('/').next().unwrap();
    let names = [
        "key=alias/tests".to_owned(),
        format!("key={id}"),
        format!("key={}", both.key),
    ];
    for name in &names {
        both.sealdrop(["encrypt", "-i", "a", "-o", "a.enc", "-q", "-w", name])
            .ok();
        for other in &names {
            let ran = both
                .sealdrop(["decrypt", "-i", "a.enc", "-o", "-", "-w", other])
                .ok();
            assert_eq!(ran.stdout, b"content");
        }
    }
    both.sealdrop(["decrypt", "-i", "a.enc", "-o", "-", "-w", "discovery=true"])
        .ok();
}
