//! Cryptographic materials managers (`framework/cmm-interface`, `framework/caching-cmm`).
