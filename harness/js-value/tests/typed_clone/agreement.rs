//! Types of serde and the value model say the same of generated values and payloads.

use js_value::clone::{self, ReadLimits, WriteOptions};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::IgnoredAny;

use super::any::Any;
use super::{bytes, read, write};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn values_are_written_and_read_back(value in value()) {
        let payload = write(&value).unwrap();
        let graph = clone::read(&payload, &ReadLimits::default()).unwrap();
        prop_assert_eq!(same(&Any::of(graph.view()).sorted()), same(&value.clone().sorted()));
        prop_assert_eq!(same(&read::<Any>(&payload).unwrap()), same(&value));
        let graph = value.graph();
        let mut modelled = Vec::new();
        clone::write(&graph, graph.root(), &WriteOptions::default(), &mut modelled).unwrap();
        let read: Any = read(&modelled).unwrap();
        prop_assert_eq!(same(&read.sorted()), same(&value.sorted()));
    }

    #[test]
    fn payloads_are_refused_as_the_value_model_refuses_them(
        payload in payload(),
        limit in prop_oneof![3 => Just(None), 1 => (0_usize..5).prop_map(Some)],
    ) {
        let limits = ReadLimits { max_depth: limit, ..ReadLimits::default() };
        let expected = clone::read(&payload, &limits).map(drop);
        let ignored = clone::from_payload::<IgnoredAny>(&payload, &limits).map(drop);
        prop_assert_eq!(ignored.is_ok(), expected.is_ok(), "{:?} {:?}", ignored, expected);
        let any = clone::from_payload::<Any>(&payload, &limits);
        let list = clone::from_payload::<Vec<Option<Vec<u8>>>>(&payload, &limits);
        for error in [any.map(drop).err(), list.map(drop).err()] {
            let of_payload = matches!(error, Some(clone::TypedError::Payload(_)));
            prop_assert_eq!(of_payload, expected.is_err(), "{:?} {:?}", error, expected);
        }
    }
}

/// With bits of numbers, so that NaN is the same as itself and -0 is not 0.
fn same(any: &Any) -> String {
    format!("{any:?}")
}

pub(crate) fn value() -> impl Strategy<Value = Any> {
    let scalar = prop_oneof![
        Just(Any::Null),
        any::<bool>().prop_map(Any::Bool),
        any::<f64>().prop_map(|n| Any::Number(if n.is_nan() { f64::NAN } else { n })),
        any::<i32>().prop_map(|n| Any::Number(n.into())),
        string().prop_map(Any::Text),
    ];
    scalar.prop_recursive(5, 60, 6, |inner| {
        let members = prop::collection::btree_map(string(), inner.clone(), 0..40);
        prop_oneof![
            vec(inner, 0..6).prop_map(Any::List),
            members.prop_map(|members| Any::Map(members.into_iter().collect())),
        ]
    })
}

fn string() -> impl Strategy<Value = String> + Clone {
    prop_oneof![".{0,40}", "[ -\u{ff}]{0,200}", "[a-c]{0,2}", "[0-9]{1,2}"]
}

/// Payloads of all kinds of values, and what is nearly one.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let value = select(VALUES).prop_map(bytes).prop_recursive(4, 30, 4, |inner| {
        let key = select(KEYS).prop_map(bytes);
        let end = |mut bytes: Vec<u8>, tail: &[usize]| {
            bytes.extend(tail.iter().map(|n| *n as u8));
            bytes
        };
        let member = (key, inner.clone()).prop_map(|(key, value)| [key, value].concat());
        let list = vec(inner.clone(), 0..4);
        prop_oneof![
            3 => vec(member.clone(), 0..4).prop_map(move |all| {
                end([b"o".to_vec(), all.concat()].concat(), &[0x7b, all.len()])
            }),
            2 => (list.clone(), vec(member, 0..2)).prop_map(move |(all, more)| {
                let beginning = end(b"A".to_vec(), &[all.len()]);
                let whole = [beginning, all.concat(), more.concat()].concat();
                end(whole, &[0x24, more.len(), all.len()])
            }),
            1 => list.clone().prop_map(move |all| {
                let members: Vec<u8> = (0_u8..).zip(&all)
                    .flat_map(|(at, value)| [&[b'I', at * 4][..], value].concat())
                    .collect();
                end([b"a\x06".to_vec(), members].concat(), &[0x40, all.len(), 6])
            }),
            1 => list.clone().prop_map(move |all| {
                end([b"'".to_vec(), all.concat()].concat(), &[0x2c, all.len()])
            }),
            1 => list.prop_map(move |all| {
                end([b";".to_vec(), all.concat()].concat(), &[0x3a, all.len()])
            }),
            1 => inner.prop_map(|cause| [b"rm\"\x01xc".to_vec(), cause, b".".to_vec()].concat()),
        ]
    });
    let byte = prop_oneof![3 => select(TAGS), 1 => any::<u8>(), 2 => 0_u8..8];
    let change = (any::<Index>(), any::<Index>(), byte, 0..6_u8);
    let version = prop_oneof![1 => Just(13_u8), 5 => Just(15)];
    (version, value, vec(change, 0..3)).prop_map(|(version, value, changes)| {
        let mut payload = [&[0xff, version], &value[..]].concat();
        for (at, other, byte, change) in changes {
            let at = at.index(payload.len());
            let end = at + other.index(payload.len() - at + 1).min(12);
            match change {
                0 => payload.truncate(end.max(2)),
                1 => payload.insert(at, byte),
                2 => drop(payload.drain(at..end)),
                3 => {
                    let part = payload[at..end].to_vec();
                    payload.splice(at..at, part);
                }
                _ => payload[at] = byte,
            }
            if payload.is_empty() {
                payload.push(0xff);
            }
        }
        payload
    })
}

const VALUES: &[&str] = &[
    "30",
    "54",
    "5f",
    "4902",
    "5507",
    "4e000000000000f83f",
    "220161",
    "2201e9",
    "006302ac20",
    "630200d8",
    "530161",
    "5a100100000000000000",
    "440000000000000000",
    "79",
    "6e0000000000000840",
    "7a020100",
    "73220161",
    "5222016101",
    "420101",
    "7e010201",
    "420101 5642000100",
    "420101 56420001",
    "5c000a0168",
    "5c00040400000000",
    "5c01 6f7b00",
    "5c01 420101",
    "5e00",
    "5e01",
    "5e02",
    "5e01 5642000100",
    "722e",
    "725472",
    "72546d22016173220153 2e",
    "2d",
    "3f01 30",
];

const KEYS: &[&str] = &[
    "220161",
    "220162",
    "4900",
    "4902",
    "220130",
    "220131",
    "5501",
    "4e000000000000f83f",
    "2203312e35",
    "2201e9",
    "0063 02 e900",
    "22066c656e677468",
    "630200d8",
];

const TAGS: &[u8] = b"\xff\x0d\x0f\x00?_0TFIUNZ\"cS^o{A-$a@;:',DyxnzsRBC~V\\rmsc.tup\x02\x80";
