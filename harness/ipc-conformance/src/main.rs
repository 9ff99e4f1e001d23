//! The command line of the suite. It holds no logic: it reads what the user typed, asks the
//! engine, prints, and turns what came of it into an exit code.

mod cli;
// How the driver describes a message is how the tap shows one.
#[path = "driver/describe.rs"]
mod describe;
#[path = "driver/parts.rs"]
#[expect(dead_code, reason = "the driver asks for more")]
mod parts;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
