//! BigInts and elements of typed arrays, handed to types.

use serde::de::{Deserializer, Error, Expected, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use crate::clone::input::Digits;
use crate::json::scanner::Number;
use crate::object::{Element, element};
use crate::typed::{Failure, forward, visit_integer, visit_number};
use crate::{BigInt, ViewClass};

/// The sign and size of a BigInt; `None` if it takes more than 128 bits.
fn magnitude(digits: Digits<'_>) -> Option<(bool, u128)> {
    let length = digits.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut wide = [0; 16];
    wide.get_mut(..length)?.copy_from_slice(&digits.bytes[..length]);
    Some((digits.negative, u128::from_le_bytes(wide)))
}

/// Hands a BigInt to a type of integers, or to one that takes anything.
pub(super) fn visit_big_int<'de, V: Visitor<'de>>(
    digits: Digits<'_>,
    visitor: V,
) -> Result<V::Value, Failure> {
    match magnitude(digits) {
        Some((false, n)) => match u64::try_from(n) {
            Ok(n) => visitor.visit_u64(n),
            Err(_) => visitor.visit_u128(n),
        },
        Some((true, n)) if n <= 1 << 127 => {
            let n = (n as i128).wrapping_neg();
            match i64::try_from(n) {
                Ok(n) => visitor.visit_i64(n),
                Err(_) => visitor.visit_i128(n),
            }
        }
        _ => Err(too_long(&visitor)),
    }
}

#[cold]
fn too_long(visitor: &dyn Expected) -> Failure {
    Failure::invalid_value(Unexpected::Other("a BigInt of more than 128 bits"), visitor)
}

/// An element of a typed array.
pub(super) struct Scalar(Element);

impl Scalar {
    pub(super) fn of(class: ViewClass, bytes: &[u8], index: usize) -> Option<Self> {
        element(class, bytes, index).map(Self)
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            Element::Number(n) => visit_integer(Number::Double(n), visitor),
            Element::BigInt(n) => visit_of_64_bits(&n, visitor),
        }
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            Element::Number(n) => visitor.visit_f64(n),
            Element::BigInt(_) => {
                Err(Failure::invalid_type(Unexpected::Other("a BigInt"), &visitor))
            }
        }
    }
}

fn visit_of_64_bits<'de, V: Visitor<'de>>(n: &BigInt, visitor: V) -> Result<V::Value, Failure> {
    let magnitude = n.magnitude().first().copied().unwrap_or(0);
    if n.is_negative() {
        visitor.visit_i64((magnitude as i64).wrapping_neg())
    } else {
        visitor.visit_u64(magnitude)
    }
}

impl<'de> Deserializer<'de> for Scalar {
    type Error = Failure;

    forward! {
        integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128;
        float: deserialize_f32 deserialize_f64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            Element::Number(n) => visit_number(Number::Double(n), visitor),
            Element::BigInt(n) => visit_of_64_bits(&n, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        enum identifier ignored_any
    }
}
