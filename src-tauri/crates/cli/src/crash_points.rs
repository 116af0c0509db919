//! The `lockstep` command for tests: it can be told to die at a named point (see `local_fs::crash_point`).
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
