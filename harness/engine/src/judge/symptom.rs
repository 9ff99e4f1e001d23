//! What a difference looks like, whatever clause and case it shows in: by this, differences with
//! one cause are found, and told.

mod part;

use ipc_plan::{Event, Recipe, Role, Seen};

use super::compare::section;
use super::value;
use crate::results::{Difference, DifferenceKind};
use crate::{raw, show, text};

use part::Part;

/// Characters of a value in a sentence.
const WIDTH: usize = 60;

/// The look of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symptom {
    /// The same for all differences that look alike.
    pub(super) key: String,
    /// What happens, as a sentence about an unnamed runtime.
    pub(super) words: String,
    /// Whether this can have many causes: that a message is missing says less than that an error
    /// lacks its `cause`.
    pub(super) vague: bool,
}

impl Symptom {
    /// Of a difference to the reference of that name.
    pub(super) fn of(difference: &Difference, reference: &str) -> Self {
        let reference = if reference == "node" { "Node" } else { reference };
        let role = difference.role;
        match (difference.kind, &difference.expected, &difference.observed) {
            (DifferenceKind::Value | DifferenceKind::Message, Some(want), Some(have)) => {
                of_values(difference.kind, role, want, have, reference)
            }
            (DifferenceKind::Missing, Some(seen), _) => {
                plain("missing", seen, missing(role, seen, reference))
            }
            (DifferenceKind::Extra, _, Some(seen)) => {
                plain("extra", seen, extra(role, seen, reference))
            }
            (DifferenceKind::Order, _, Some(seen)) => {
                let thing = thing(role, seen);
                let words =
                    format!("in the {role}, {thing} comes at another time than with {reference}");
                plain("order", seen, words)
            }
            _ => Self {
                key: format!("{:?} {}", difference.kind, difference.text),
                words: difference.text.clone(),
                vague: true,
            },
        }
    }

    /// Of what ends a case, said in these words, with this on stderr: the first error there is its
    /// cause, others follow from it.
    pub(super) fn fatal(words: &str, stderr: &str) -> Self {
        let error = stderr.lines().map(plain_line).find(|line| is_error(line));
        let words = match &error {
            Some(line) => format!("{words}: {}", text::short(line, 2 * WIDTH)),
            None => words.to_owned(),
        };
        let cause = error.as_ref().unwrap_or(&words);
        let key = format!("fatal {}", without_values(cause));
        Self { key, words, vague: false }
    }
}

/// A line of stderr without colours, and with the last part of each path in place of all of it.
fn plain_line(line: &str) -> String {
    let mut words = String::new();
    let mut rest = line.trim();
    while let Some(c) = rest.chars().next() {
        let begins = words.is_empty() || words.ends_with([' ', '\'', '"', '(', '`']);
        let length = match c {
            '\u{1b}' => rest.find('m').map_or(rest.len(), |end| end + 1),
            _ if begins && (c == '/' || rest.starts_with("file://")) => {
                let path = rest.split([' ', '\'', '"', ')', '`']).next().unwrap_or_default();
                words.push_str(path.rsplit('/').next().unwrap_or_default());
                path.len()
            }
            c => {
                words.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    words
}

/// An error without what it has of the value that it is about: numbers, what is quoted, a word that
/// is all it says, and the value that V8 puts before this text.
fn without_values(error: &str) -> String {
    const CLONED: &str = "could not be cloned";
    let mut text = error.split('"').step_by(2).collect::<String>();
    if let (Some(begin), Some(end)) = (text.find(": ").map(|at| at + 2), text.rfind(CLONED)) {
        // Where the class is the second word of several.
        let begin = text[..end].find("Error: ").map_or(begin, |at| at + "Error: ".len());
        text.replace_range(begin.min(end)..end, "");
    }
    if let Some((rest, last)) = text.rsplit_once(": ")
        && !last.contains(' ')
    {
        // Of one that is thrown on purpose, the class is no better known.
        let thrown = rest.rsplit_once(' ').filter(|_| rest.ends_with("Error"));
        text.truncate(thrown.map_or(rest, |(rest, _)| rest).len());
    }
    text.replace(|c: char| c.is_ascii_digit(), "")
}

/// Of a record that is missing, too many or elsewhere.
fn plain(kind: &str, seen: &Seen, words: String) -> Symptom {
    let subject = match seen {
        // How a side sees that the other has ended.
        Seen::Event { event: Event::Exit | Event::Close | Event::Disconnect, .. } => {
            "the end of its peer".to_owned()
        }
        Seen::Mark { .. } | Seen::Callback { .. } if kind == "order" => "turns".to_owned(),
        _ => subject(seen),
    };
    let vague = match seen {
        Seen::Event { event, .. } => matches!(event, Event::Message | Event::InternalMessage),
        Seen::Property { .. }
        | Seen::Inspected { .. }
        | Seen::Returned { .. }
        | Seen::Callback { .. } => false,
        Seen::Threw { step, .. } => step == "send",
        _ => true,
    };
    Symptom { key: format!("{kind} {subject}"), words, vague }
}

/// What a record is about, without names that only its plan gives.
fn subject(seen: &Seen) -> String {
    let kind = value::kind(seen);
    match seen {
        Seen::Event { event, .. } => format!("{kind} {event}"),
        Seen::Threw { step, .. } | Seen::Returned { step, .. } => format!("{kind} {step}"),
        Seen::Property { property, .. } => format!("{kind} {}", show::word(property)),
        Seen::Inspected { what, .. } => format!("{kind} {}", show::word(what)),
        Seen::GaveUp { awaiting } if awaiting.starts_with("event ") => format!("{kind} {awaiting}"),
        Seen::GaveUp { awaiting } => {
            format!("{kind} {}", awaiting.split(' ').next().unwrap_or_default())
        }
        _ => kind,
    }
}

fn missing(role: Role, seen: &Seen, reference: &str) -> String {
    let thing = thing(role, seen);
    match seen {
        Seen::Event { event: Event::Message, .. } => {
            format!("the {role} does not get {thing}; with {reference} it does")
        }
        Seen::Event { .. } => format!("the {role} does not get {thing}; {reference} emits it"),
        Seen::Callback { .. } => format!("{thing} is never called; {reference} calls it"),
        Seen::Threw { error, .. } => {
            format!("{thing} does not throw; with {reference} it throws {}", brief(error))
        }
        Seen::GaveUp { .. } => {
            format!("the {role} does not wait in vain for {thing}; with {reference} it does")
        }
        _ => format!("the {role} never gets to {thing}; with {reference} it does"),
    }
}

fn extra(role: Role, seen: &Seen, reference: &str) -> String {
    let thing = thing(role, seen);
    match seen {
        Seen::Event { event: Event::Message, .. } => {
            format!("the {role} gets {thing}; with {reference} it does not")
        }
        Seen::Event { .. } => {
            format!("the {role} gets {thing}; {reference} does not emit it")
        }
        Seen::Callback { .. } => format!("{thing} is called; {reference} does not call it"),
        Seen::Threw { error, .. } => {
            format!("{thing} throws {}; with {reference} it does not", brief(error))
        }
        Seen::GaveUp { .. } => {
            format!("the {role} waits in vain for {thing}; with {reference} it does not")
        }
        _ => format!("the {role} gets to {thing}; with {reference} it does not"),
    }
}

/// What a record is about, as the author of the plan would name it.
fn thing(role: Role, seen: &Seen) -> String {
    let end = match role {
        Role::Parent => "subprocess",
        Role::Child => "process",
    };
    let call = |step: &str| match step {
        "send" | "disconnect" => format!("`{end}.{step}()`"),
        step => format!("`{step}`"),
    };
    match seen {
        Seen::Sent { .. } => call("send"),
        Seen::Callback { .. } => format!("the callback of {}", call("send")),
        Seen::Returned { step, .. } | Seen::Threw { step, .. } => call(step),
        Seen::Event { event: Event::Message, arguments, .. } if section(seen).is_none() => {
            format!("the message {}", arguments.first().map(brief).unwrap_or_default())
        }
        Seen::Event { event: Event::Message, .. } => "a message".to_owned(),
        Seen::Event { event, .. } => format!("the event '{event}'"),
        Seen::Property { property, .. } => format!("`{end}.{}`", show::word(property)),
        Seen::Inspected { what, .. } => format!("`{}`", show::word(what)),
        Seen::Handle { what, .. } => format!("`{what}` of a handle"),
        Seen::GaveUp { awaiting } => match awaiting.split_once(' ') {
            Some(("event", event)) => format!("the event '{event}'"),
            Some(("signal", name)) => format!("its peer's word '{name}'"),
            Some((what, of)) if of.starts_with("of ") => format!("`{what}` of a handle"),
            None if awaiting == raw::READER => "a reader of what it writes".to_owned(),
            _ => awaiting.clone(),
        },
        other => value::subject(other),
    }
}

/// A value in a few words.
fn brief(recipe: &Recipe) -> String {
    let text = text::line(&show::recipe(recipe));
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Of two records about the same thing with other values in them.
fn of_values(
    kind: DifferenceKind,
    role: Role,
    want: &Seen,
    have: &Seen,
    reference: &str,
) -> Symptom {
    let (key, words) = match (want, have) {
        (Seen::Threw { error, .. }, Seen::Sent { returned, .. }) => {
            let (returned, error) = (brief(returned), brief(error));
            let words = format!(
                "{} returns {returned} where {reference} throws {error}",
                thing(role, have)
            );
            (format!("{} returns", subject(have)), words)
        }
        (Seen::Sent { returned, .. }, Seen::Threw { error, .. }) => {
            let (returned, error) = (brief(returned), brief(error));
            let words = format!(
                "{} throws {error} where {reference} returns {returned}",
                thing(role, have)
            );
            (format!("{} throws", subject(have)), words)
        }
        _ => {
            let part = Part::between(&value::normalised(want), &value::normalised(have));
            // What an object or error lacks, it lacks wherever it is met.
            let everywhere =
                !part.is_whole() && !matches!(have, Seen::Inspected { .. } | Seen::Threw { .. });
            let of = if everywhere { "value".to_owned() } else { subject(have) };
            let words = if part.is_whole() {
                whole(role, have, &part, reference)
            } else {
                format!("in {}, {}", place(role, have), part.words(reference))
            };
            let of_message =
                matches!(have, Seen::Event { event: Event::Message | Event::InternalMessage, .. });
            let key = match have {
                _ if part.is_of_any_error() => part.key(false),
                _ if part.replaces_surrogates() => "surrogates".to_owned(),
                // Whether it is the message or something in it matters less.
                _ if of_message => format!("message {}", part.key(true)),
                Seen::Inspected { what, .. } if show::word(what) == "listener-counts" => of,
                _ => format!("{of} {}", part.key(false)),
            };
            (key, words)
        }
    };
    Symptom { key: format!("{kind:?} {key}"), words, vague: false }
}

/// Where a part of a value is met.
fn place(role: Role, seen: &Seen) -> String {
    match seen {
        Seen::Event { event: Event::Message, .. } => format!("a message that the {role} gets"),
        Seen::Event { event, .. } => format!("the event '{event}' of the {role}"),
        Seen::Threw { .. } => format!("what {} throws", thing(role, seen)),
        Seen::Callback { .. } => format!("what {} gets", thing(role, seen)),
        Seen::Inspected { .. } => format!("{} of the {role}", thing(role, seen)),
        _ => thing(role, seen),
    }
}

/// Of a value that is another one as a whole.
fn whole(role: Role, seen: &Seen, part: &Part, reference: &str) -> String {
    let (want, have) = part.values();
    let thing = thing(role, seen);
    match seen {
        Seen::Callback { .. } => format!("{thing} gets {have} where {reference} gives {want}"),
        Seen::Sent { .. } | Seen::Returned { .. } => {
            format!("{thing} returns {have} where {reference} returns {want}")
        }
        Seen::Event { event: Event::Message, .. } => {
            format!("the {role} gets the message {have} where {reference} has {want}")
        }
        Seen::Event { .. } => {
            format!("the {role} gets {thing} with {have} where {reference} has {want}")
        }
        Seen::Property { .. } => format!("{thing} is {have} where {reference} has {want}"),
        _ => format!("{thing} shows {have} where {reference} has {want}"),
    }
}

/// Whether a line tells of an uncaught error, such as `TypeError [ERR_X]: no`.
fn is_error(line: &str) -> bool {
    let name = line.split([':', ' ']).next().unwrap_or_default();
    line.contains(": ")
        && (name.ends_with("Error") || name.ends_with("Exception") || name == "error")
}

#[cfg(test)]
mod tests;
