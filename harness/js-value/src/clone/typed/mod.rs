//! Types of serde straight to and from payloads.

mod de;
mod elements;
mod members;
mod reader;
mod scalar;
mod ser;

use serde::{Deserialize, Serialize};

use super::{ReadLimits, WriteOptions};
use crate::typed::Failure;

pub use crate::typed::TypedError;

/// Appends the payload of a value: what Node sends, without the length of the frame.
///
/// The form is serde's usual one for JSON, with bytes as they are:
///
/// - A struct or map is an object. Its keys keep the order in which the type gives them; V8 would
///   write array indices first, and reads any order. Keys may be what they may be in
///   [`json::to_text`](crate::json::to_text), and none may come twice: Node does not read that.
/// - A sequence or tuple is a dense array. One that does not know its length is an array all the
///   same, with a length of more digits than it needs.
/// - An integer or float is the number that it is equal to, as int32 if it is one and not -0, and
///   else as double. An integer beyond ±(2⁵³ − 1), `Number.MAX_SAFE_INTEGER`, is an error as in
///   JSON: it could be a BigInt, but a program that computes with numbers would throw at those only.
/// - A string is a one-byte string if all of its characters are below U+0100, else a two-byte string.
/// - Bytes are a Buffer. Only types that ask for bytes have them, such as those of `serde_bytes`: a
///   `Vec<u8>` is an array of numbers.
/// - `None`, `()` and unit structs are `null`.
/// - A unit variant is its name, any other an object with the name as its only key.
///
/// Node reads the same value as from what [`write()`](super::write()) gives for it. The bytes are
/// the same too, except for the order of keys, and in an array of numbers of which one is no int32:
/// V8 writes them all as doubles then.
///
/// Each level of the value takes a little of the stack.
///
/// # Errors
///
/// When an integer is too large, a key of a map is none of those, comes twice, or the value is deeper
/// than the options allow, a sequence has another length than it says, or the `Serialize` of the
/// value fails. The buffer is as before then.
///
/// # Examples
///
/// ```
/// use js_value::clone::{self, ReadLimits, WriteOptions};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Progress<'a> {
///     job: &'a str,
///     done: u32,
/// }
///
/// let mut payload = Vec::new();
/// let progress = Progress { job: "build", done: 3 };
/// clone::to_payload(&progress, &WriteOptions::default(), &mut payload)?;
/// assert_eq!(payload, b"\xff\x0fo\"\x03job\"\x05build\"\x04doneI\x06{\x02");
///
/// let read: Progress = clone::from_payload(&payload, &ReadLimits::default())?;
/// assert_eq!((read.job, read.done), ("build", 3));
/// # Ok::<(), clone::TypedError>(())
/// ```
pub fn to_payload<T: Serialize + ?Sized>(
    value: &T,
    options: &WriteOptions,
    out: &mut Vec<u8>,
) -> Result<(), TypedError> {
    ser::Payload::new(options, out).write(value).map_err(Failure::of_writing)
}

/// Reads a value from a payload.
///
/// - An integer type takes every number that is an integer up to ±(2⁵³ − 1), beyond which
///   JavaScript's numbers are not exact, and every BigInt that fits it. A float takes every number
///   and no BigInt.
/// - A struct or map takes an object, a Map, and an error with the members `name`, `message`, `stack`
///   and `cause`. A member that is `undefined` counts as not there, as in JSON; an entry of a Map
///   counts. Keys of a Map are values like others.
/// - A sequence or tuple takes an array, a Set, and a typed array for its elements. Holes are `null`.
///   Properties of an array that are no elements are dropped.
/// - Bytes are what a Buffer, typed array, DataView or ArrayBuffer shows, or are read from a string,
///   as [WTF-8](https://simonsapin.github.io/wtf-8/), or from an array of numbers.
/// - A `&[u8]` borrows such bytes, and a `&str` a string that is ASCII; others are made, so that only
///   `String` and `Cow<str>` take them. A key that is an array index can seldom be borrowed:
///   it is mostly a number. A lone surrogate has no UTF-8 form: only bytes take such a string.
/// - A Date is its time value, a number of milliseconds, and NaN if it is invalid. A Boolean, Number,
///   String or BigInt object is what is in it. A RegExp is taken by no type.
/// - `Option` and `()` take `null` and `undefined`. Variants have the forms that [`to_payload`]
///   gives them.
/// - An object that is referred to again is read again. One that holds itself is an error, and so are
///   holes and references that come to far more than the payload.
/// - Where a type takes anything, as behind `#[serde(flatten)]` and `#[serde(untagged)]`, a number
///   or BigInt is an integer if it is one that integers take, and not -0; Buffers, Uint8Arrays,
///   Uint8ClampedArrays, DataViews and ArrayBuffers are bytes, other views sequences.
///
/// Each level of what is read takes a little of the stack. Without a limit of depth, 128 levels are
/// read; a limit of the caller may be greater, and then the stack has to suffice for it. What is
/// skipped, such as members that a struct does not have, takes no stack and may be of any depth
/// within the limit of the caller. Bytes after the value are ignored, as Node does.
///
/// # Errors
///
/// When [`read`](super::read) would refuse the payload, the payload is too deep, or it says something
/// else than the type takes: [`TypedError::Type`] only if [`read`](super::read) takes it.
pub fn from_payload<'de, T>(payload: &'de [u8], limits: &ReadLimits) -> Result<T, TypedError>
where
    T: Deserialize<'de>,
{
    let mut reader = reader::Reader::new(payload, limits);
    reader.read().map_err(|failure| reader.reason(failure)).map_err(Failure::of_reading)
}
