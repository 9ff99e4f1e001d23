//! Who plays with whom.

use std::collections::BTreeMap;

use ipc_plan::{Link, Role};

use crate::play::{Host, Pairing};
use crate::raw;
use crate::runtime::Runtime;
use crate::spec::Case;

/// The pairings of a run: for each link the reference pairing, then those under test.
pub(super) struct Pairings(BTreeMap<Link, Vec<Pairing>>);

impl Pairings {
    /// `pairs` are what is tested, `parent:child`; `make` makes a pairing of two names that it knows.
    pub(super) fn new(
        reference: &str,
        pairs: &[String],
        make: impl Fn(&str, &str) -> Option<Pairing>,
    ) -> Self {
        let of = |wanted: Link| {
            let mut found = pairs
                .iter()
                .filter_map(|pair| pair.split_once(':'))
                .filter(|(parent, child)| link(parent, child) == Some(wanted))
                .filter_map(|(parent, child)| make(parent, child))
                .peekable();
            // Without anything to test there is nothing to compare with.
            found.peek()?;
            let (parent, child) = names(wanted, reference);
            Some((wanted, make(parent, child).into_iter().chain(found).collect()))
        };
        Self(Link::ALL.into_iter().filter_map(of).collect())
    }

    /// Those that play a case, the reference first; none where nothing under test does.
    pub(super) fn of(&self, case: &Case) -> &[Pairing] {
        self.with(case.plan.link)
    }

    /// Those of cases with this link, the reference first.
    pub(super) fn with(&self, link: Link) -> &[Pairing] {
        self.0.get(&link).map_or(&[], Vec::as_slice)
    }

    /// The names of all, in the order in which results have them. The reference stands there once
    /// where it is tested against itself, as tested.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.values().flatten().map(|pairing| pairing.name.clone()).collect()
    }
}

/// The link of the cases that a parent and a child of these names play; none if both are raw.
pub fn link(parent: &str, child: &str) -> Option<Link> {
    match (parent == raw::NAME, child == raw::NAME) {
        (false, false) => Some(Link::Pair),
        (true, false) => Some(Link::RawParent),
        (false, true) => Some(Link::RawChild),
        (true, true) => None,
    }
}

/// The names of parent and child where a runtime plays all that the harness does not.
pub fn names(link: Link, runtime: &str) -> (&str, &str) {
    match link.raw() {
        None => (runtime, runtime),
        Some(Role::Parent) => (raw::NAME, runtime),
        Some(Role::Child) => (runtime, raw::NAME),
    }
}

/// The pairing of two names; none where `find` does not know them.
///
/// `load` is that of the run, see [`Limits::load`](crate::play::Limits::load).
pub fn pairing<'a>(
    parent: &str,
    child: &str,
    find: impl Fn(&str) -> Option<&'a Runtime>,
    host: &Host,
    load: f64,
) -> Option<Pairing> {
    Some(match link(parent, child)? {
        Link::Pair => find(parent)?.pairing(find(child)?, load),
        Link::RawParent => find(child)?.pairing_with_raw(Role::Parent, &host.raw_peer, load),
        Link::RawChild => find(parent)?.pairing_with_raw(Role::Child, &host.raw_peer, load),
    })
}
