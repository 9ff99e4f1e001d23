//! The command line as a user meets it: exit codes, files, messages, whatever runtimes, files
//! and users do.

mod place;
mod run;
mod usage;
