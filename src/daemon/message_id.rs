//! Each event's `MESSAGE_ID` (systemd.journal-fields(7)): what `journalctl -x` finds the catalogue's text by.
//!
//! An ID never changes its meaning; systemd/sealdrop.catalog explains each.

pub(super) const STARTED: &str = "c14adf2d581a46de993901375568551f";
pub(super) const STOPPING: &str = "5de8b0d019e74b2e894b7a92d34f98e8";
pub(super) const STOPPED: &str = "dcc77ea9decd43d4b964fa572d0c5674";
pub(super) const RECOVERING: &str = "36ad7319b02e46bbb2abf8bef550fa5f";
pub(super) const SEALED: &str = "be19c19e664e49529662e26cc5ef31fb";
pub(super) const RECOVERED: &str = "53f25f35593e433db58ecb6dddc2c4fa";
pub(super) const HELD: &str = "e42b0e3f15194d8ea844078cd56b4136";
pub(super) const NO_DATA_KEY: &str = "63a6aecf72fc478191e72fac65c8ed51";
pub(super) const DATA_KEYS_AGAIN: &str = "99480bf7d54147009bb0b04578465bb6";
pub(super) const DEFECT: &str = "71f770fe6d7d427b8eba2db15c35333d";
pub(super) const WATCH_LOST: &str = "e7431af758ec44dd830680b83d2ac7cf";
pub(super) const WATCH_AGAIN: &str = "bf5b730b98964bb0bba697ee9824951f";
pub(super) const SCAN_FAILED: &str = "0908df1b0f264f4fa60ac1443d940d9c";
pub(super) const CORE_FILES: &str = "3cdb2da8d3da4b78a955106acb946c35";
pub(super) const UNTIDIED: &str = "32bd2b1628bd4e57a2ca25014ab27362";
pub(super) const STUCK: &str = "38af30a2feaf404db55526138097073b";
pub(super) const CONFIG_RELOADED: &str = "a90f0b218e0d47bc8c127e4a0afc839e";
pub(super) const CONFIG_REJECTED: &str = "d075fcb8e8fb48fbbe36265c9c4fa659";
pub(super) const DROP_REMOVED: &str = "14073cff4b144c18ae72a54f7f5e6515";
pub(super) const LOCAL_KEY: &str = "f0e0b52b2af54555bc564ed2c6b320ed";
