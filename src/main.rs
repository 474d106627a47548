//! The `kubectl acmbackup` command: everything is in the library, see `acmbackup::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    acmbackup::cli::main()
}
