//! Types of serde to and from JSON text, as `JSON.stringify` and `JSON.parse` have it.

mod agreement;
#[path = "../shared/any.rs"]
mod any;
mod reading;
mod writing;

use js_value::json::{self, ParseLimits, TypedError};
use serde::{Deserialize, Serialize};

fn write<T: Serialize + ?Sized>(value: &T) -> Result<String, TypedError> {
    let mut out = b"before".to_vec();
    let written = json::to_text(value, &mut out);
    let text = out.strip_prefix(b"before").expect("what was there stays");
    match written {
        Ok(()) => Ok(String::from_utf8(text.to_vec()).expect("it is UTF-8")),
        Err(error) => {
            assert_eq!(text, b"", "nothing is left of what failed");
            Err(error)
        }
    }
}

fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, TypedError> {
    json::from_text(text, &ParseLimits::default())
}
