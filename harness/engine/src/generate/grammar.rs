//! Which messages there are: every kind of recipe that a JSON channel meets, the odd ones often.

use ipc_plan::{Behaviour, Object, Property, Prototype, Recipe, Tagged, Thrown};
use proptest::collection::vec;
use proptest::prelude::*;

/// Any message that a receiver survives.
pub(super) fn message() -> impl Strategy<Value = Recipe> {
    value().prop_map(|recipe| {
        let mut identities = Identities::default();
        let recipe = identities.give(recipe);
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
                    class, message: Some(message), stack: None, cause, properties,
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
            ].prop_map(|time| Tagged::Date { time, properties: Vec::new() }.into()),
        1 => prop::sample::select(vec![("a+", "g"), ("[/]", ""), ("(?:)", "imsuy"), ("\\d", "d")])
            .prop_map(|(source, flags)| {
                Tagged::Regexp { source: source.into(), flags: flags.into() }.into()
            }),
        1 => prop_oneof![
                number().prop_map(Recipe::number),
                string(),
                any::<bool>().prop_map(Recipe::Bool),
                any::<i64>().prop_map(|n| Tagged::Bigint { value: n.to_string() }.into()),
                Just(Tagged::Symbol { description: "boxed".into() }.into()),
            ].prop_map(|value| Tagged::Boxed { value }.into()),
        1 => view(),
        1 => bytes().prop_map(|bytes| Tagged::ArrayBuffer {
                bytes, max_byte_length: None, shared: false,
            }.into()),
        1 => prop::sample::select(vec!["http://x/y?z=1#f", "file:///a%20b"])
            .prop_map(|href| Tagged::Url { href: href.into() }.into()),
        1 => prop::sample::select(vec!["Promise", "WeakMap", "WeakSet", "WeakRef", "Generator"])
            .prop_map(|class| Tagged::Opaque { class: class.into() }.into()),
        // A reference; which one is settled when the whole message is known.
        1 => (1..5_u32).prop_map(|id| Tagged::Ref { id }.into()),
    ]
}

fn number() -> impl Strategy<Value = f64> {
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

fn string() -> impl Strategy<Value = Recipe> {
    prop_oneof![
        3 => text().prop_map(Recipe::String),
        1 => vec(unit(), 0..8).prop_map(Recipe::utf16),
        1 => (prop::sample::select(vec!["x", "é", "€", "😀"]), 0..400_u32).prop_map(|(text, times)| {
            Tagged::Repeat { text: text.into(), times }.into()
        }),
    ]
}

/// Text without lone surrogates.
fn text() -> impl Strategy<Value = String> {
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

fn key() -> impl Strategy<Value = Recipe> {
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

/// Whether an array can have this property beside its elements and stay short: Node writes every
/// hole up to an index.
fn near(property: &Property) -> bool {
    match &property.key {
        Recipe::String(key) => {
            key != "length" && key.parse::<u32>().map_or(true, |index| index < 100)
        }
        _ => true,
    }
}

fn property(
    inner: impl Strategy<Value = Recipe> + Clone + 'static,
) -> impl Strategy<Value = Property> {
    let slot = prop_oneof![
        4 => inner.clone().prop_map(|value| (Some(value), None)),
        1 => behaviour(inner).prop_map(|get| (None, Some(get))),
    ];
    (key(), slot, prop::sample::select(vec![None, None, None, Some(false)]))
        .prop_map(|(key, (value, get), enumerable)| Property { key, value, get, enumerable })
}

fn behaviour(inner: impl Strategy<Value = Recipe> + 'static) -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        5 => inner.prop_map(Behaviour::Returns),
        1 => (class_of_error(), "[a-z]{1,6}")
            .prop_map(|(class, message)| Behaviour::Throws(Thrown { class, message })),
    ]
}

fn prototype(
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
    (prop::sample::select(classes), 0..4_usize, any::<[u8; 32]>()).prop_map(
        |((class, size), elements, bytes)| {
            Tagged::View {
                class: class.into(),
                bytes: hex(&bytes[..size * elements]),
                properties: Vec::new(),
            }
            .into()
        },
    )
}

fn bytes() -> impl Strategy<Value = String> {
    vec(any::<u8>(), 0..6).prop_map(|bytes| hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn class_of_error() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["Error", "TypeError", "RangeError"]).prop_map(str::to_owned)
}

fn option_u32(below: u32) -> impl Strategy<Value = Option<u32>> {
    prop_oneof![3 => Just(None), 1 => (1..below).prop_map(Some)]
}

fn object(prototype: Option<Prototype>, properties: Vec<Property>) -> Recipe {
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
fn plain_or_tagged(entries: Vec<(Recipe, Recipe)>) -> Recipe {
    let mut plain: Vec<(String, Recipe)> = Vec::new();
    for (key, value) in &entries {
        match key {
            Recipe::String(key) if key != "$" && plain.iter().all(|(have, _)| have != key) => {
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

/// Settles which container each reference of a message means: one that encloses it (a cycle) or
/// one that stands before it (sharing). A reference to nothing becomes `null`.
#[derive(Default)]
struct Identities {
    given: u32,
}

impl Identities {
    fn give(&mut self, recipe: Recipe) -> Recipe {
        match recipe {
            Recipe::Array(items) => {
                Recipe::Array(items.into_iter().map(|item| self.give(item)).collect())
            }
            Recipe::Object(entries) => Recipe::Object(
                entries.into_iter().map(|(key, value)| (key, self.give(value))).collect(),
            ),
            Recipe::Tagged(tagged) => self.tagged(*tagged),
            other => other,
        }
    }

    fn next(&mut self) -> Option<u32> {
        self.given += 1;
        Some(self.given)
    }

    fn tagged(&mut self, tagged: Tagged) -> Recipe {
        match tagged {
            Tagged::Ref { id } if self.given == 0 || id > self.given => Recipe::Null,
            Tagged::Array { elements, length, properties, .. } => {
                let id = self.next();
                let elements = elements.into_iter().map(|e| self.give(e)).collect();
                Tagged::Array { id, elements, length, properties: self.properties(properties) }
                    .into()
            }
            Tagged::Object(Object { prototype, properties, .. }) => {
                // The prototype is made before the object and cannot lead back to it.
                let prototype = prototype.map(|prototype| match prototype {
                    Prototype::Inherits(list) => Prototype::Inherits(self.properties(list)),
                    other => other,
                });
                let id = self.next();
                Tagged::Object(Object { id, prototype, properties: self.properties(properties) })
                    .into()
            }
            Tagged::Map { entries, properties, .. } => {
                let id = self.next();
                let entries =
                    entries.into_iter().map(|(k, v)| (self.give(k), self.give(v))).collect();
                Tagged::Map { entries, id, properties }.into()
            }
            Tagged::Set { values, properties, .. } => {
                let id = self.next();
                let values = values.into_iter().map(|v| self.give(v)).collect();
                Tagged::Set { values, id, properties }.into()
            }
            Tagged::Proxy { target } => Tagged::Proxy { target: self.give(target) }.into(),
            Tagged::Arguments { values } => {
                Tagged::Arguments { values: values.into_iter().map(|v| self.give(v)).collect() }
                    .into()
            }
            Tagged::Function { name, behaviour } => {
                let behaviour = behaviour.map(|behaviour| Box::new(self.behaviour(*behaviour)));
                Tagged::Function { name, behaviour }.into()
            }
            Tagged::Error { class, message, stack, cause, properties } => {
                let cause = cause.map(|cause| self.give(cause));
                let properties = self.properties(properties);
                Tagged::Error { class, message, stack, cause, properties }.into()
            }
            other => other.into(),
        }
    }

    fn properties(&mut self, properties: Vec<Property>) -> Vec<Property> {
        properties
            .into_iter()
            .map(|Property { key, value, get, enumerable }| Property {
                key,
                value: value.map(|value| self.give(value)),
                get: get.map(|get| self.behaviour(get)),
                enumerable,
            })
            .collect()
    }

    fn behaviour(&mut self, behaviour: Behaviour) -> Behaviour {
        match behaviour {
            Behaviour::Returns(value) => Behaviour::Returns(self.give(value)),
            other => other,
        }
    }
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
