//! Clauses and cases: the catalogue, as data.

mod case;
mod check;
mod exchange;
mod format;
mod load;
mod mistake;
mod model;
mod node;
mod requirements;
mod schema;
mod select;
mod stored;
mod suggest;

pub(crate) mod document {
    //! What reads files of tables with diagnostics, for other formats than specs.
    pub(crate) use super::load::{EXPECTATIONS, items, not_empty, unreadable};
    pub(crate) use super::node::{Document, Node};
    pub(crate) use super::schema::Form;
    pub(crate) use super::suggest::did_you_mean;
}

pub use check::check_plan;
pub use exchange::exchange;
pub use mistake::{Location, Mistake, Mistakes, Path};
pub use model::{Case, Catalogue, Clause, Level, Need, Order};
pub use requirements::RequirementSet;
pub use select::{SelectError, Selection, Shard};

#[cfg(test)]
mod tests;
