//! Which messages there are for a JSON channel: every kind of recipe that it meets, the odd ones
//! often.

use ipc_plan::{Behaviour, Object, Property, Prototype, Recipe, Tagged, Thrown};
use proptest::collection::vec;
use proptest::prelude::*;

use super::identities::Identities;
use crate::text::hex;

/// Any message that a receiver survives.
pub(super) fn message() -> impl Strategy<Value = Recipe> {
    value().prop_map(|recipe| {
        let recipe = Identities::of_containers().give(recipe);
        if writes_nothing(&recipe) { Recipe::Array(vec![recipe]) } else { recipe }
    })
}

fn value() -> impl Strategy<Value = Recipe> {
    leaf().prop_recursive(5, 40, 6, |inner| {
        let list = vec(inner.clone(), 0..6);
        prop_oneof![
            5 => vec((key(), inner.clone()), 0..6).prop_map(plain_or_tagged),
            4 => list.clone().prop_map(Recipe::Array),
            2 => (vec(prop_oneof![3 => inner.clone(), 1 => Just(Tagged::Hole {}.into())], 0..5),
                  option_u32(8), vec(property(inner.clone()).prop_filter("changes the length", near), 0..2))
                .prop_map(|(elements, longer, properties)| {
                    let length = longer.map(|n| elements.len() as u32 + n);
                    Tagged::Array { id: None, elements, length, properties }.into()
                }),
            3 => (prototype(inner.clone()), vec(property(inner.clone()), 0..5))
                .prop_map(|(prototype, properties)| object(prototype, properties)),
            2 => (vec(property(inner.clone()), 0..3), behaviour(inner.clone()))
                .prop_map(|(mut properties, behaviour)| {
                    properties.push(to_json(behaviour));
                    object(None, properties)
                }),
            1 => vec((inner.clone(), inner.clone()), 0..3).prop_map(|entries| {
                Tagged::Map { entries, id: None, properties: Vec::new() }.into()
            }),
            1 => list.clone().prop_map(|values| {
                Tagged::Set { values, id: None, properties: Vec::new() }.into()
            }),
            1 => list.clone().prop_map(|values| Tagged::Arguments { values }.into()),
            1 => list.prop_map(|items| Tagged::Proxy { target: Recipe::Array(items) }.into()),
            1 => vec((key(), inner.clone()), 0..4)
                .prop_map(|entries| Tagged::Proxy { target: plain_or_tagged(entries) }.into()),
            1 => (class_of_error(), text(), proptest::option::of(inner.clone()),
                  vec(property(inner), 0..2))
                .prop_map(|(class, message, cause, properties)| Tagged::Error {
                    id: None, subclass: None, class, message: Some(message), stack: None, cause,
                    properties,
                }.into()),
        ]
    })
}

fn leaf() -> impl Strategy<Value = Recipe> {
    prop_oneof![
        2 => Just(Recipe::Null),
        2 => any::<bool>().prop_map(Recipe::Bool),
        6 => number().prop_map(Recipe::number),
        6 => string(),
        1 => Just(Recipe::undefined()),
        1 => any::<i128>().prop_map(|n| Tagged::Bigint { value: n.to_string() }.into()),
        1 => text().prop_map(|description| Tagged::Symbol { description }.into()),
        1 => Just(Tagged::Function { name: "f".into(), behaviour: None }.into()),
        1 => prop_oneof![
                (-8.64e15..8.64e15_f64).prop_map(|t| Recipe::Number(t.trunc())),
                (0.0..2e12_f64).prop_map(|t| Recipe::Number(t.trunc())),
                Just(Recipe::String("NaN".into())),
            ].prop_map(|time| Tagged::Date { id: None, time, properties: Vec::new() }.into()),
        1 => prop::sample::select(vec![("a+", "g"), ("[/]", ""), ("(?:)", "imsuy"), ("\\d", "d")])
            .prop_map(|(source, flags)| {
                Tagged::Regexp {
                    id: None, source: source.into(), flags: flags.into(), last_index: None,
                }.into()
            }),
        1 => prop_oneof![
                number().prop_map(Recipe::number),
                string(),
                any::<bool>().prop_map(Recipe::Bool),
                any::<i64>().prop_map(|n| Tagged::Bigint { value: n.to_string() }.into()),
                Just(Tagged::Symbol { description: "boxed".into() }.into()),
            ].prop_map(|value| Tagged::Boxed { id: None, value }.into()),
        1 => view(),
        1 => bytes().prop_map(|bytes| Tagged::ArrayBuffer {
                id: None, bytes, times: None, max_byte_length: None, shared: false, detached: false,
            }.into()),
        1 => prop::sample::select(vec!["http://x/y?z=1#f", "file:///a%20b"])
            .prop_map(|href| Tagged::Url { href: href.into() }.into()),
        1 => prop::sample::select(vec!["Promise", "WeakMap", "WeakSet", "WeakRef", "Generator"])
            .prop_map(|class| Tagged::Opaque { class: class.into() }.into()),
        // A reference; which one is settled when the whole message is known.
        1 => (1..5_u32).prop_map(|id| Tagged::Ref { id }.into()),
    ]
}

pub(super) fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-1000..1000_i32).prop_map(f64::from),
        2 => any::<i64>().prop_map(|n| n as f64),
        3 => any::<u64>().prop_map(f64::from_bits),
        2 => (any::<i32>(), -30..30_i32).prop_map(|(n, e)| f64::from(n) * 10_f64.powi(e)),
        1 => prop::sample::select(vec![
            f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324, f64::MAX, 1e21, 1e-7, 1e-6,
            999_999_999_999_999_900_000.0, 9_007_199_254_740_993.0, 0.1 + 0.2, 2_147_483_648.0,
        ]),
    ]
}

pub(super) fn string() -> impl Strategy<Value = Recipe> {
    prop_oneof![
        3 => text().prop_map(Recipe::String),
        1 => vec(unit(), 0..8).prop_map(Recipe::utf16),
        1 => (prop::sample::select(vec!["x", "é", "€", "😀"]), 0..400_u32).prop_map(|(text, times)| {
            Tagged::Repeat { text: text.into(), times }.into()
        }),
    ]
}

/// Text without lone surrogates.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ -~]{0,10}",
        1 => any::<String>().prop_map(|s| s.chars().take(20).collect()),
        1 => vec(prop::sample::select(vec![
            "\0", "\u{8}", "\t", "\n", "\u{b}", "\u{c}", "\r", "\u{1f}", "\"", "\\", "/", "\u{7f}",
            "\u{80}", "\u{2028}", "\u{2029}", "\u{feff}", "é", "€", "😀", "NODE_", "</script>",
        ]), 0..5).prop_map(|parts| parts.concat()),
    ]
}

/// A UTF-16 code unit, often a surrogate.
fn unit() -> impl Strategy<Value = u16> {
    prop_oneof![any::<u16>(), 0xd800..0xe000_u16, 0x20..0x7f_u16]
}

pub(super) fn key() -> impl Strategy<Value = Recipe> {
    prop_oneof![
        4 => "[a-d]".prop_map(Recipe::String),
        2 => prop::sample::select(vec![
            "", " ", "__proto__", "constructor", "0", "1", "10", "01", "-1", "1.5", "4294967294",
            "4294967295", "length", "type", "data", "$",
        ]).prop_map(Recipe::from),
        1 => text().prop_map(Recipe::String),
        1 => vec(unit(), 1..3).prop_map(Recipe::utf16),
        1 => Just(Tagged::Symbol { description: "k".into() }.into()),
    ]
}

/// Whether an array can have this property beside its elements and stay short: as JSON, Node writes
/// every hole up to an index.
pub(super) fn near(property: &Property) -> bool {
    match &property.key {
        Recipe::String(key) => {
            key != "length" && key.parse::<u32>().map_or(true, |index| index < 100)
        }
        _ => true,
    }
}

pub(super) fn property(
    inner: impl Strategy<Value = Recipe> + Clone + 'static,
) -> impl Strategy<Value = Property> {
    let slot = prop_oneof![
        4 => inner.clone().prop_map(|value| (Some(value), None)),
        1 => behaviour(inner).prop_map(|get| (None, Some(get))),
    ];
    (key(), slot, prop::sample::select(vec![None, None, None, Some(false)]))
        .prop_map(|(key, (value, get), enumerable)| Property { key, value, get, enumerable })
}

pub(super) fn behaviour(
    inner: impl Strategy<Value = Recipe> + 'static,
) -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        5 => inner.prop_map(Behaviour::Returns),
        1 => (class_of_error(), "[a-z]{1,6}")
            .prop_map(|(class, message)| Behaviour::Throws(Thrown { class, message })),
    ]
}

pub(super) fn prototype(
    inner: impl Strategy<Value = Recipe> + Clone + 'static,
) -> impl Strategy<Value = Option<Prototype>> {
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(Prototype::Null)),
        1 => Just(Some(Prototype::Class("A".into()))),
        1 => vec(property(inner), 0..3).prop_map(|p| Some(Prototype::Inherits(p))),
    ]
}

fn view() -> impl Strategy<Value = Recipe> {
    let classes = vec![
        ("Int8Array", 1),
        ("Uint8Array", 1),
        ("Uint8ClampedArray", 1),
        ("Int16Array", 2),
        ("Uint16Array", 2),
        ("Int32Array", 4),
        ("Uint32Array", 4),
        ("Float32Array", 4),
        ("Float64Array", 8),
        ("DataView", 1),
        ("Buffer", 1),
        ("Buffer", 1),
    ];
    (prop::sample::select(classes), 0..4_usize, any::<[u8; 32]>())
        .prop_map(|((class, size), elements, bytes)| view_of(class, hex(&bytes[..size * elements])))
}

/// A typed array, DataView or Buffer of its own.
pub(super) fn view_of(class: &str, bytes: String) -> Recipe {
    Tagged::View {
        id: None,
        subclass: None,
        class: class.into(),
        bytes,
        buffer: None,
        offset: None,
        length: None,
        properties: Vec::new(),
    }
    .into()
}

pub(super) fn bytes() -> impl Strategy<Value = String> {
    vec(any::<u8>(), 0..6).prop_map(|bytes| hex(&bytes))
}

fn class_of_error() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["Error", "TypeError", "RangeError"]).prop_map(str::to_owned)
}

pub(super) fn option_u32(below: u32) -> impl Strategy<Value = Option<u32>> {
    prop_oneof![3 => Just(None), 1 => (1..below).prop_map(Some)]
}

pub(super) fn object(prototype: Option<Prototype>, properties: Vec<Property>) -> Recipe {
    Tagged::Object(Object { id: None, prototype, properties }).into()
}

fn to_json(behaviour: Behaviour) -> Property {
    Property {
        key: "toJSON".into(),
        value: Some(
            Tagged::Function { name: "toJSON".into(), behaviour: Some(Box::new(behaviour)) }.into(),
        ),
        get: None,
        enumerable: None,
    }
}

/// The plain notation where it can say it.
pub(super) fn plain_or_tagged(entries: Vec<(Recipe, Recipe)>) -> Recipe {
    let mut plain: Vec<(String, Recipe)> = Vec::new();
    for (key, value) in &entries {
        match key {
            // An index moves to the front when a driver reads it, and so before what a reference
            // in it needs.
            Recipe::String(key)
                if key != "$"
                    && key.parse::<u32>().is_err()
                    && plain.iter().all(|(have, _)| have != key) =>
            {
                plain.push((key.clone(), value.clone()));
            }
            _ => {
                let property = |(key, value)| Property {
                    key,
                    value: Some(value),
                    get: None,
                    enumerable: None,
                };
                return object(None, entries.into_iter().map(property).collect());
            }
        }
    }
    Recipe::Object(plain)
}

/// See [`super::writes_nothing`].
pub(super) fn writes_nothing(recipe: &Recipe) -> bool {
    let Some(tagged) = recipe.tagged() else {
        return matches!(recipe, Recipe::Object(entries)
            if entries.iter().any(|(key, value)| key == "toJSON" && gives_nothing(Some(value), None)));
    };
    match tagged {
        Tagged::Proxy { target } => writes_nothing(target),
        Tagged::Object(Object { properties, prototype, .. }) => {
            let inherited: &[Property] = match prototype {
                Some(Prototype::Inherits(properties)) => properties,
                _ => &[],
            };
            any_gives_nothing(properties) || any_gives_nothing(inherited)
        }
        Tagged::Array { properties, .. }
        | Tagged::Map { properties, .. }
        | Tagged::Set { properties, .. }
        | Tagged::Date { properties, .. }
        | Tagged::View { properties, .. }
        | Tagged::Error { properties, .. } => any_gives_nothing(properties),
        _ => false,
    }
}

fn any_gives_nothing(properties: &[Property]) -> bool {
    properties.iter().any(|property| {
        property.key == Recipe::from("toJSON")
            && gives_nothing(property.value.as_ref(), property.get.as_ref())
    })
}

/// Whether a `toJSON` with this value, or this getter, is a function that returns nothing.
fn gives_nothing(value: Option<&Recipe>, get: Option<&Behaviour>) -> bool {
    let ((Some(function), _) | (None, Some(Behaviour::Returns(function)))) = (value, get) else {
        return false;
    };
    match function.tagged() {
        Some(Tagged::Function { behaviour: None, .. }) => true,
        Some(Tagged::Function { behaviour: Some(behaviour), .. }) => match &**behaviour {
            // A reference may lead to anything; BigInt throws and is no problem.
            Behaviour::Returns(value) => matches!(
                value.tagged(),
                Some(
                    Tagged::Undefined {}
                        | Tagged::Function { .. }
                        | Tagged::Symbol { .. }
                        | Tagged::Hole {}
                )
            ),
            _ => false,
        },
        _ => false,
    }
}
