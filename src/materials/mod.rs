//! Cryptographic materials managers (`framework/cmm-interface`, `framework/caching-cmm`).
//!
//! A [`MaterialsManager`] stands for one drop: one keyring, one suite, one encryption context. It
//! reserves messages and bytes of a data key before anybody uses it, so that the limits hold with any
//! number of workers, and asks the keyring once for all who wait.

mod caching;
mod decryption;
mod default;
mod error;
mod key_slots;
mod limits;
mod look_ahead;
mod manager;
mod reserved;
mod usage;
mod waiting;

pub use decryption::DecryptionManager;
pub use default::{decryption_materials, encryption_materials};
pub use error::MaterialsError;
pub use limits::CacheLimits;
pub use manager::MaterialsManager;
pub use reserved::{CacheOutcome, DataKeyUse, ReservedMaterials};
pub use waiting::Waiting;
