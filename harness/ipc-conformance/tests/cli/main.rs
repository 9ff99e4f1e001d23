//! The command line as a user meets it: exit codes, files, messages, whatever runtimes, files
//! and users do.

mod environment;
mod interrupt;
mod place;
mod run;
mod trouble;
mod usage;
