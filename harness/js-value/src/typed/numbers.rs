//! Numbers that were read, handed to types.

use std::fmt::Display;

use serde::de::{Error, Expected, Unexpected, Visitor};

use super::error::Failure;
use crate::json::scanner::Number;
use crate::number::MAX_SAFE_INTEGER;

/// Hands a number to a type that takes anything.
#[inline]
pub(crate) fn visit_number<'de, V: Visitor<'de>>(
    number: Number,
    visitor: V,
) -> Result<V::Value, Failure> {
    match safe_integer(number) {
        None | Some((true, 0)) => visitor.visit_f64(number.as_f64()),
        Some(_) => visit_integer(number, visitor),
    }
}

/// Hands a number to a type of integers.
#[inline]
pub(crate) fn visit_integer<'de, V: Visitor<'de>>(
    number: Number,
    visitor: V,
) -> Result<V::Value, Failure> {
    match safe_integer(number) {
        Some((false, magnitude)) => visitor.visit_u64(magnitude),
        Some((true, magnitude)) => visitor.visit_i64(-(magnitude as i64)),
        None => {
            let n = number.as_f64();
            Err(if n.fract() == 0.0 {
                Failure::new(format_args!(
                    "an integer beyond ±(2^53 - 1), where numbers of JavaScript are not exact, \
                     expected {}",
                    &visitor as &dyn Expected
                ))
            } else {
                Failure::invalid_type(Unexpected::Float(n), &visitor)
            })
        }
    }
}

/// The sign and size of a number that is an integer and exact.
#[inline]
fn safe_integer(number: Number) -> Option<(bool, u64)> {
    let (negative, magnitude) = match number {
        Number::Integer { negative, magnitude } => (negative, magnitude),
        Number::Double(n) if n.fract() == 0.0 => (n.is_sign_negative(), n.abs() as u64),
        Number::Double(_) => return None,
    };
    (magnitude <= MAX_SAFE_INTEGER).then_some((negative, magnitude))
}

/// The error for an integer that is not exact in JavaScript.
#[cold]
pub(crate) fn too_large<T>(n: impl Display) -> Result<T, Failure> {
    Err(Failure::new(format_args!(
        "{n} is beyond ±(2^53 - 1), where numbers of JavaScript are not exact: \
         send it as a string"
    )))
}
