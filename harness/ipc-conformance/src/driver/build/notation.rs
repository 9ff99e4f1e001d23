//! Words and digits of recipes.

use js_value::{BigInt, ErrorClass, OpaqueClass, ViewClass};

use super::{BuildError, malformed};

/// The index of an array that a key is.
pub(super) fn index(key: &str) -> Option<u32> {
    let index: u32 = key.parse().ok()?;
    // 2³² - 1 is no index.
    (index < u32::MAX && index.to_string() == key).then_some(index)
}

pub(super) fn number(text: &str) -> Result<f64, BuildError> {
    match text {
        "NaN" => Ok(f64::NAN),
        "Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        _ => text.parse().or_else(|_| malformed(format!("'{text}' is no number"))),
    }
}

pub(super) fn bigint(text: &str) -> Result<BigInt, BuildError> {
    text.parse().or_else(|_| malformed(format!("'{text}' is no BigInt")))
}

pub(super) fn unhex(text: &str) -> Result<Vec<u8>, BuildError> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return malformed("bytes are pairs of hexadecimal digits");
    }
    digits
        .chunks(2)
        .map(|pair| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .map_or_else(|| malformed("bytes are pairs of hexadecimal digits"), Ok)
        })
        .collect()
}

pub(super) fn error_class(name: &str) -> Result<ErrorClass, BuildError> {
    ErrorClass::from_name(name)
        .map_or_else(|| Err(BuildError::Unsupported(format!("no error class '{name}'"))), Ok)
}

pub(super) fn view_class(name: &str) -> Result<ViewClass, BuildError> {
    ViewClass::from_name(name)
        .map_or_else(|| Err(BuildError::Unsupported(format!("no view class '{name}'"))), Ok)
}

/// The `stack` that a new error has, without places in a program.
pub(super) fn stack_of(class: ErrorClass, message: Option<&str>) -> String {
    match message {
        None | Some("") => class.name().to_owned(),
        Some(message) => format!("{class}: {message}"),
    }
}

pub(super) fn opaque(name: &str) -> Result<OpaqueClass, BuildError> {
    OpaqueClass::from_name(name)
        .map_or_else(|| Err(BuildError::Unsupported(format!("no class '{name}'"))), Ok)
}
