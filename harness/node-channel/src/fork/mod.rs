//! The parent role: starting a child with a channel.

mod abandoned;
mod builder;
mod child;
mod exec;
mod process;

pub use builder::{Fork, Stdio};
pub use child::{Child, ExitStatus};
pub use process::Process;
