//! The command line of the suite. It holds no logic: it reads what the user typed, asks the
//! engine, prints, and turns what came of it into an exit code.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
