//! Clauses and cases: the catalogue, as data.

mod model;

pub use model::{Case, Catalogue, Clause, Level, Need, Order};
