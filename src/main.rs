//! The `sealdrop` command; see `sealdrop --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sealdrop::cli::main()
}
