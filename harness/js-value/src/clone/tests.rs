//! What is written and read, without Node.

use super::*;
use crate::{ErrorClass, Exception, Graph, Kind, Value, View, json};

fn written(graph: &Graph, value: &Value) -> Result<String, Exception> {
    let mut out = b"kept".to_vec();
    let result = write(graph, value, &WriteOptions::default(), &mut out);
    assert!(out.starts_with(b"kept") && (result.is_ok() || out.len() == 4));
    result.map(|()| hex(&out[4..]))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

fn read_hex(hex: &str) -> Result<Graph, ReadError> {
    read(&bytes(&format!("ff0f{hex}")), &ReadLimits::default())
}

/// The value comes back as it was when it is read and written.
#[test]
fn payloads_of_node_come_back() {
    for payload in [
        "30",
        "54",
        "46",
        "5f",
        "4900",
        "4901",
        "4e000000000000f83f",
        "4e000000000000f87f",
        "4e0000000000000080",
        "2200",
        "2203616263",
        "2201e9",
        "6302ac20",
        "630200d8",
        "63043dd800de",
        "5a00",
        "5a100100000000000000",
        "6f7b00",
        "6f2201615f7b01",
        "6f2201614902220162410254302400027b02",
        "4100240000",
        "61034900490249044906400203",
        "6103400003",
        "41014902220565787472614904240101",
        "61e90749d00f49024001e907",
        "6f4902490249044902220162490222016149027b04",
        "6f220473656c665e007b01",
        "6f2201616f22017849027b012201625e017b02",
        "41015e00240001",
        "3b49022201616f22016b49027b013b3a003a04",
        "2749022201616f22017849027b012c03",
        "6f22095f5f70726f746f5f5f6f22017849027b017b01",
        "440000000000000000",
        "44000000000000f87f",
        "522202612b3f",
        "41056e0000000000000840732201737978\
         7a10010000000000000024 0005",
        "72546d22017473220353544b2e",
        "726d22016d73220353544b6372526d22016373220253322e2e",
        "722e",
        "5c000a026869",
        "5c0009020000",
        "5c000d02003e",
        "5c000c080100000000000000",
        "4203000000",
        "7e02080000",
        "41025c000104000000005c00040400000000240002",
        "6f22026162006302ac207b01",
    ] {
        let graph = read_hex(payload).unwrap_or_else(|error| panic!("{payload}: {error}"));
        let payload: String = payload.split(' ').collect();
        assert_eq!(written(&graph, graph.root()), Ok(format!("ff0f{payload}")));
    }
}

fn malformed(hex: &str) -> (usize, &'static str) {
    match read_hex(hex) {
        Err(ReadError::Malformed { position, message }) => (position, message),
        other => panic!("{hex}: {other:?}"),
    }
}

#[test]
fn what_only_a_reader_meets() {
    let same = |payload: &str, as_if: &str| {
        let (read, expected) = (read_hex(payload).unwrap(), read_hex(as_if).unwrap());
        assert_eq!(written(&read, read.root()), written(&expected, expected.root()), "{payload}");
    };
    same("55ffffffff0f", "4e0000e0ffffffef41"); // a uint32
    same("5303efbbbf", "6302fffe"); // UTF-8
    same("5303ff41c3", "6306fdff4100fdff");
    same("630441004200", "22024142");
    same("0000004902", "4902"); // padding
    same("3f013f024902", "4902"); // a number of objects
    same("4982808080808080808080808000", "4902"); // a number with more digits than it needs
    same("6f550249027b01", "6f490449027b01"); // keys that are numbers
    same("6f4e000000000000f83f49027b01", "6f2203312e3549027b01");
    same("41022d4904490049 0a240102", "4102490a4904240002"); // a hole that is filled later
    same("4101490249084 90a240101", "61054900490249084 90a400205");
    same("44000000000000f83f", "44000000000000f03f"); // half a millisecond
    same("3b4902490449024906 3a04", "3b490249063a02"); // a key that is set again
    same("27490249022c02", "2749022c01");
    same("7322 0161", "73220161");
    same("52220000", "522204283f3a2900");
    same("5a12010000000000000000", "5a02 01"); // digits that are not whole
    same("72732201536 d220161 2e", "726d22016173220153 2e"); // any order
    same("7263490273220153 2e", "7273220153634902 2e");
    same("5c01 6f2201614902 7b01", "6f22016149027b01"); // another object of a host
    same("41025c01 6f7b00 4900 240002", "41026f7b004900240002");
    same("4203010203 56 42 01 02 00", "5c0001020203"); // V8's own record of a view
    same("7e0204 0102 56 42 01 00 03", "5c00010102");
    same("4302 0102", "42020102"); // an immutable ArrayBuffer
    same("5c0005 09 010203040506070809", "5c000508 0102030405060708");
    same("4902 ff", "4902"); // bytes after the value
}

/// The object of a host and the plain object in it have a number each.
#[test]
fn a_host_object_has_two_numbers() {
    let graph = read_hex("41035c016f7b005e015e02240003").unwrap();
    let list = graph.view();
    assert_eq!(list.index(1).map(|v| v.value()), list.index(0).map(|v| v.value()));
    assert_eq!(list.index(2).map(|v| v.value()), list.index(0).map(|v| v.value()));
    assert_eq!(malformed("41015c015e01240001").1, "a reference to no object");
}

#[test]
fn versions() {
    let limits = ReadLimits::default();
    for version in ["0d", "0e", "0f", "8f00"] {
        let graph = read(&bytes(&format!("ff{version}4902")), &limits).unwrap();
        assert_eq!(graph.root(), &Value::from(1));
    }
    for (payload, found) in
        [("", None), ("4902", None), ("ff", None), ("ff0c4902", Some(12)), ("ff104902", Some(16))]
    {
        assert_eq!(read(&bytes(payload), &limits).err(), Some(ReadError::Version { found }));
    }
    // Views have no flags in version 13; V8 reads those that do.
    for payload in ["ff0d420301020356420102", "ff0d42030102035642010200"] {
        let graph = read(&bytes(payload), &limits).unwrap();
        assert_eq!(written(&graph, graph.root()), Ok("ff0f5c0001020203".to_owned()));
    }
    let payload = bytes("ff0d420101564200010049024900");
    assert_eq!(read(&payload[..11], &limits).map(|graph| graph.len()), Ok(2));
}

#[test]
fn broken_payloads_are_refused_where_they_break() {
    for (payload, position, message) in [
        ("", 2, "unexpected end of the payload"),
        ("6f220161", 6, "unexpected end of the payload"),
        ("fe", 2, "an unknown tag"),
        ("2d", 2, "an unknown tag"),
        ("7b", 2, "an unknown tag"),
        ("7000", 2, "an unknown tag"),
        ("7400", 2, "an unknown tag"),
        ("7500", 2, "an unknown tag"),
        ("ff0d4902", 2, "an unknown tag"),
        ("22ffffffff0f61", 8, "a length beyond the end of the payload"),
        ("42ffffffff0f61", 8, "a length beyond the end of the payload"),
        ("5c000affffffff0f61", 10, "a length beyond the end of the payload"),
        ("5affffffff07", 8, "a length beyond the end of the payload"),
        ("4e0000", 3, "a length beyond the end of the payload"),
        ("41ffffffff0f", 2, "an array longer than the payload"),
        ("63036162 63", 3, "half a code unit"),
        ("5a01", 3, "a BigInt that is -0"),
        ("5e00", 2, "a reference to no object"),
        ("41025e016f7b00240002", 4, "a reference to no object"),
        ("6f5e0049027b01", 3, "a key that is no string and no number"),
        ("6f5449027b01", 3, "a key that is no string and no number"),
        ("6f22016149027b02", 9, "a count that differs from what was counted"),
        ("3b490249043a01", 8, "a count that differs from what was counted"),
        ("3b49023a01", 5, "an unknown tag"),
        ("27490249022c01", 8, "a count that differs from what was counted"),
        ("6103400004", 6, "a count that differs from what was counted"),
        ("6f220161490222016149047b02", 13, "an object with a key that it has twice"),
        ("6f49024902220131 49027b02", 12, "an object with a key that it has twice"),
        ("41024902490449004 90a240102", 12, "an array with a key that it has twice"),
        ("41014902 2206 6c656e677468 4902 240101", 16, "an array with a key that it has twice"),
        ("6103490049024900 49024002 03", 12, "an array with a key that it has twice"),
        ("52220161 40", 2, "a RegExp with bad flags"),
        ("52220161 9002", 2, "a RegExp with bad flags"),
        ("734902", 3, "something else where a string must be"),
        ("726d30", 4, "something else where a string must be"),
        ("72002e", 3, "an unknown part of an error"),
        ("7e040201020304", 2, "an ArrayBuffer beyond its maximum"),
        ("4203010203 56 42 02 02 00", 7, "a view beyond its ArrayBuffer"),
        ("4203010203 56 6a 00 02 00", 7, "a view beyond its ArrayBuffer"),
        ("420401020304 56 57 01 02 00", 8, "a view that does not fit its ArrayBuffer"),
        ("420401020304 56 42 01 02 01", 8, "a view that does not fit its ArrayBuffer"),
        ("7e020401 02 56 42 00 02 00", 7, "a view that does not fit its ArrayBuffer"),
        ("5c0200", 2, "an unknown kind of host object"),
        ("5c000e00", 2, "an unknown class of views"),
        ("5c014902", 6, "a host object that is no object"),
    ] {
        assert_eq!(malformed(payload), (position, message), "{payload}");
    }
}

/// Cut off anywhere, a payload is refused, except where it is only a shorter count.
#[test]
fn truncated_payloads_are_refused() {
    let whole = bytes(
        "ff0f6f2201616302ac2022016241026f7b005e01240002220163 3b49025c000a01613a02220164 \
         72546d220161732201536349002e22016561e90749d00f4902 4001e9072201667322017a7b06",
    );
    assert!(read(&whole, &ReadLimits::default()).is_ok());
    for length in 0..whole.len() {
        assert!(read(&whole[..length], &ReadLimits::default()).is_err(), "{length}");
    }
}

#[test]
fn a_giant_length_costs_nothing() {
    let graph = read_hex("61ffffffff0f490249024001ffffffff0f").unwrap();
    let array = graph.view();
    assert_eq!(array.len(), u32::MAX as usize);
    assert_eq!(array.index(1).and_then(|v| v.as_f64()), Some(1.0));
    assert!(array.index(2).is_none());
    assert_eq!(array.elements().filter(Option::is_some).take(1).count(), 1);
    let hex = Ok("ff0f61ffffffff0f490249024001ffffffff0f".to_owned());
    assert_eq!(written(&graph, graph.root()), hex);
    let too_long = Exception::Thrown {
        class: ErrorClass::RangeError,
        message: "Invalid string length".to_owned(),
    };
    assert_eq!(json::stringify(&graph, &json::StringifyOptions::default()), Err(too_long));
    // Nor does a dense array that an index beyond its end makes long.
    let graph = read_hex("410149024e0000c0ffffffef4149 0a240101").unwrap();
    assert_eq!(graph.view().len(), u32::MAX as usize);
    // One of few holes is an array like any other.
    let graph = read_hex("6110 4000 10").unwrap();
    assert!(
        matches!(graph.view().as_object().map(|o| &o.kind), Some(Kind::Array(e)) if e.len() == 16)
    );
    // Many levels that each claim to be as long as the rest.
    let nested: Vec<u8> = b"A\xff\x01".repeat(1000);
    let payload = [&b"\xff\x0f"[..], &nested].concat();
    assert!(read(&payload, &ReadLimits::default()).is_err());
}

/// ADV-152
#[test]
fn views_have_their_memory_together_and_no_byte_in_common() {
    // [Buffer 010203, {a: Uint8Array 04}, Int16Array 0506, the Buffer again, an empty Buffer]
    let read = read_hex(concat!(
        "4105",
        "5c000a03010203",
        "6f220161",
        "5c00010104",
        "7b01",
        "5c0003020506",
        "5e01",
        "5c000a00",
        "240005",
    ));
    let graph = read.unwrap();
    let view = |value: View<'_>| match &value.as_object().unwrap().kind {
        Kind::View { bytes, .. } => bytes.clone(),
        other => panic!("{other:?}"),
    };
    let root = graph.view();
    let [first, nested, wide, again, empty] = [0, 1, 2, 3, 4].map(|at| {
        let value = root.index(at).unwrap();
        view(value.get("a").unwrap_or(value))
    });
    assert_eq!([&*first, &*nested, &*wide, &*empty], [&[1, 2, 3][..], &[4], &[5, 6], &[]]);
    let all = [&first, &nested, &wide, &empty];
    for (at, one) in all.iter().enumerate() {
        for other in &all[at + 1..] {
            assert!(one.shares_memory_with(other) && !one.overlaps(other));
        }
    }
    assert!(first.overlaps(&again), "it is the same object");
    let other = read_hex("5c000a03010203").unwrap();
    assert!(!view(other.view()).shares_memory_with(&first), "of another message");
}

#[test]
fn many_views_of_one_buffer_are_refused() {
    let mut payload = bytes("ff0f41e4004264");
    payload.extend([0; 100]);
    payload.extend(bytes("5642006400"));
    for _ in 0..99 {
        payload.extend(bytes("5e015642006400"));
    }
    payload.extend(bytes("240064"));
    let limit = payload.len();
    let error = read(&payload, &ReadLimits::default()).err();
    assert!(matches!(error, Some(ReadError::ViewsTooLong { limit: l, .. }) if l == limit));
}

#[test]
fn a_million_levels() {
    const LEVELS: usize = 1_000_000;
    for (open, close) in [("6f220161", "7b01"), ("4101", "240001"), ("27", "2c01"), ("7263", "2e")]
    {
        let mut payload = bytes("ff0f");
        payload.extend(bytes(open).repeat(LEVELS));
        payload.push(b'0');
        payload.extend(bytes(close).repeat(LEVELS));
        let graph = read(&payload, &ReadLimits::default()).unwrap();
        let mut again = Vec::new();
        write(&graph, graph.root(), &WriteOptions::default(), &mut again).unwrap();
        assert!(payload == again, "{open}");
    }
}

#[test]
fn limits_of_depth() {
    for (open, close) in NESTS {
        let payload = [&bytes("ff0f")[..], &bytes(open).repeat(11), b"0", &bytes(close).repeat(11)];
        let payload = payload.concat();
        let read_to = |depth| {
            let limits = ReadLimits { max_depth: Some(depth), ..ReadLimits::default() };
            read(&payload, &limits)
        };
        let graph = read_to(11).unwrap();
        let position = 2 + 10 * open.len() / 2;
        assert_eq!(read_to(10).err(), Some(ReadError::TooDeep { position, limit: 10 }));
        let write_to = |depth| {
            let options = WriteOptions { max_depth: Some(depth), ..WriteOptions::default() };
            write(&graph, graph.root(), &options, &mut Vec::new())
        };
        assert_eq!(write_to(11), Ok(()));
        assert_eq!(write_to(10), Err(Exception::TooDeep { limit: 10 }));
    }
}

/// What begins and ends an object around another.
const NESTS: &[(&str, &str)] =
    &[("6f220161", "7b01"), ("4101", "240001"), ("27", "2c01"), ("3b4900", "3a02"), ("7263", "2e")];
