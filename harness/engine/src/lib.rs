//! The engine of `ipc-conformance`: from specs to reports, in one direction.
//!
//! ```text
//! spec (clauses, cases) ─┐
//!                        ├─► plan ─► play ─► history ─► judge ─► results ─► report
//! generate (proptest) ───┘
//! ```
//!
//! Each module knows only those before it in that line. The engine does not know
//! `node-channel`: the Rust channel is a runtime under test like any other, played by a driver
//! process.

#![deny(unsafe_code)]

pub mod behaviour;
mod channel;
mod clock;
pub mod diff;
pub mod expectations;
pub mod generate;
pub mod history;
pub mod judge;
pub mod merge;
pub mod play;
pub mod raw;
pub mod report;
pub mod results;
pub mod run;
pub mod runtime;
mod show;
pub mod spec;
pub mod tap;
mod text;
pub mod whole;
