//! Types of serde to and from payloads of structured clones.

mod agreement;
#[path = "../shared/any.rs"]
mod any;
mod node;
mod reading;
mod writing;

use js_value::clone::{self, ReadLimits, TypedError, WriteOptions};
use serde::{Deserialize, Serialize};

fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, TypedError> {
    write_with(value, &WriteOptions::default())
}

fn write_with<T: Serialize + ?Sized>(
    value: &T,
    options: &WriteOptions,
) -> Result<Vec<u8>, TypedError> {
    let mut out = b"one".to_vec();
    let written = clone::to_payload(value, options, &mut out);
    let payload = out.strip_prefix(b"one").expect("what was there stays");
    match written {
        Ok(()) => Ok(payload.to_vec()),
        Err(error) => {
            assert_eq!(payload, b"", "nothing is left of what failed");
            Err(error)
        }
    }
}

fn read<'de, T: Deserialize<'de>>(payload: &'de [u8]) -> Result<T, TypedError> {
    clone::from_payload(payload, &ReadLimits::default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// A payload of version 15.
fn payload(value: &str) -> Vec<u8> {
    bytes(&format!("ff0f{value}"))
}

/// Bytes, borrowed where that is asked for.
#[derive(Debug, PartialEq)]
struct Raw<'a>(std::borrow::Cow<'a, [u8]>);

impl Serialize for Raw<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Raw<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Raw<'de>, E> {
                Ok(Raw(bytes.into()))
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Raw<'de>, E> {
                Ok(Raw(bytes.into()))
            }
            fn visit_seq<A>(self, mut access: A) -> Result<Raw<'de>, A::Error>
            where
                A: serde::de::SeqAccess<'de>,
            {
                let mut bytes = Vec::new();
                while let Some(byte) = access.next_element()? {
                    bytes.push(byte);
                }
                Ok(Raw(bytes.into()))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}
