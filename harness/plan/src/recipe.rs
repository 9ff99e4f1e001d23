//! The vocabulary in which values are written.
//!
//! A recipe is JSON. `null`, booleans, numbers, strings, arrays and objects without a key `$`
//! stand for themselves; everything else is an object whose `$` names a [`Tagged`] kind:
//!
//! ```
//! # use ipc_plan::Recipe;
//! let recipe: Recipe = serde_json::from_str(
//!     r#"{"when": {"$": "date", "time": 0}, "n": {"$": "number", "value": "-0"}, "list": [1, {"$": "undefined"}]}"#,
//! ).unwrap();
//! assert_eq!(serde_json::from_str::<Recipe>(&serde_json::to_string(&recipe).unwrap()).unwrap(), recipe);
//! ```
//!
//! TOML has no `null`: where a recipe is read, `{"$": "null"}` is another notation of it.
//!
//! The same vocabulary *describes* a value that was seen, in canonical form:
//!
//! * the plain form wherever it says everything: an object with `Object.prototype` whose own
//!   properties are enumerable data properties with string keys, an array without holes and
//!   other properties; keys in own-key order;
//! * an object or array that occurs more than once carries an `id`, numbered from 1 in the order
//!   of first occurrence, and every later occurrence is a `ref` to it;
//! * a string of more than 256 code units is a `text`, one with a lone surrogate is `utf16`;
//! * bytes are lower-case hexadecimal; more than 256 of them are `LENGTH:HASH`;
//! * containers more than 30 levels down are summed up as `deeper`;
//! * an array lists its elements up to the first 32 holes in a row; what stands behind them is
//!   among its `properties`;
//! * errors have `class`, `message` and, where present, the properties `code`, `errno`,
//!   `syscall`; the stack is left out. In messages, where they are values like others: an own
//!   `message`, the `stack` up to the first line that tells a place in the program, and all other
//!   own properties.
//!
//! HASH is FNV-1a, 32 bits, as eight lower-case hexadecimal digits: over the bytes, or for
//! strings over the UTF-16 code units, low byte first.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A JavaScript value, written down.
#[derive(Clone, Debug, PartialEq)]
pub enum Recipe {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A finite number other than -0.
    Number(f64),
    /// A string without lone surrogates.
    String(String),
    /// An array, dense and without other properties.
    Array(Vec<Self>),
    /// A plain object: keys and values in order. A key `$` cannot be written this way.
    Object(Vec<(String, Self)>),
    /// Everything else.
    Tagged(Box<Tagged>),
}

/// A value that JSON has no notation for, or none that says enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "$", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Tagged {
    /// `undefined`.
    Undefined {},
    /// A number as JavaScript prints it, for those that JSON cannot hold: `NaN`, `Infinity`,
    /// `-Infinity`, `-0`.
    Number {
        /// The text.
        value: String,
    },
    /// A BigInt.
    Bigint {
        /// Decimal digits, with a leading `-` if negative.
        value: String,
    },
    /// A string by its UTF-16 code units.
    Utf16 {
        /// The units.
        units: Vec<u16>,
    },
    /// `text` repeated.
    Repeat {
        /// What is repeated.
        text: String,
        /// How often.
        times: u32,
    },
    /// A long string, in descriptions.
    Text {
        /// Length in code units.
        length: u64,
        /// Hash of the code units.
        hash: String,
        /// The first 32 code units, lone surrogates replaced by U+FFFD.
        start: String,
    },
    /// A symbol, a fresh one each time.
    Symbol {
        /// Its description.
        #[serde(default)]
        description: String,
    },
    /// A function.
    Function {
        /// Its name.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        name: String,
        /// What it does; returns `undefined` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        behaviour: Option<Box<Behaviour>>,
    },
    /// A function that records its call as a `callback` of the send; only as an argument.
    Callback {
        /// Distinguishes several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A plain object, or an instance of a class.
    Object(Object),
    /// An array with holes, other properties or an identity.
    Array {
        /// For `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
        /// The elements; `hole` for a missing one.
        elements: Vec<Recipe>,
        /// `length`, if more than the elements.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<u32>,
        /// Other properties.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        properties: Vec<Property>,
    },
    /// No element; only inside arrays.
    Hole {},
    /// The object or array with this `id` in the same message, which may enclose this place.
    Ref {
        /// The id.
        id: u32,
    },
    /// A Date.
    Date {
        /// For `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
        /// Milliseconds since 1970 in UTC, a finite number or the string `NaN`.
        time: Recipe,
        /// Other properties.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        properties: Vec<Property>,
    },
    /// A RegExp.
    Regexp {
        /// For `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
        /// The pattern.
        source: String,
        /// The flags.
        #[serde(default)]
        flags: String,
        /// `lastIndex`, if it is not 0.
        #[serde(default, rename = "lastIndex", skip_serializing_if = "Option::is_none")]
        last_index: Option<u32>,
    },
    /// An error.
    Error {
        /// For `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
        /// `Error`, `TypeError`, … (the constructor's name).
        class: String,
        /// Make it an instance of a class of this name that extends `class`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subclass: Option<String>,
        /// The message; no own `message` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// The stack, replaced by this text when given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stack: Option<String>,
        /// The cause.
        #[serde(
            default,
            deserialize_with = "crate::recipe::present",
            skip_serializing_if = "Option::is_none"
        )]
        cause: Option<Recipe>,
        /// Other properties.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        properties: Vec<Property>,
    },
    /// A Number, String, Boolean, BigInt or Symbol object.
    Boxed {
        /// For `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
        /// The primitive.
        value: Recipe,
    },
    /// A Map.
    Map {
        /// Its entries.
        entries: Vec<(Recipe, Recipe)>,
        /// For `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
        /// Other properties.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        properties: Vec<Property>,
    },
    /// A Set.
    Set {
        /// Its values.
        values: Vec<Recipe>,
        /// For `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
        /// Other properties.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        properties: Vec<Property>,
    },
    /// An ArrayBuffer or SharedArrayBuffer.
    ArrayBuffer {
        /// For `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
        /// Its bytes.
        bytes: String,
        /// How often they are repeated; once when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        times: Option<u32>,
        /// Makes it resizable.
        #[serde(default, rename = "maxByteLength", skip_serializing_if = "Option::is_none")]
        max_byte_length: Option<u32>,
        /// A SharedArrayBuffer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shared: bool,
        /// Transferred away, so that nothing of it is left.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        detached: bool,
    },
    /// A typed array, DataView or Buffer.
    View {
        /// `Int8Array` … `BigUint64Array`, `Float16Array`, `DataView`, `Buffer`.
        class: String,
        /// For `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
        /// Make it an instance of a class of this name that extends `class`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subclass: Option<String>,
        /// The viewed bytes, little-endian.
        #[serde(default)]
        bytes: String,
        /// A view into this ArrayBuffer, in place of `bytes`; never in descriptions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        buffer: Option<Recipe>,
        /// Where in `buffer` it begins, in bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<u32>,
        /// How many elements of `buffer` it views; to the end when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<u32>,
        /// Other properties.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        properties: Vec<Property>,
    },
    /// A URL object.
    Url {
        /// Its href.
        href: String,
    },
    /// A Proxy without traps.
    Proxy {
        /// What it wraps.
        target: Recipe,
    },
    /// An arguments object.
    Arguments {
        /// The arguments.
        values: Vec<Recipe>,
    },
    /// `JSON.rawJSON(text)`.
    RawJson {
        /// The text.
        text: String,
    },
    /// An object of a built-in class with nothing in it that could be seen.
    Opaque {
        /// `Promise`, `WeakMap`, `WeakSet`, `WeakRef`, `Generator`, or another class of which a
        /// runtime has such objects (`MessagePort`, `Blob`, …); in descriptions the name of any
        /// other class.
        class: String,
    },
    /// What stands in a global variable, such as `Math`, or in a property of it.
    Global {
        /// Its name, such as `Symbol.prototype`.
        name: String,
    },
    /// A handle, in descriptions.
    Handle {
        /// `net.Server`, `net.Socket`, `dgram.Socket`, or the native `TCP`, `Pipe`, `UDP`.
        class: String,
        /// What it says of itself: of a server `listening`, `allowHalfOpen`, `pauseOnConnect`; of
        /// a socket `readable`, `writable`, `allowHalfOpen`, `paused`, `flowing`, `destroyed`; of
        /// a UDP socket `type`; of all three `address`.
        state: Recipe,
    },
    /// Containers nested in one another, built without recursion.
    Nest {
        /// `array`, or `object` with the key `a`.
        container: String,
        /// How many.
        depth: u32,
    },
    /// Containers too far down to be written out, in descriptions.
    Deeper {
        /// How many more levels there are.
        levels: u64,
        /// How many containers in all.
        containers: u64,
    },
}

/// An object with everything that the plain notation cannot say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// For `ref`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// Its prototype; `Object.prototype` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prototype: Option<Prototype>,
    /// Its own properties, in order of definition; in descriptions in own-key order.
    #[serde(default)]
    pub properties: Vec<Property>,
}

/// The prototype of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Prototype {
    /// `null`.
    Null,
    /// The prototype of a class of this name, which has a getter `inherited` and a method
    /// `method`.
    Class(String),
    /// An object with these properties.
    Inherits(Vec<Property>),
}

/// An own property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// The key: a string, `utf16` or `symbol` recipe.
    pub key: Recipe,
    /// The value of a data property.
    #[serde(
        default,
        deserialize_with = "crate::recipe::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<Recipe>,
    /// What the getter of an accessor property does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub get: Option<Behaviour>,
    /// Whether it is enumerable; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enumerable: Option<bool>,
}

/// What a function does when it is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Returns this value.
    Returns(Recipe),
    /// Throws.
    Throws(Thrown),
    /// Returns this text with the JSON text of its first argument appended.
    ReturnsArgument(String),
    /// Returns this text with `String(this)` appended.
    ReturnsThis(String),
}

/// An error to throw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Thrown {
    /// Its class.
    pub class: String,
    /// Its message.
    pub message: String,
}

/// A JSON value that is no recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeError {
    message: String,
}

impl fmt::Display for RecipeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a value recipe: {}", self.message)
    }
}

impl std::error::Error for RecipeError {}

impl Recipe {
    /// The recipe of `undefined`.
    pub fn undefined() -> Self {
        Self::from(Tagged::Undefined {})
    }

    /// The recipe of a string by its UTF-16 code units, in plain notation where possible.
    pub fn utf16(units: Vec<u16>) -> Self {
        match String::from_utf16(&units) {
            Ok(text) => Self::String(text),
            Err(_) => Self::from(Tagged::Utf16 { units }),
        }
    }

    /// The recipe of any number, in plain notation where possible.
    pub fn number(number: f64) -> Self {
        let value = match number {
            n if n.is_nan() => "NaN",
            f64::INFINITY => "Infinity",
            f64::NEG_INFINITY => "-Infinity",
            n if n == 0.0 && n.is_sign_negative() => "-0",
            n => return Self::Number(n),
        };
        Self::from(Tagged::Number { value: value.to_owned() })
    }

    /// Reads a recipe from JSON.
    ///
    /// # Errors
    ///
    /// When an object has a key `$` and is not one of the [`Tagged`] kinds.
    pub fn from_json(json: Value) -> Result<Self, RecipeError> {
        Ok(match json {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(b),
            Value::Number(n) => Self::number(n.as_f64().unwrap_or(f64::NAN)),
            Value::String(s) => Self::String(s),
            Value::Array(items) => {
                Self::Array(items.into_iter().map(Self::from_json).collect::<Result<_, _>>()?)
            }
            Value::Object(map) if map.len() == 1 && map.get("$").is_some_and(|k| k == "null") => {
                Self::Null
            }
            Value::Object(map) if map.contains_key("$") => {
                let tagged = serde_json::from_value(Value::Object(map))
                    .map_err(|e| RecipeError { message: e.to_string() })?;
                Self::Tagged(Box::new(tagged))
            }
            Value::Object(map) => Self::Object(
                map.into_iter()
                    .map(|(key, value)| Ok((key, Self::from_json(value)?)))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    /// The tagged kind, if it is one.
    pub fn tagged(&self) -> Option<&Tagged> {
        match self {
            Self::Tagged(tagged) => Some(tagged),
            _ => None,
        }
    }
}

impl From<Tagged> for Recipe {
    fn from(tagged: Tagged) -> Self {
        Self::Tagged(Box::new(tagged))
    }
}

impl From<&str> for Recipe {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

/// A recipe in a field that may be absent: `null` is a recipe, not the absence of one.
pub(crate) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Recipe>, D::Error> {
    Recipe::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Recipe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for Recipe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(b) => serializer.serialize_bool(*b),
            // Integers without the `.0` that serde_json gives to doubles.
            Self::Number(n) if n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0 => {
                serializer.serialize_i64(*n as i64)
            }
            Self::Number(n) => serializer.serialize_f64(*n),
            Self::String(s) => serializer.serialize_str(s),
            Self::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Self::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
            Self::Tagged(tagged) => tagged.serialize(serializer),
        }
    }
}

impl JsonSchema for Recipe {
    fn schema_name() -> Cow<'static, str> {
        "Recipe".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let recipe = generator.subschema_for::<Tagged>();
        json_schema!({
            "description": "A JavaScript value: JSON stands for itself, an object with the key `$` for everything else.",
            "anyOf": [
                {"type": ["null", "boolean", "number", "string"]},
                {"type": "array", "items": {"$ref": "#/$defs/Recipe"}},
                {
                    "type": "object",
                    "properties": {"$": false},
                    "additionalProperties": {"$ref": "#/$defs/Recipe"}
                },
                recipe,
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) {
        let recipe: Recipe = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&recipe).unwrap(), text);
    }

    #[test]
    fn notation_survives_a_round_trip() {
        for text in [
            "null",
            "[1,-2.5,\"x\",true]",
            r#"{"b":1,"2":{"$":"number","value":"-0"}}"#,
            r#"{"$":"undefined"}"#,
            r#"{"$":"utf16","units":[55296]}"#,
            r#"{"$":"object","id":1,"prototype":"null","properties":[{"key":"a","value":{"$":"ref","id":1}}]}"#,
            r#"{"$":"object","prototype":{"class":"A"},"properties":[{"key":{"$":"symbol","description":"k"},"value":1},{"key":"g","get":{"throws":{"class":"RangeError","message":"boom"}},"enumerable":false}]}"#,
            r#"{"$":"function","behaviour":{"returns-argument":"key="}}"#,
            r#"{"$":"date","time":"NaN"}"#,
            r#"{"$":"object","properties":[{"key":"a","value":null}]}"#,
            r#"{"$":"map","entries":[[1,"a"],[{"k":1},{"$":"set","values":[]}]]}"#,
            r#"{"$":"view","class":"Buffer","bytes":"6869"}"#,
        ] {
            round_trip(text);
        }
    }

    #[test]
    fn null_can_be_written_in_toml() {
        let recipe: Recipe = serde_json::from_str(r#"[{"$":"null"}]"#).unwrap();
        assert_eq!(serde_json::to_string(&recipe).unwrap(), "[null]");
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text: &str| serde_json::from_str::<Recipe>(text).unwrap_err().to_string();
        assert!(error(r#"{"$":"dat"}"#).contains("unknown variant `dat`"));
        assert!(error(r#"{"$":"date"}"#).contains("missing field `time`"));
        assert!(error(r#"[{"$":"hole","x":1}]"#).contains("not a value recipe"));
    }
}
