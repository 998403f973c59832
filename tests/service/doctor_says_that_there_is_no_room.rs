use crate::daemon::{LOCAL_KEY, Site};
use crate::doctor::doctor;
use crate::mounts::FileSystem;

#[test]
fn on_a_full_output_and_ends_with_73() {
    let mounted = match FileSystem::Tmpfs.mount(8) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED on_a_full_output_and_ends_with_73: {why}"),
    };
    let site = Site::at(mounted.path(), LOCAL_KEY, "");
    let filling = std::iter::repeat_n(0, 16 << 20).collect::<Vec<u8>>();
    std::fs::write(site.root.join("filling"), filling).unwrap_err();
    let examined = doctor(&site);
    examined.says("output_space", "problem", "0 B free");
    assert_eq!(examined.code, Some(73), "{:#}", examined.answer);
}
