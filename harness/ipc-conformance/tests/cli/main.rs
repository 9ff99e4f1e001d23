//! The command line as a user meets it: exit codes, files, messages, whatever runtimes, files
//! and users do.

mod compare;
mod environment;
mod expectations;
mod explore;
mod files;
mod hostile;
mod interrupt;
mod place;
mod raw;
mod replay;
mod report;
mod run;
mod select;
mod tap;
mod trouble;
mod usage;
