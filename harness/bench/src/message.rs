//! The messages that are measured, the same for every runtime.

use js_value::{Graph, Kind, Object, ViewClass, json};
use serde::{Deserialize, Serialize};

use crate::plan::{Serialization, Size};

/// `{"type":"x","id":1,"v":[1,2,3]}`
#[derive(Serialize, Deserialize)]
pub(crate) struct Small<'a> {
    pub(crate) r#type: &'a str,
    pub(crate) id: u32,
    pub(crate) v: [u32; 3],
}

impl Small<'_> {
    pub(crate) const MESSAGE: Self = Self { r#type: "x", id: 1, v: [1, 2, 3] };
}

/// 20 rows, 1.3 KB of JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct Rows<'a> {
    pub(crate) r#type: &'a str,
    #[serde(borrow)]
    pub(crate) rows: Vec<Row<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Row<'a> {
    pub(crate) id: u32,
    pub(crate) name: &'a str,
    pub(crate) price: f64,
    pub(crate) tags: [&'a str; 2],
}

impl<'a> Rows<'a> {
    /// The rows with these names.
    pub(crate) fn new(names: &'a [String]) -> Self {
        let row = |(id, name): (u32, &'a String)| Row {
            id,
            name,
            price: f64::from(id) * 1.25,
            tags: ["a", "b"],
        };
        Self { r#type: "rows", rows: (0..).zip(names).map(row).collect() }
    }

    pub(crate) fn names() -> Vec<String> {
        (0..20).map(|id| format!("row number {id}")).collect()
    }
}

/// The message in the value model.
pub(crate) fn graph(size: Size, serialization: Serialization) -> Graph {
    let Some(bytes) = size.string_bytes() else {
        let limits = json::ParseLimits::default();
        return json::parse(&text(size), &limits).expect("the text was just written");
    };
    if serialization == Serialization::Advanced {
        let mut graph = Graph::default();
        let class = ViewClass::Buffer;
        let id = graph.add(Object::new(Kind::View { class, bytes: vec![b'x'; bytes].into() }));
        graph.set_root(id.into());
        return graph;
    }
    Graph::from("x".repeat(bytes))
}

/// The message as JSON.
pub(crate) fn text(size: Size) -> String {
    let written = match size {
        Size::Small => serde_json::to_string(&Small::MESSAGE),
        Size::Rows => serde_json::to_string(&Rows::new(&Rows::names())),
        _ => serde_json::to_string(&"x".repeat(size.string_bytes().unwrap_or_default())),
    };
    written.expect("plain data has a JSON form")
}
