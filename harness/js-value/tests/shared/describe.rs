//! What a value that was read from a payload is, identities and cycles included.

use std::fmt::{self, Write as _};

use js_value::{Graph, JsString, Kind, ObjectId, PropertyKey, Value};

/// What a value is, as `clones.cjs` describes it.
pub(crate) fn describe(graph: &Graph) -> String {
    let mut describer = Describer { graph, out: String::new(), seen: Vec::new() };
    describer.value(graph.root());
    describer.out
}

struct Describer<'g> {
    graph: &'g Graph,
    out: String,
    seen: Vec<ObjectId>,
}

impl Describer<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Undefined => self.out.push('u'),
            Value::Null => self.out.push('n'),
            Value::Bool(true) => self.out.push('t'),
            Value::Bool(false) => self.out.push('f'),
            Value::Number(n) => {
                self.out.push('d');
                hex(&mut self.out, n.to_bits(), 16);
            }
            Value::BigInt(n) => self.text(format_args!("i{n}")),
            Value::String(text) => {
                self.out.push('s');
                units(&mut self.out, text);
            }
            Value::Symbol(_) => panic!("no payload has a symbol"),
            Value::Object(id) => match self.seen.iter().position(|seen| seen == id) {
                Some(number) => self.text(format_args!("#{number}")),
                None => {
                    self.seen.push(*id);
                    self.object(*id);
                }
            },
        }
    }

    fn object(&mut self, id: ObjectId) {
        let graph = self.graph;
        match &graph.object(id).kind {
            Kind::Plain => {
                self.out.push('o');
                self.members(id, &[]);
            }
            Kind::Array(elements) => {
                self.text(format_args!("a{}", elements.len()));
                self.members(id, elements);
            }
            Kind::SparseArray { length } => {
                self.text(format_args!("a{length}"));
                self.members(id, &[]);
            }
            Kind::Map(entries) => {
                self.out.push('m');
                self.list(entries.iter().flat_map(|(key, value)| [key, value]));
            }
            Kind::Set(values) => {
                self.out.push('e');
                self.list(values.iter());
            }
            Kind::Date(time) => {
                self.out.push('D');
                hex(&mut self.out, time.to_bits(), 16);
            }
            Kind::RegExp { source, flags } => {
                self.out.push('R');
                units(&mut self.out, source);
                self.text(format_args!("/{flags}"));
            }
            Kind::Boxed(value) => {
                self.out.push('B');
                self.list([value].into_iter());
            }
            Kind::ArrayBuffer { bytes, max_byte_length, shared: false } => {
                self.text(format_args!("b{}", to_hex(bytes)));
                if let Some(length) = max_byte_length {
                    self.text(format_args!("~{length}"));
                }
            }
            Kind::View { class, bytes } => self.text(format_args!("v{class}:{}", to_hex(bytes))),
            Kind::Error { class, message, stack, cause } => {
                self.text(format_args!("E{class}:"));
                for part in [message, stack] {
                    match part {
                        Some(text) => units(&mut self.out, text),
                        None => self.out.push('_'),
                    }
                    self.out.push(':');
                }
                match cause {
                    Some(cause) => self.value(cause),
                    None => self.out.push('_'),
                }
            }
            other => panic!("no payload has {other:?}"),
        }
    }

    fn members(&mut self, id: ObjectId, elements: &[Option<Value>]) {
        self.out.push('(');
        let start = self.out.len();
        for (index, element) in elements.iter().enumerate() {
            if let Some(value) = element {
                self.member(start, &index.to_string().into(), value);
            }
        }
        let graph = self.graph;
        for (key, property) in graph.object(id).properties.iter() {
            let value = property.value().expect("no payload has an accessor");
            self.member(start, key, value);
        }
        self.out.push(')');
    }

    fn member(&mut self, start: usize, key: &PropertyKey, value: &Value) {
        let PropertyKey::String(key) = key else { panic!("no payload has a symbol") };
        if self.out.len() > start {
            self.out.push(' ');
        }
        units(&mut self.out, key);
        self.out.push(':');
        self.value(value);
    }

    fn list<'v>(&mut self, values: impl Iterator<Item = &'v Value>) {
        self.out.push('(');
        for (at, value) in values.enumerate() {
            if at > 0 {
                self.out.push(' ');
            }
            self.value(value);
        }
        self.out.push(')');
    }

    fn text(&mut self, text: fmt::Arguments<'_>) {
        self.out.write_fmt(text).expect("a String takes all that is written");
    }
}

/// The bytes as hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    bytes.iter().for_each(|byte| hex(&mut out, u64::from(*byte), 2));
    out
}

/// The bytes of hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0) as u8;
    text.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |n, c| n << 4 | digit(*c))).collect()
}

/// Appends the code units.
pub(crate) fn units(out: &mut String, string: &JsString) {
    string.encode_utf16().for_each(|unit| hex(out, u64::from(unit), 4));
}

/// Appends so many hexadecimal digits.
pub(crate) fn hex(out: &mut String, number: u64, digits: u32) {
    for digit in (0..digits).rev() {
        out.push(char::from(b"0123456789abcdef"[(number >> (4 * digit) & 0xf) as usize]));
    }
}
