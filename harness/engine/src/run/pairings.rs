//! Who plays with whom.

use std::collections::BTreeMap;

use ipc_plan::{Link, Role};

use crate::play::{Host, Pairing};
use crate::raw;
use crate::runtime::Runtime;
use crate::spec::Case;

/// The pairings of a run.
pub(super) struct Pairings(BTreeMap<Link, OfLink>);

/// Those of one link, each once.
struct OfLink {
    /// The reference pairing, then those under test.
    all: Vec<Pairing>,
    /// Whether the reference pairing is under test itself: then it has plays of its own for that,
    /// besides those that decide what is right.
    tests_reference: bool,
}

impl Pairings {
    /// `pairs` are what is tested, `parent:child`; `make` makes a pairing of two names that it knows.
    pub(super) fn new(
        reference: &str,
        pairs: &[String],
        make: impl Fn(&str, &str) -> Option<Pairing>,
    ) -> Self {
        let of = |wanted: Link| {
            let of_link = pairs
                .iter()
                .filter_map(|pair| pair.split_once(':'))
                .filter(|(parent, child)| link(parent, child) == Some(wanted));
            let mut all: Vec<Pairing> =
                of_link.filter_map(|(parent, child)| make(parent, child)).collect();
            // Without anything to test there is nothing to compare with.
            if all.is_empty() {
                return None;
            }
            let (parent, child) = names(wanted, reference);
            let reference = make(parent, child)?;
            let tested = all.len();
            all.retain(|pairing| pairing.name != reference.name);
            let tests_reference = all.len() < tested;
            all.insert(0, reference);
            Some((wanted, OfLink { all, tests_reference }))
        };
        Self(Link::ALL.into_iter().filter_map(of).collect())
    }

    /// Those that play a case, the reference first; none where nothing under test does.
    pub(super) fn of(&self, case: &Case) -> &[Pairing] {
        self.with(case.plan.link)
    }

    /// Those of cases with this link, the reference first.
    pub(super) fn with(&self, link: Link) -> &[Pairing] {
        self.0.get(&link).map_or(&[], |of| &of.all)
    }

    /// Whether the reference pairing of cases with this link is under test itself.
    pub(super) fn test_reference(&self, link: Link) -> bool {
        self.0.get(&link).is_some_and(|of| of.tests_reference)
    }

    /// The names of all, each once, in the order in which results have them.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.values().flat_map(|of| &of.all).map(|pairing| pairing.name.clone()).collect()
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
