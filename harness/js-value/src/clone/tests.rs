//! What is written and read, without Node.

use super::*;
use crate::{Exception, Graph, Value};

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
