//! Which messages there are for an advanced channel: all that structured clone carries, with links
//! between any two objects, and now and then something that it refuses.

use ipc_plan::{Recipe, Tagged};
use proptest::collection::vec;
use proptest::prelude::*;

use super::grammar::{
    behaviour, bytes, key, near, number, object, option_u32, plain_or_tagged, property, prototype,
    string, text, view_of,
};
use super::identities::{Identities, SHARED};
use crate::text::hex;

/// Any message that a receiver survives.
pub(super) fn message() -> impl Strategy<Value = Recipe> {
    value().prop_map(|recipe| Identities::of_all().give(recipe))
}

fn value() -> impl Strategy<Value = Recipe> {
    leaf().prop_recursive(5, 40, 6, |inner| {
        let list = vec(inner.clone(), 0..6);
        let properties = vec(property(inner.clone()).boxed(), 0..3);
        prop_oneof![
            5 => vec((key(), inner.clone()), 0..6).prop_map(plain_or_tagged),
            4 => list.clone().prop_map(Recipe::Array),
            3 => (vec(prop_oneof![3 => inner.clone(), 1 => Just(Tagged::Hole {}.into())], 0..5),
                  option_u32(100), properties.clone())
                .prop_map(|(elements, longer, mut properties)| {
                    // Far indices are for ADV-036: a runtime that walks the holes before them would
                    // show nothing else of a batch.
                    properties.retain(near);
                    let length = longer.map(|n| elements.len() as u32 + n);
                    Tagged::Array { id: None, elements, length, properties }.into()
                }),
            3 => (prototype(inner.clone()), vec(property(inner.clone()), 0..5))
                .prop_map(|(prototype, properties)| object(prototype, properties)),
            3 => (vec((inner.clone(), inner.clone()), 0..5), properties.clone())
                .prop_map(|(entries, properties)| {
                    Tagged::Map { entries, id: None, properties }.into()
                }),
            3 => (list, properties.clone()).prop_map(|(values, properties)| {
                Tagged::Set { values, id: None, properties }.into()
            }),
            1 => (vec(property(inner.clone()), 0..3), key(), behaviour(inner.clone()))
                .prop_map(|(mut properties, key, get)| {
                    properties.push(ipc_plan::Property {
                        key, value: None, get: Some(get), enumerable: None,
                    });
                    object(None, properties)
                }),
            2 => (class_of_error(), prop_oneof![4 => Just(None), 1 => Just(Some("Own".to_owned()))],
                  proptest::option::of(text()), proptest::option::of("[a-z]{0,8}"),
                  proptest::option::of(inner), properties)
                .prop_map(|(class, subclass, message, stack, cause, properties)| Tagged::Error {
                    id: None, subclass, class, message, stack, cause, properties,
                }.into()),
        ]
    })
}

fn leaf() -> impl Strategy<Value = Recipe> {
    prop_oneof![
        4 => Just(Recipe::Null),
        4 => any::<bool>().prop_map(Recipe::Bool),
        10 => number().prop_map(Recipe::number),
        10 => string(),
        4 => Just(Recipe::undefined()),
        6 => bigint(),
        4 => date(),
        3 => prop::sample::select(vec![("a+", "g"), ("[/]", ""), ("(?:)", "imsuy"), ("\\d", "d")])
            .prop_flat_map(|(source, flags)| option_u32(5).prop_map(move |last_index| {
                Tagged::Regexp {
                    id: None, source: source.into(), flags: flags.into(), last_index,
                }.into()
            })),
        4 => prop_oneof![
                number().prop_map(Recipe::number),
                string(),
                any::<bool>().prop_map(Recipe::Bool),
                bigint(),
            ].prop_map(|value| Tagged::Boxed { id: None, value }.into()),
        6 => view(),
        4 => view_of_shared_buffer(),
        3 => buffer(),
        // A reference; which one is settled when the whole message is known.
        8 => (1..9_u32).prop_map(|id| Tagged::Ref { id }.into()),
        // Refused.
        1 => prop_oneof![
                Just(Tagged::Symbol { description: "s".into() }.into()),
                Just(Tagged::Function { name: "f".into(), behaviour: None }.into()),
                Just(Tagged::Proxy { target: Recipe::Array(Vec::new()) }.into()),
                Just(Tagged::Arguments { values: Vec::new() }.into()),
                prop::sample::select(vec!["Promise", "WeakMap", "WeakSet", "WeakRef", "Generator"])
                    .prop_map(|class| Tagged::Opaque { class: class.into() }.into()),
            ],
    ]
}

/// Often around the borders between numbers of 64-bit digits.
fn bigint() -> impl Strategy<Value = Recipe> {
    let digits = prop_oneof![
        2 => any::<i128>().prop_map(|n| n.to_string()),
        1 => (-2..3_i128, prop::sample::select(vec![0_u32, 31, 32, 53, 63, 64, 65]))
            .prop_map(|(n, bits)| ((1_i128 << bits) + n).to_string()),
        1 => "-?[1-9][0-9]{0,60}",
    ];
    digits.prop_map(|value| Tagged::Bigint { value }.into())
}

fn date() -> impl Strategy<Value = Recipe> {
    let time = prop_oneof![
        2 => (-8.64e15..8.64e15_f64).prop_map(|t| Recipe::Number(t.trunc())),
        1 => Just(Recipe::String("NaN".into())),
    ];
    time.prop_map(|time| Tagged::Date { id: None, time, properties: Vec::new() }.into())
}

/// The classes of views that every Node has, and the size of their elements.
fn class_of_view() -> impl Strategy<Value = (&'static str, usize)> {
    prop::sample::select(vec![
        ("Int8Array", 1),
        ("Uint8Array", 1),
        ("Uint8ClampedArray", 1),
        ("Int16Array", 2),
        ("Uint16Array", 2),
        ("Int32Array", 4),
        ("Uint32Array", 4),
        ("Float32Array", 4),
        ("Float64Array", 8),
        ("BigInt64Array", 8),
        ("BigUint64Array", 8),
        ("DataView", 1),
        ("Buffer", 1),
        ("Buffer", 1),
    ])
}

fn view() -> impl Strategy<Value = Recipe> {
    let bytes = any::<[u8; 32]>();
    let made = (class_of_view(), 0..4_usize, bytes);
    made.prop_map(|((class, size), elements, bytes)| view_of(class, hex(&bytes[..size * elements])))
}

fn view_of_shared_buffer() -> impl Strategy<Value = Recipe> {
    let made = (class_of_view(), 0..3_u32, 0..2_u32, proptest::option::of(0..3_u32));
    made.prop_map(|((class, size), id, place, elements)| {
        let half = SHARED / 2;
        Tagged::View {
            id: None,
            subclass: None,
            class: class.into(),
            bytes: String::new(),
            buffer: Some(Tagged::Ref { id }.into()),
            offset: Some(place * half as u32),
            length: elements.map(|n| n.min((half / size) as u32)),
            properties: Vec::new(),
        }
        .into()
    })
}

fn buffer() -> impl Strategy<Value = Recipe> {
    let bytes = prop_oneof![bytes(), any::<[u8; SHARED]>().prop_map(|bytes| hex(&bytes))];
    bytes.prop_map(|bytes| {
        Tagged::ArrayBuffer {
            id: None,
            bytes,
            times: None,
            max_byte_length: None,
            shared: false,
            detached: false,
        }
        .into()
    })
}

fn class_of_error() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "Error",
        "TypeError",
        "RangeError",
        "SyntaxError",
        "EvalError",
        "ReferenceError",
        "URIError",
    ])
    .prop_map(str::to_owned)
}
