//! Generated values of the whole model.

use std::fmt;

use js_value::json::{PatchedPrototypes, StringifyOptions};
use js_value::{
    Behaviour, BigInt, ErrorClass, Exception, Function, Graph, Kind, Object, ObjectId, OpaqueClass,
    Property, PropertyKey, Prototype, Symbol, Value, ViewClass, json, number_to_string,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use crate::notation;
use crate::primitives::{any_number, any_string};
use crate::question::Question;

/// A value, and what surrounds its serialization.
#[derive(Clone)]
pub(crate) struct ValueCase {
    pub(crate) graph: Graph,
    options: StringifyOptions,
}

impl Question for ValueCase {
    fn question(&self) -> String {
        notation::question_of_value(&self.graph, &self.options.prototypes)
    }

    fn expected(&self) -> String {
        match json::stringify(&self.graph, &self.options) {
            Ok(None) => "undefined".to_owned(),
            Ok(Some(text)) => {
                let again = json::parse(&text, &json::ParseLimits::default());
                let again = again.expect("the text of a value is valid");
                format!("{text}\t{}", notation::describe(again.view()))
            }
            Err(Exception::Thrown { class, message }) => {
                format!("!{class} {}", message.replace('\\', "\\\\").replace('\n', "\\n"))
            }
            Err(other) => panic!("without a limit: {other}"),
        }
    }
}

impl fmt::Debug for ValueCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.graph.root())?;
        for id in notation::reachable(&self.graph, &self.options.prototypes) {
            writeln!(f, "  {id:?} = {:?}", self.graph.object(id))?;
        }
        write!(f, "{:?}", self.options.prototypes)
    }
}

/// Values for a Node that has these classes.
pub(crate) fn values(features: &str) -> impl Strategy<Value = ValueCase> + use<> {
    // `String(this)` is not modelled for dates and functions.
    prop_oneof![cases(&Pool::new(features, false)), cases(&Pool::new(features, true))]
}

fn cases(pool: &Pool) -> impl Strategy<Value = ValueCase> + use<> {
    let objects: Vec<_> = (0..OBJECTS).map(|at| pool.object(at)).collect();
    let methods = vec(pool.behaviour(0), METHODS);
    let patch = |pool: &Pool| option::weighted(0.03, pool.behaviour(0));
    // Methods are functions too.
    let silent = Pool { speaks_of_this: false, ..pool.clone() };
    let root = prop_oneof![8 => Just(Value::Object(pool.ids[0])), 1 => primitive()];
    (root, objects, methods, patch(pool), patch(&silent)).prop_map(
        |(root, objects, methods, big_int_to_json, object_to_json)| {
            let mut graph = Graph::new(root);
            for object in objects {
                graph.add(object);
            }
            for behaviour in methods {
                let function = Function { name: "f".to_owned(), behaviour };
                graph.add(Object::new(Kind::Function(function)));
            }
            let prototypes = PatchedPrototypes { big_int_to_json, object_to_json };
            ValueCase { graph, options: StringifyOptions { max_depth: None, prototypes } }
        },
    )
}

/// So many objects there are for a value to refer to. Most refer to later ones.
const OBJECTS: usize = 7;
/// So many functions there are to be methods, after the objects.
const METHODS: usize = 2;

/// What the parts of a value are taken from.
#[derive(Clone)]
struct Pool {
    ids: Vec<ObjectId>,
    raw_json: bool,
    url: bool,
    resizable: bool,
    /// Whether an error may be the way to a circle.
    cyclic_causes: bool,
    views: Vec<ViewClass>,
    /// Whether functions may return `String(this)`.
    speaks_of_this: bool,
}

impl Pool {
    fn new(features: &str, speaks_of_this: bool) -> Self {
        let mut graph = Graph::default();
        let has = |name: &str| features.split(' ').any(|feature| feature == name);
        let absent = |class: ViewClass| class == ViewClass::Float16Array && !has(class.name());
        Self {
            ids: (0..OBJECTS + METHODS).map(|_| graph.add(Object::new(Kind::Plain))).collect(),
            raw_json: has("rawJSON"),
            url: has("URL"),
            resizable: has("resizable"),
            cyclic_causes: has("cyclicCauses"),
            views: ViewClass::ALL.iter().copied().filter(|class| !absent(*class)).collect(),
            speaks_of_this,
        }
    }

    /// The object at this place.
    fn object(&self, at: usize) -> BoxedStrategy<Object> {
        let properties = prop_oneof![
            9 => vec(self.property(at + 1), 0..4),
            // As many as need an index.
            1 => vec(self.property(at + 1), 10..14),
        ];
        (self.kind(at), self.prototype(at + 1), properties).prop_map(assemble).boxed()
    }

    fn kind(&self, at: usize) -> BoxedStrategy<Kind> {
        let later = || self.value(at + 1);
        let few = || vec(self.value(at + 1), 0..3);
        let mut classes = vec![
            (2, few().prop_map(Kind::Arguments).boxed()),
            (5, boxed_primitive().prop_map(Kind::Boxed).boxed()),
            (4, self.view().boxed()),
            (2, self.error(at + 1).boxed()),
            (2, regexp().boxed()),
            (1, few().prop_map(Kind::Set).boxed()),
            (1, vec((later(), later()), 0..2).prop_map(Kind::Map).boxed()),
            (1, array_buffer(self.resizable).boxed()),
            (1, select(OpaqueClass::ALL).prop_map(Kind::Opaque).boxed()),
        ];
        if !self.speaks_of_this {
            let function = |behaviour| Function { name: "g".to_owned(), behaviour };
            let function = self.behaviour(at + 1).prop_map(function);
            classes.push((2, function.prop_map(Kind::Function).boxed()));
            classes.push((3, any_time().prop_map(Kind::Date).boxed()));
        }
        if self.url {
            classes.push((1, select(URLS).prop_map(|href| Kind::Url(href.into())).boxed()));
        }
        if self.raw_json {
            classes.push((1, select(RAW).prop_map(|text| Kind::RawJson(text.to_owned())).boxed()));
        }
        let mut kinds = vec![
            (20, Just(Kind::Plain).boxed()),
            (14, vec(option::weighted(0.9, later()), 0..5).prop_map(Kind::Array).boxed()),
            (20, Union::new_weighted(classes).boxed()),
            (2, (0..12_u32).prop_map(|length| Kind::SparseArray { length }).boxed()),
        ];
        if at + 1 < OBJECTS {
            let targets = self.ids[at + 1..OBJECTS].to_vec();
            kinds.push((3, select(targets).prop_map(Kind::Proxy).boxed()));
        }
        Union::new_weighted(kinds).boxed()
    }

    fn error(&self, from: usize) -> impl Strategy<Value = Kind> + use<> {
        let text = || option::of(any_string());
        let cause = if self.cyclic_causes { self.value(from) } else { primitive().boxed() };
        (select(ErrorClass::ALL), text(), text(), option::weighted(0.2, cause))
            .prop_map(|(class, message, stack, cause)| Kind::Error { class, message, stack, cause })
    }

    fn view(&self) -> impl Strategy<Value = Kind> + use<> {
        let class = prop_oneof![Just(ViewClass::Buffer), select(self.views.clone())];
        (class, vec(any::<u8>(), 0..20))
            .prop_map(|(class, bytes)| Kind::View { class, bytes: bytes.into() })
    }

    fn prototype(&self, from: usize) -> impl Strategy<Value = Prototype> + use<> {
        let inherited = vec(self.property(from), 0..4);
        prop_oneof![
            14 => Just(Prototype::Default),
            1 => Just(Prototype::Null),
            1 => select(&["Foo", "Ünï", "$_1"][..])
                .prop_map(|name| Prototype::Class(name.to_owned())),
            1 => inherited.prop_map(|mut list| {
                // V8 may name an object after that function in its account of a circle.
                list.retain(|(key, _)| *key != PropertyKey::from("constructor"));
                Prototype::Inherits(list.into_iter().collect())
            }),
        ]
    }

    /// A property that refers to objects from this place on.
    fn property(&self, from: usize) -> BoxedStrategy<(PropertyKey, Property)> {
        let methods = self.ids[OBJECTS..].to_vec();
        let method = select(methods).prop_map(Value::Object);
        let to_json = prop_oneof![
            6 => method.clone().prop_map(Property::data),
            1 => method.prop_map(|f| Property::getter(Behaviour::Returns(f))),
            1 => self.value(from).prop_map(Property::data),
            1 => self.behaviour(from).prop_map(Property::getter),
        ]
        .prop_map(|property| (PropertyKey::from("toJSON"), property));
        let other = prop_oneof![
            12 => self.value(from).prop_map(Property::data),
            1 => self.behaviour(from).prop_map(Property::getter),
        ];
        (prop_oneof![12 => (any_key(), other), 1 => to_json], prop::bool::weighted(0.1))
            .prop_map(|((key, property), hide)| {
                (key, if hide { property.hidden() } else { property })
            })
            .boxed()
    }

    fn behaviour(&self, from: usize) -> BoxedStrategy<Behaviour> {
        let texts = || select(TEXTS).prop_map(str::to_owned);
        let this = if self.speaks_of_this { 3 } else { 0 };
        prop_oneof![
            8 => self.value(from).prop_map(Behaviour::Returns),
            2 => texts().prop_map(|prefix| Behaviour::ReturnsKey { prefix }),
            1 => texts().prop_map(|prefix| Behaviour::ReturnsJsonKey { prefix }),
            1 => (select(ErrorClass::ALL), texts())
                .prop_map(|(class, message)| Behaviour::Throws { class, message }),
            this => texts().prop_map(|prefix| Behaviour::ReturnsThis { prefix }),
        ]
        .boxed()
    }

    /// A value that is often the next object, often primitive, seldom the way to a circle.
    fn value(&self, from: usize) -> BoxedStrategy<Value> {
        let object = |ids: &[ObjectId]| select(ids.to_vec()).prop_map(Value::Object).boxed();
        let mut values = vec![(40, primitive().boxed())];
        if from < OBJECTS {
            values.push((20, object(&self.ids[from..=from])));
            values.push((15, object(&self.ids[from..OBJECTS])));
        }
        values.push((2, object(&self.ids[..OBJECTS])));
        Union::new_weighted(values).boxed()
    }
}

/// What JavaScript can make of these parts.
fn assemble(
    (kind, prototype, properties): (Kind, Prototype, Vec<(PropertyKey, Property)>),
) -> Object {
    let mut object = Object::new(kind);
    if matches!(object.kind, Kind::RawJson(_) | Kind::Proxy(_)) {
        return object;
    }
    let no_class = matches!(object.kind, Kind::Arguments(_) | Kind::Opaque(OpaqueClass::Generator));
    if !(no_class && matches!(prototype, Prototype::Class(_))) {
        object.prototype = prototype;
    }
    for (key, property) in properties {
        if can_be_defined(&object.kind, &key) {
            object.define(key, property);
        }
    }
    object
}

fn can_be_defined(kind: &Kind, key: &PropertyKey) -> bool {
    let PropertyKey::String(key) = key else { return true };
    let Some(key) = key.as_str() else { return true };
    let Ok(number) = key.parse::<f64>() else { return true };
    if number_to_string(number) != key && key != "-0" {
        return true;
    }
    match kind {
        // Such an array would be long.
        Kind::Array(_) | Kind::SparseArray { .. } => number < 100.0,
        Kind::Boxed(Value::String(text)) => number >= text.len_utf16() as f64,
        Kind::View { class, .. } => *class == ViewClass::DataView,
        _ => true,
    }
}

fn primitive() -> impl Strategy<Value = Value> {
    let simple = [Value::Null, Value::Undefined, Value::Bool(false), Value::Bool(true)];
    prop_oneof![
        8 => select(simple.to_vec()),
        16 => any_number().prop_map(Value::Number),
        16 => any_string().prop_map(Value::String),
        1 => big_int().prop_map(Value::BigInt),
        1 => Just(()).prop_map(|()| Value::Symbol(Symbol::new("symbol"))),
    ]
}

fn boxed_primitive() -> impl Strategy<Value = Value> {
    primitive().prop_map(|value| match value {
        Value::Undefined | Value::Null => Value::Bool(true),
        value => value,
    })
}

fn big_int() -> impl Strategy<Value = BigInt> {
    (any::<bool>(), vec(any::<u64>(), 0..3))
        .prop_map(|(negative, magnitude)| BigInt::new(negative, magnitude))
}

fn any_key() -> impl Strategy<Value = PropertyKey> {
    prop_oneof![
        12 => select(KEYS).prop_map(PropertyKey::from),
        4 => any_string()
            .prop_filter("confuses Node 24 to 26: see texts.rs", |key| {
                key.encode_utf16().next() != Some(u16::from(b'\\'))
            })
            .prop_map(PropertyKey::String),
        1 => Just(()).prop_map(|()| PropertyKey::Symbol(Symbol::new("key"))),
    ]
}

fn any_time() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-8_640_000_000_000_000_i64..=8_640_000_000_000_000).prop_map(|time| time as f64),
        // Near the years 0, 1970, 10000 and the ends of time.
        (select(TIMES), -40_000_000_000..40_000_000_000_i64)
            .prop_map(|(time, offset)| (time + offset) as f64),
        any_number(),
    ]
}

fn regexp() -> impl Strategy<Value = Kind> {
    select(&[("a", "g"), ("(?:)", ""), ("\\/[/]", "gimsuy"), ("\\u{1f600}é😀", "du")][..])
        .prop_map(|(source, flags)| Kind::RegExp { source: source.into(), flags: flags.to_owned() })
}

fn array_buffer(resizable: bool) -> impl Strategy<Value = Kind> {
    (vec(any::<u8>(), 0..4), option::of(4..9_usize), any::<bool>()).prop_map(
        move |(bytes, maximum, shared)| {
            let max_byte_length = maximum.filter(|_| resizable);
            Kind::ArrayBuffer { bytes, max_byte_length, shared }
        },
    )
}

const KEYS: &[&str] = &[
    "a",
    "b",
    "0",
    "1",
    "2",
    "3",
    "10",
    "",
    "__proto__",
    "constructor",
    "01",
    "-1",
    "-0",
    "1.5",
    "1e3",
    "4294967294",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "\u{2028}",
];

const TIMES: &[i64] =
    &[0, -62_167_219_200_000, 253_402_300_800_000, 8_640_000_000_000_000, -8_640_000_000_000_000];

const TEXTS: &[&str] = &["", "k=", "é\u{1}\\\n\"😀"];

const URLS: &[&str] = &["http://x/y", "data:,%22", "file:///%C3%A9"];

const RAW: &[&str] = &["1", "12345678901234567890", "\"a\\u0062\"", "-0", "null", "1e1000"];
