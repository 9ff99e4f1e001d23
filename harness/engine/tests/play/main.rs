//! Plays shell scripts in place of drivers. This program is its own supervisor.

mod host;
mod pairs;
mod plays;
mod pools;
mod runtimes;
mod taps;

use std::process::ExitCode;

use ipc_conformance_engine::play::supervise;
use ipc_conformance_engine::{raw, tap};
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if let Some(arguments) = tap::arguments(std::env::args_os().skip(1)) {
        return tap::main(&arguments);
    }
    match std::env::args().nth(1).as_deref() {
        Some("supervise") => return supervise::main(),
        Some("raw-peer") => return raw::main(),
        _ => {}
    }
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (name, test) in
        [plays::TESTS, pairs::TESTS, pools::TESTS, runtimes::TESTS, taps::TESTS].concat()
    {
        trials.push(Trial::test(name, move || {
            test();
            Ok(())
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
