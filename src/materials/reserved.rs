//! Materials in a worker's hands: reserved, then begun.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::usage::Reservation;
use crate::keyring::KeyObserver;
use crate::message::EncryptionMaterials;

/// Where a message's data key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheOutcome {
    /// Messages before this one used the key.
    Hit,
    /// The first message under a fresh key.
    Miss,
    /// There is no cache: a key for this message alone.
    Off,
}

impl CacheOutcome {
    /// The word in the record and the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Off => "off",
        }
    }
}

/// What the metadata record says of a message's data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataKeyUse {
    /// Fresh or used before.
    pub cache: CacheOutcome,
    /// The message's number under the key, from 1.
    pub message: u64,
    /// How long the key has been in our hands.
    pub age: Duration,
}

/// Encryption materials with a share of their key's limits. Dropped before [`begin`](Self::begin),
/// the share goes back.
pub struct ReservedMaterials {
    materials: Arc<EncryptionMaterials>,
    share: Share,
    observer: Arc<dyn KeyObserver>,
}

enum Share {
    /// A key for one message.
    Own {
        born: Instant,
        cache: CacheOutcome,
        begun: bool,
    },
    /// A part of a cached key.
    Cached(Reservation),
}

impl ReservedMaterials {
    pub(super) fn own(
        materials: EncryptionMaterials,
        cache: CacheOutcome,
        observer: &Arc<dyn KeyObserver>,
    ) -> Self {
        Self {
            materials: Arc::new(materials),
            share: Share::Own {
                born: Instant::now(),
                cache,
                begun: false,
            },
            observer: Arc::clone(observer),
        }
    }

    pub(super) fn cached(
        (materials, reservation): (Arc<EncryptionMaterials>, Reservation),
        observer: &Arc<dyn KeyObserver>,
    ) -> Self {
        Self {
            materials,
            share: Share::Cached(reservation),
            observer: Arc::clone(observer),
        }
    }

    /// To be called once the file is claimed and cannot grow under us any more: makes the share as
    /// large as the file is now. False if the key cannot bear it or has aged out; drop these
    /// materials then and ask for others.
    #[must_use]
    pub fn cover(&mut self, plaintext_length: u64) -> bool {
        match &mut self.share {
            Share::Own { .. } => true,
            Share::Cached(reservation) => reservation.cover(plaintext_length),
        }
    }

    /// To be called before the message's first byte: from here on the message counts, whatever
    /// becomes of it. False if the key has aged out since it was reserved; nothing is counted then,
    /// and the materials must not be used. Further calls change nothing.
    #[must_use]
    pub fn begin(&mut self) -> bool {
        let (again, may) = match &mut self.share {
            Share::Own { begun, .. } => (std::mem::replace(begun, true), true),
            Share::Cached(reservation) => (reservation.has_begun(), reservation.begin()),
        };
        if may && !again {
            self.observer.data_key_used();
        }
        may
    }

    /// What the record says of the key; exact once the message has begun.
    pub fn usage(&self) -> DataKeyUse {
        match &self.share {
            Share::Own { born, cache, .. } => DataKeyUse {
                cache: *cache,
                message: 1,
                age: born.elapsed(),
            },
            Share::Cached(reservation) => {
                let message = reservation.number();
                DataKeyUse {
                    cache: if message == 1 {
                        CacheOutcome::Miss
                    } else {
                        CacheOutcome::Hit
                    },
                    message,
                    age: reservation.age(),
                }
            }
        }
    }
}

impl Deref for ReservedMaterials {
    type Target = EncryptionMaterials;

    fn deref(&self) -> &EncryptionMaterials {
        &self.materials
    }
}

impl fmt::Debug for ReservedMaterials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReservedMaterials")
            .field("materials", &self.materials)
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}
