//! Results for people and for other programs: pure functions from [`Results`], and the one place
//! that reads and writes them.
//!
//! Everything that a runtime under test said is hostile here: it is escaped for the format it is
//! put into, what could hide or reorder other text is made visible, and long values are cut.

mod badge;
mod change;
mod digest;
mod files;
mod html;
mod junit;
mod lanes;
mod lines;
mod markdown;
mod story;
mod terminal;
mod wire;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use crate::show::recipe;
pub use crate::text::{count, line, short, visible};
pub use change::{diff_markdown, diff_text};
pub use digest::Outcome;
pub use files::{ReportError, read, write_all};
pub use html::html;
pub use junit::junit;
pub use lines::behaviour_markdown;
pub use markdown::markdown;
pub use terminal::terminal;
pub use wire::wire;

#[cfg(doc)]
use crate::results::Results;
