//! The `sealdrop` command; see `sealdrop --help`.

use std::process::ExitCode;

/// Wipes what is freed: the key service's answers pass through buffers of the HTTP client and the JSON parser, which
/// do not.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    sealdrop::cli::main()
}
