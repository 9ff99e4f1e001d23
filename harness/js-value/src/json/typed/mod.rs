//! Types of serde straight to and from JSON text.

mod de;
mod members;
mod ser;
mod superseded;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{ParseError, ParseLimits, Sink};
use crate::typed::Failure;

pub use crate::typed::TypedError;

/// Appends a value as `JSON.stringify` would print it.
///
/// The form is serde's usual one for JSON, printed as JavaScript prints it:
///
/// - Numbers are JavaScript's, so `1.0` is `1` and an `f32` has the digits of the double that it is
///   equal to. NaN and the infinities are `null`. An integer beyond ±(2⁵³ − 1),
///   `Number.MAX_SAFE_INTEGER`, is an error, because the other side would see a different one: send
///   it as a string.
/// - `None`, `()` and unit structs are `null`; bytes are an array of numbers; a `char` is a string.
/// - A unit variant is its name, any other an object with the name as its only key.
/// - Members keep the order in which the type gives them. Keys may be strings, integers of any size,
///   numbers, booleans, `char`s and unit variants; a number is the key that JavaScript makes of it.
///
/// There is no limit of depth: each level of the value takes a little of the stack.
///
/// # Errors
///
/// When an integer is too large, a key of a map is none of the above, or the `Serialize` of the
/// value fails. The buffer is as before then. A `Serialize` that fails after it has written its only
/// string, of which the [`Sink`] took parts, fails too late to be heard.
///
/// # Examples
///
/// ```
/// use js_value::json::{self, ParseLimits};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Progress<'a> {
///     job: &'a str,
///     done: u32,
///     rate: f64,
/// }
///
/// let mut out = Vec::new();
/// json::to_text(&Progress { job: "build", done: 3, rate: 2.0 }, &mut out)?;
/// assert_eq!(out, br#"{"job":"build","done":3,"rate":2}"#);
///
/// // As JSON.parse has it, the last of equal keys counts, and 3.0 is the integer 3.
/// let text = r#"{"done":1,"job":"test","pid":7,"done":3.0,"rate":1e400}"#;
/// let progress: Progress = json::from_text(text, &ParseLimits::default())?;
/// assert_eq!((progress.job, progress.done, progress.rate), ("test", 3, f64::INFINITY));
/// # Ok::<(), json::TypedError>(())
/// ```
pub fn to_text<T, O>(value: &T, out: &mut O) -> Result<(), TypedError>
where
    T: Serialize + ?Sized,
    O: Sink + ?Sized,
{
    let start = out.buffer().len();
    value.serialize(ser::Writer { out: &mut *out }).or_else(|failure| {
        // Its only string was written whole before it failed, and has left.
        if out.has_left() {
            return Ok(());
        }
        out.buffer().truncate(start);
        Err(failure.of_writing())
    })
}

/// Reads a value from a text as `JSON.parse` would read it.
///
/// - An integer type takes every number that is an integer in JavaScript, so `1.0` and `1e2` too,
///   up to ±(2⁵³ − 1), beyond which JavaScript's numbers are not exact. A float takes every number:
///   `1e400` is infinite.
/// - Of members with the same key only the last counts, for structs too, and a type that looks at
///   each member sees no other. If there are such, the value is read twice. Members come in the
///   order of the text.
/// - A `&str` borrows from the text, which a string with escapes refuses; `String` and
///   `Cow<str>` take both. A lone surrogate has no UTF-8 form: only bytes take such a string,
///   as [WTF-8](https://simonsapin.github.io/wtf-8/). Bytes are read from an array of numbers too.
/// - `Option` takes `null` for `None`. Variants have the forms that [`to_text`] gives them.
/// - Keys that are no strings have the form that [`to_text`] gives them, and no other.
/// - Where a type takes anything, as behind `#[serde(flatten)]` and `#[serde(untagged)]`, a number
///   is an integer if it is one within ±(2⁵³ − 1) and not -0.
///
/// Each level of what is read takes a little of the stack. Without a limit of depth, 128 levels are
/// read; a limit of the caller may be greater, and then the stack has to suffice for it. What is
/// skipped, such as members that a struct does not have, takes no stack and may be of any depth
/// within the limit of the caller.
///
/// # Errors
///
/// When `JSON.parse` would throw, the text is too deep, or it says something else than the type
/// takes: [`TypedError::Type`] only if the text is JSON to its end.
#[inline]
pub fn from_text<'de, T>(text: &'de str, limits: &ParseLimits) -> Result<T, TypedError>
where
    T: Deserialize<'de>,
{
    from_text_with_plain(text, 0..0, limits)
}

/// As [`from_text`], with a stretch of the text that is known to be plain: see
/// [`parse_with_plain`](super::parse_with_plain).
///
/// # Errors
///
/// Those of [`from_text`].
#[inline]
pub fn from_text_with_plain<'de, T>(
    text: &'de str,
    plain: Range<usize>,
    limits: &ParseLimits,
) -> Result<T, TypedError>
where
    T: Deserialize<'de>,
{
    let mut reader = de::Reader::new(text, plain, limits);
    reader.read().or_else(|failure| reader.read_again(failure)).map_err(Failure::of_reading)
}
