//! From what is written to entries that make sense.

use super::{ANY_DIFFERENCE, Entry, Known, NO_DIFFERENCE, Raw, Versions};
use crate::judge::GENERATED;
use crate::spec::document::{Document, Form, Node, did_you_mean, not_empty};
use crate::spec::{Catalogue, Location, Mistake, Path};

/// Reads an entry, or adds what is wrong with it.
pub(super) fn entry(
    form: &Form<Raw>,
    document: &Document,
    node: &Node,
    catalogue: &Catalogue,
    mistakes: &mut Vec<Mistake>,
) -> Option<Entry> {
    let before = mistakes.len();
    let raw = form.read(document, node, mistakes)?;
    not_empty(document, node, &["runtime", "reason", "fingerprint"], mistakes);
    let mut add = |path: Path, message: String, help: Option<String>| {
        mistakes.push(document.locate_path(node, Mistake::new(&path, message).maybe_help(help)));
    };
    let root = Path::default();
    match (&raw.clause, &raw.case) {
        (Some(_), Some(_)) => {
            add(root.key("case"), "an expectation has either `clause` or `case`".to_owned(), None);
        }
        (None, None) => {
            add(root.clone(), "an expectation has a `clause` or a `case`".to_owned(), None);
        }
        (Some(id), None) if catalogue.clause(id).is_none() && id != GENERATED => {
            let help = did_you_mean(id, catalogue.clauses.iter().map(|c| c.id.as_str()));
            add(root.key("clause"), format!("no clause has the id `{id}`"), help);
        }
        (Some(id), None)
            if id != GENERATED && !catalogue.cases.iter().any(|c| c.clauses.contains(id)) =>
        {
            add(root.key("clause"), format!("no case shows `{id}`"), None);
        }
        (None, Some(id)) if catalogue.case(id).is_none() => {
            let help = did_you_mean(id, catalogue.cases.iter().map(|c| c.id.as_str()));
            add(root.key("case"), format!("no case has the id `{id}`"), help);
        }
        _ => {}
    }
    for (index, pairing) in raw.pairings.iter().flatten().enumerate() {
        let path = root.key("pairings").index(index);
        match pairing.split_once(':') {
            None => add(path, format!("`{pairing}` is no pairing: expected PARENT:CHILD"), None),
            Some((parent, child)) if parent != raw.runtime && child != raw.runtime => {
                add(path, format!("`{}` has no part in `{pairing}`", raw.runtime), None);
            }
            Some(_) => {}
        }
    }
    if raw.pairings.as_ref().is_some_and(Vec::is_empty) {
        let help = Some("without `pairings` it is for all".to_owned());
        add(root.key("pairings"), "the expectation is for no pairing".to_owned(), help);
    }
    let help = match raw.verdict {
        Known::Fail => Some(format!(
            "the fingerprint stands in the report; `{NO_DIFFERENCE}` is that of a failure without a difference"
        )),
        Known::Crash | Known::Hang => {
            Some("it says who ended how, as the report does: such as `parent-exit-1`".to_owned())
        }
        Known::Unsupported | Known::NonStrict => None,
    };
    if let (Some(help), None) = (help, &raw.fingerprint) {
        let verdict = raw.verdict.verdict().name();
        let message =
            format!("`{verdict}` needs a `fingerprint`: failing in another way is unexpected");
        add(root.key("verdict"), message, Some(help));
    }
    let is_race = raw.unstable && raw.case.is_some() && raw.pairings.is_some();
    if raw.fingerprint.as_deref() == Some(ANY_DIFFERENCE)
        && raw.clause.as_deref() != Some(GENERATED)
        && !is_race
    {
        let message = format!(
            "`{ANY_DIFFERENCE}` is for `clause = \"{GENERATED}\"`, and for an `unstable` entry of a `case` in its `pairings`"
        );
        add(root.key("fingerprint"), message, None);
    }
    let versions = match raw.versions.as_deref().map_or_else(|| Ok(Versions::default()), str::parse)
    {
        Ok(versions) => versions,
        Err(message) => {
            add(root.key("versions"), message, Some("expected such as `>=1.2, <2`".to_owned()));
            return None;
        }
    };
    let place = Location::new(&document.file, &document.text, node.span.clone());
    (mistakes.len() == before).then(|| Entry { raw, versions, place, node: node.clone() })
}
