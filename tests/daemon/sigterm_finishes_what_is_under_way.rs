use crate::daemon::{Site, files_below};

#[test]
fn and_exits_with_0_leaving_no_half_of_anything() {
    let site = Site::new();
    let daemon = site.start();
    for number in 0..50 {
        site.drop_file(format!("file {number}"), vec![7; 300_000]);
    }
    daemon.wait_for("sealed", 5);
    assert!(daemon.stop().success());

    let left = site.left_in_input();
    assert!(
        left.iter()
            .all(|path| !path.starts_with(site.input.join(".sealdrop"))),
        "{left:?}"
    );
    let output = files_below(&site.output);
    assert!(
        output
            .iter()
            .all(|path| !path.to_str().unwrap().contains(".sealdrop-")),
        "{output:?}"
    );
    assert_eq!(output.len(), 2 * (50 - left.len()));

    let again = site.start();
    again.wait_for("sealed", left.len());
    assert_eq!(site.records().len(), 50);
}
